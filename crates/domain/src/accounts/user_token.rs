//! The unique access token of a user: `token_required`.

use std::fmt;

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use thiserror::Error;

use crate::form::Refusal;
use crate::ports::clock::Timestamp;
use crate::ports::entropy::Entropy;
use crate::sessions::opaque;

/// The `token_required` of the API, named as in AgStack's user registry: `urt_` and 256 random bits in
/// hex. It is shown once, hides itself in `Debug`, and only its keyed hash is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct UserToken(String);

impl UserToken {
    /// What every such token begins with.
    pub const PREFIX: &'static str = "urt_";

    /// A fresh token.
    #[must_use]
    pub fn fresh(entropy: &dyn Entropy) -> Self {
        Self(opaque::fresh(Self::PREFIX, entropy))
    }

    /// The token that a caller presents, if it has the shape of one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        opaque::has_shape(text, Self::PREFIX).then(|| Self(text.into()))
    }

    /// The secret itself, to be shown once or hashed.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// How much later than the last time that is kept a use must be to be noted: a program that asks all the time
/// must not write all the time.
const USE_LAG: TimeDelta = TimeDelta::minutes(1);

/// What is known of a `token_required` that somebody holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldUserToken {
    /// When it ends, if it does.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute; `None` until then.
    pub last_used_at: Option<Timestamp>,
}

impl HeldUserToken {
    /// Whether it can still be used.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether a use now is worth noting.
    #[must_use]
    pub fn notes_use(&self, now: Timestamp) -> bool {
        self.last_used_at.is_none_or(|last| now >= last + USE_LAG)
    }
}

/// RFC 3339 writes years in four digits.
const LAST_YEAR: i32 = 9999;

/// When a new `token_required` ends, as somebody enters it.
///
/// # Errors
/// When it is no time, or not in the future.
pub fn parse_expiry(text: &str, now: Timestamp) -> Result<Timestamp, ExpiryError> {
    let end = DateTime::parse_from_rfc3339(text).map_err(|_| ExpiryError::NotATime)?.with_timezone(&Utc);
    // In UTC it may be beyond the last year that RFC 3339 has, and then nobody could be told of it.
    if end.year() > LAST_YEAR {
        return Err(ExpiryError::NotATime);
    }
    if end > now { Ok(end) } else { Err(ExpiryError::Past) }
}

/// Why a `token_required` cannot end then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ExpiryError {
    /// It is no time.
    #[error("This is no time of RFC 3339, such as 2030-01-31T12:00:00Z.")]
    NotATime,
    /// It is over.
    #[error("This time is over already.")]
    Past,
}

impl Refusal for ExpiryError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotATime => "not-a-time",
            Self::Past => "past",
        }
    }
}

impl fmt::Debug for UserToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_holds_until_it_expires_and_its_use_is_noted_once_a_minute() {
        let now = Timestamp::UNIX_EPOCH;
        let mut held = HeldUserToken::default();
        assert!(held.holds(now) && held.notes_use(now));
        (held.expires_at, held.last_used_at) = (Some(now + USE_LAG), Some(now));
        let before = now + USE_LAG - TimeDelta::microseconds(1);
        assert!(held.holds(before) && !held.notes_use(before));
        assert!(!held.holds(now + USE_LAG) && held.notes_use(now + USE_LAG));
    }

    #[test]
    fn an_end_is_a_time_in_the_future() {
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(parse_expiry("1970-01-01T01:00:01+01:00", now), Ok(now + TimeDelta::seconds(1)));
        assert_eq!(parse_expiry("1970-01-01T00:00:00Z", now), Err(ExpiryError::Past));
        for text in
            ["", "tomorrow", "1970-01-02", "1970-01-02T00:00:00", "1970-02-30T00:00:00Z", "9999-12-31T23:59:59-00:01"]
        {
            assert_eq!(parse_expiry(text, now), Err(ExpiryError::NotATime), "{text}");
        }
    }
}

//! What is kept for how long, and how the rest goes.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;

use crate::ports::clock::{Clock, Timestamp};
use crate::ports::failure::PortFailure;

/// How many rows go at once: few enough that nobody waits for them.
pub const BATCH: usize = 500;

/// Rows that nobody needs any more once they are old enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Leftover {
    /// What happened.
    Events,
    /// Letters that went out or never will.
    Deliveries,
    /// Mailed tokens that were used, ended or have expired.
    MailedTokens,
    /// Sessions that were ended or have expired, with their grants.
    Sessions,
    /// Addresses that users have left, once they are not reserved any more.
    Addresses,
}

impl Leftover {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Events, Self::Deliveries, Self::MailedTokens, Self::Sessions, Self::Addresses];

    /// The word for it, as the log says it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Deliveries => "deliveries",
            Self::MailedTokens => "mailed tokens",
            Self::Sessions => "sessions",
            Self::Addresses => "addresses",
        }
    }

    /// Before when such a row must be over to go; `None` when they are kept for ever. For events that is the
    /// operator's to say.
    fn over_before(self, now: Timestamp, keep_events: Option<TimeDelta>) -> Option<Timestamp> {
        let age = match self {
            Self::Events => keep_events?,
            Self::Deliveries | Self::MailedTokens => TimeDelta::days(30),
            Self::Sessions => TimeDelta::days(90),
            Self::Addresses => TimeDelta::zero(),
        };
        now.checked_sub_signed(age)
    }
}

/// Removes rows that nobody needs any more.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Retention: Send + Sync {
    /// Removes at most `most` rows of this kind that were over before this time, the oldest first, and tells how
    /// many; fewer than `most` means that no more are left but those that another process removes just now. An
    /// adapter MUST let several processes do so side by side without waiting for each other, and MUST NOT
    /// remove a row that is not over: a letter that waits, a session or a token that holds, an address of a user.
    async fn purge(&self, what: Leftover, before: Timestamp, most: usize) -> Result<usize, PortFailure>;
}

/// Removes what is too old.
pub struct PurgeLeftovers {
    /// Removes rows.
    pub retention: Arc<dyn Retention>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// How long events are kept; `None` for ever.
    pub keep_events: Option<TimeDelta>,
}

/// What one step has removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purged {
    /// How many rows.
    pub rows: usize,
    /// Whether more may be left.
    pub more: bool,
}

impl PurgeLeftovers {
    /// Removes some rows of a kind.
    ///
    /// # Errors
    /// When the port fails.
    pub async fn run(&self, what: Leftover) -> Result<Purged, PortFailure> {
        let Some(before) = what.over_before(self.clock.now(), self.keep_events) else {
            return Ok(Purged { rows: 0, more: false });
        };
        let rows = self.retention.purge(what, before, BATCH).await?;
        Ok(Purged { rows, more: rows >= BATCH })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_age() {
        let now = Timestamp::UNIX_EPOCH + TimeDelta::days(1_000);
        let half_a_year = Some(TimeDelta::days(180));
        for (what, days) in [
            (Leftover::Events, 180),
            (Leftover::Deliveries, 30),
            (Leftover::MailedTokens, 30),
            (Leftover::Sessions, 90),
            (Leftover::Addresses, 0),
        ] {
            assert_eq!(what.over_before(now, half_a_year), Some(now - TimeDelta::days(days)), "{what:?}");
        }
        assert_eq!(Leftover::Events.over_before(now, None), None);
        assert_eq!(Leftover::Events.over_before(now, Some(TimeDelta::MAX)), None, "older than time itself");
        assert!(Leftover::Sessions.over_before(now, None).is_some());
    }
}

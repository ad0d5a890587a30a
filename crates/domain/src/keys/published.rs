//! How long others keep the published keys, and we those that sign no more.

use chrono::TimeDelta;

use crate::keys::rows::StoredSigningKey;
use crate::ports::clock::Timestamp;

/// How long others may keep the JWK Set without asking again.
pub const MAX_AGE: TimeDelta = TimeDelta::minutes(5);

/// How long after a key was made everybody knows it: who asked just before keeps what they got for
/// [`MAX_AGE`], and a replica has a minute to read it.
const KNOWN_AFTER: TimeDelta = TimeDelta::minutes(6);

/// How long a retired key stays: as long as the longest-lived token that it may have signed
/// ([`LONGEST_LIFETIME`](crate::sessions::claims::LONGEST_LIFETIME)), and some minutes for clocks that
/// differ and for a replica that went on signing with it.
pub(crate) const KEPT_RETIRED: TimeDelta = TimeDelta::minutes(65);

/// From when everybody knows this key.
#[must_use]
pub fn known_from(key: &StoredSigningKey) -> Timestamp {
    key.created_at + KNOWN_AFTER
}

/// Until when a token of this retired key may live, by the clock that said when it retired.
#[must_use]
pub fn needed_until(retired: &StoredSigningKey) -> Timestamp {
    retired.changed_at + KEPT_RETIRED
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sessions::claims::LONGEST_LIFETIME;

    #[test]
    fn the_times_fit_each_other() {
        assert!(KNOWN_AFTER >= MAX_AGE + TimeDelta::minutes(1));
        assert!(KEPT_RETIRED >= LONGEST_LIFETIME + TimeDelta::minutes(2));
    }
}

//! A clock that is set by hand.

use std::sync::{Mutex, PoisonError};

use chrono::{SubsecRound as _, TimeDelta};
use domain::ports::clock::{Clock, Timestamp};

/// A clock that stands still until a test moves it. It begins at the start of 2026, or where it is told.
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// The time at which a clock begins: 2026-01-01T00:00:00Z.
    pub const START: Timestamp = match Timestamp::from_timestamp(1_767_225_600, 0) {
        Some(start) => start,
        None => panic!("the start of 2026 is a time"),
    };

    /// A clock that shows the start of 2026.
    #[must_use]
    pub const fn new() -> Self {
        Self(Mutex::new(Self::START))
    }

    /// Sets the clock to `now`, truncated to microseconds.
    pub fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now.trunc_subsecs(6);
    }

    /// Moves the clock on, and tells the new time.
    pub fn advance(&self, by: TimeDelta) -> Timestamp {
        let now = self.now() + by;
        self.set(now);
        now
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_shows_what_it_was_set_to_in_microseconds() {
        let clock = ManualClock::new();
        assert_eq!(format!("{:?}", clock.now()), "2026-01-01T00:00:00Z");
        clock.advance(TimeDelta::nanoseconds(1_999));
        assert_eq!(clock.now(), ManualClock::START + TimeDelta::microseconds(1));
        clock.set(Timestamp::UNIX_EPOCH);
        assert_eq!(clock.now(), Timestamp::UNIX_EPOCH);
    }
}

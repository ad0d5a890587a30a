//! What time it is.

use chrono::{DateTime, Utc};

/// A moment in UTC, to the microsecond: what both databases keep.
pub type Timestamp = DateTime<Utc>;

/// Tells the time.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait Clock: Send + Sync {
    /// Now. An adapter MUST truncate to whole microseconds, so that a time reads back equal.
    fn now(&self) -> Timestamp;
}

//! The ports of the throttles.

use std::fmt;

use async_trait::async_trait;

use crate::ports::clock::Timestamp;
use crate::ports::failure::PortFailure;
use crate::throttles::limits::Quota;

/// What is counted. It holds no address as it is: whatever it is about stands in it as a keyed hash.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CounterKey(String);

impl CounterKey {
    /// The key of this text, which MUST be of ASCII letters, digits, `-`, `.` and `:`.
    #[must_use]
    pub fn restore(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CounterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What came of asking for one more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// Whether it is admitted, and counted.
    pub admitted: bool,
    /// When the last ones were admitted, the newest first, this one among them; no more than the quota.
    pub recent: Vec<Timestamp>,
}

/// What came of asking for one more guess at a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guessed {
    /// Whether it is admitted, and counted as a failure until it is known to be none.
    pub admitted: bool,
    /// How many failures there are in a row.
    pub failures: u32,
    /// When the next guess is admitted.
    pub next_at: Timestamp,
}

/// Counts. Each call decides by one atomic statement, so that any number of processes together admit no
/// more than the limit. What is counted need not outlive a crash of the database, and counting MUST NOT
/// wait for those who write other things.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Throttles: Send + Sync {
    /// Admits and counts one more at `now`, if fewer than the quota were admitted in its window before. What was
    /// admitted more than [`crate::throttles::limits::CLOCKS_APART`] after `now` MUST NOT keep it out.
    async fn reserve(&self, key: &CounterKey, quota: Quota, now: Timestamp) -> Result<Reserved, PortFailure>;

    /// Admits a guess at `now` and counts it as a failure, if the delay after the failure before is over:
    /// the delays are those of [`crate::throttles::account_delay`]. While there is none yet, it makes no difference
    /// when the failures before were counted: clocks differ. Failures of which the last is
    /// forgotten MUST NOT count, and a delay that would last longer than the longest one does by
    /// [`crate::throttles::limits::CLOCKS_APART`] is over.
    async fn guess(&self, key: &CounterKey, now: Timestamp) -> Result<Guessed, PortFailure>;

    /// Does both at once: what [`Self::reserve`] admits is a guess, and counts as [`Self::guess`] has it. Each decides
    /// for itself; without a place in the quota there is no guess. An engine that can does it by one statement.
    async fn reserve_and_guess(
        &self,
        key: &CounterKey,
        quota: Quota,
        guess: &CounterKey,
        now: Timestamp,
    ) -> Result<(Reserved, Option<Guessed>), PortFailure> {
        let reserved = self.reserve(key, quota, now).await?;
        let guessed = if reserved.admitted { Some(self.guess(guess, now).await?) } else { None };
        Ok((reserved, guessed))
    }

    /// Takes back one failure: whether it was one was not found out. The next guess is admitted at once.
    async fn take_back(&self, key: &CounterKey, now: Timestamp) -> Result<(), PortFailure>;

    /// Forgets whatever is counted by keys that begin so.
    async fn forget(&self, beginning: &CounterKey) -> Result<(), PortFailure>;

    /// Notes at `now` that what the key names is vouched for until then.
    async fn vouch(&self, key: &CounterKey, now: Timestamp, until: Timestamp) -> Result<(), PortFailure>;

    /// Whether what the key names is vouched for at `now`.
    async fn is_vouched(&self, key: &CounterKey, now: Timestamp) -> Result<bool, PortFailure>;
}

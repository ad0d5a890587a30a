//! A letter on its way.

use chrono::TimeDelta;

use crate::ids::DeliveryId;
use crate::mail::letter::Letter;
use crate::ports::clock::Timestamp;
use crate::ports::entropy::Entropy;

/// How long a letter is its sender's. It is longer than a mail server may take over it (RFC 5321, section
/// 4.5.3.2), so that nobody else sends it meanwhile; the letters of a process that died wait so long.
pub const LEASE: TimeDelta = TimeDelta::minutes(12);

/// How long after each failed attempt the next one comes: about a day of trying, as RFC 5321
/// (section 4.5.4.1) wants of what may pass.
const PAUSES: [TimeDelta; 9] = [
    TimeDelta::seconds(30),
    TimeDelta::minutes(2),
    TimeDelta::minutes(10),
    TimeDelta::minutes(30),
    TimeDelta::hours(1),
    TimeDelta::hours(2),
    TimeDelta::hours(4),
    TimeDelta::hours(8),
    TimeDelta::hours(8),
];

/// A letter on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The id.
    pub id: DeliveryId,
    /// The letter.
    pub letter: Letter,
    /// How often it was claimed to be sent, this time included.
    pub attempts: u32,
    /// When it was queued.
    pub created_at: Timestamp,
}

impl Delivery {
    /// A letter that is to go out now.
    #[must_use]
    pub fn now(letter: Letter, now: Timestamp, entropy: &dyn Entropy) -> Self {
        Self { id: DeliveryId::fresh(now, entropy), letter, attempts: 0, created_at: now }
    }

    /// Whether it was claimed more often than it is tried.
    #[must_use]
    pub fn is_tried_too_often(&self) -> bool {
        usize::try_from(self.attempts).unwrap_or(usize::MAX) > PAUSES.len() + 1
    }

    /// When it is tried again after this attempt failed; `None` when it is given up.
    #[must_use]
    pub fn next_attempt(&self, now: Timestamp) -> Option<Timestamp> {
        let failed = usize::try_from(self.attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        PAUSES.get(failed).map(|pause| now + *pause)
    }
}

/// What became of a claimed delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// It is out.
    Sent,
    /// It is tried again then.
    Postponed(Timestamp),
    /// It will never be: an operator looks at it.
    GivenUp,
    /// It was not worth sending any more.
    Dropped,
}

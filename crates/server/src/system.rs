//! The clock and the entropy of this machine.

use aws_lc_rs::rand;
use chrono::{SubsecRound as _, Utc};
use domain::ports::clock::{Clock, Timestamp};
use domain::ports::entropy::Entropy;

/// The clock of this machine, to the microsecond.
#[derive(Debug)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one clock of the program")]
    fn now(&self) -> Timestamp {
        Utc::now().trunc_subsecs(6)
    }
}

/// The generator of aws-lc, seeded by the operating system.
#[derive(Debug)]
pub(crate) struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "this is the one source of randomness of the program")]
    fn fill(&self, bytes: &mut [u8]) {
        rand::fill(bytes).expect("the generator fails only when the operating system gives no entropy");
    }
}

//! How much a stored hash may ask for, whoever wrote it there.

use crate::cost::Cost;

/// How many times the work of a new hash a stored one may take.
const TIMES_THE_CONFIGURED: u64 = 8;
/// The work of a stored hash that is always taken: 64 MiB with three passes, which RFC 9106 recommends
/// and most libraries begin with.
const ALWAYS_TAKEN: u64 = 65_536 * 3;

/// How much a stored hash may ask for. Anyone who knows its user's address can have it computed again
/// and again, so a dear one must leave time and memory for the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    memory_kib: u32,
    work: u64,
}

/// What a stored hash asks for in excess.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LimitError {
    #[error("it takes {memory_kib} KiB of memory; at most {most_kib} KiB are allowed")]
    Memory { memory_kib: u32, most_kib: u32 },
    #[error("it computes {work} blocks; at most {most} are allowed")]
    Work { work: u64, most: u64 },
}

impl Limits {
    /// Half the memory budget, and a small multiple of the configured work. What is configured is
    /// always allowed.
    pub(crate) fn new(configured: Cost, budget_kib: u32) -> Self {
        let memory_kib = configured.memory_kib().max(budget_kib / 2);
        Self { memory_kib, work: ALWAYS_TAKEN.max(TIMES_THE_CONFIGURED * configured.work()) }
    }

    /// Whether a hash of this cost is computed.
    ///
    /// # Errors
    /// More memory or more work than is allowed.
    pub(crate) const fn check(self, cost: Cost) -> Result<(), LimitError> {
        let (memory_kib, work) = (cost.memory_kib(), cost.work());
        if memory_kib > self.memory_kib {
            return Err(LimitError::Memory { memory_kib, most_kib: self.memory_kib });
        }
        if work > self.work {
            return Err(LimitError::Work { work, most: self.work });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{LimitError, Limits};
    use crate::cost::Cost;

    fn cost(memory_kib: u32, passes: u32, lanes: u32) -> Cost {
        Cost::new(memory_kib, passes, lanes).unwrap()
    }

    fn by_default() -> Limits {
        Limits::new(cost(19_456, 2, 1), 256 * 1024)
    }

    #[test]
    fn what_other_programs_begin_with_is_allowed() {
        for (memory_kib, passes, lanes) in [
            (19_456, 2, 1),
            (47_104, 1, 1),
            // argon2-cffi of today and of before, PHP, libsodium, RFC 9106.
            (65_536, 3, 4),
            (102_400, 2, 8),
            (65_536, 4, 1),
            (65_536, 2, 1),
        ] {
            assert_eq!(by_default().check(cost(memory_kib, passes, lanes)), Ok(()), "{memory_kib} {passes}");
        }
    }

    #[test]
    fn a_stored_hash_cannot_claim_the_machine() {
        let check = |memory_kib, passes| by_default().check(cost(memory_kib, passes, 16));
        assert_eq!(check(262_144, 16), Err(LimitError::Memory { memory_kib: 262_144, most_kib: 131_072 }));
        assert_eq!(check(131_073, 1), Err(LimitError::Memory { memory_kib: 131_073, most_kib: 131_072 }));
        assert_eq!(check(131_072, 2), Ok(()));
        assert_eq!(check(131_072, 3), Err(LimitError::Work { work: 393_216, most: 311_296 }));
        assert_eq!(check(19_456, 16), Ok(()));
        assert_eq!(check(19_457, 16), Err(LimitError::Work { work: 311_312, most: 311_296 }));
    }

    #[test]
    fn limits_follow_what_is_configured() {
        let strong = cost(131_072, 4, 1);
        let limits = Limits::new(strong, 131_072);
        assert_eq!(limits.check(strong), Ok(()), "the only hash that fits into the budget");
        assert_eq!(limits.check(cost(131_072, 16, 1)), Ok(()));
        assert!(Limits::new(strong, 1_048_576).check(cost(524_288, 9, 1)).is_err());
        let least = Limits::new(cost(64, 1, 1), 256 * 1024);
        assert_eq!(least.check(cost(65_536, 3, 1)), Ok(()));
        assert!(least.check(cost(65_536, 4, 1)).is_err());
    }
}

//! What one argon2id hash costs.

/// The least that a new hash may cost: the floor of the OWASP password storage cheat sheet.
pub const LEAST_MEMORY_KIB: u32 = 19_456;
/// The fewest passes over its memory that a new hash may make.
pub const LEAST_PASSES: u32 = 2;

/// The most memory of one hash, configured or stored: 1 GiB.
pub const MOST_MEMORY_KIB: u32 = 1_048_576;
/// The most passes of one hash, configured or stored.
pub const MOST_PASSES: u32 = 16;
/// The most lanes of one hash, configured or stored.
pub const MOST_LANES: u32 = 16;

/// Memory, passes and lanes of one hash (RFC 9106: m, t and p), within what this crate computes.
///
/// The lanes of one hash are computed one after the other: a server gets its throughput from many
/// hashes side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// Why three numbers are no cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CostError {
    /// More memory than any hash may take.
    #[error("a hash takes {0} KiB of memory; at most {MOST_MEMORY_KIB} KiB are allowed")]
    TooMuchMemory(u32),
    /// Less memory than the lanes need.
    #[error("a hash takes {memory_kib} KiB of memory; {lanes} lanes need at least 8 KiB each")]
    TooLittleMemory {
        /// The memory, in KiB.
        memory_kib: u32,
        /// The lanes that share it.
        lanes: u32,
    },
    /// No pass, or too many.
    #[error("a hash makes {0} passes; it must make 1 to {MOST_PASSES}")]
    Passes(u32),
    /// No lane, or too many.
    #[error("a hash has {0} lanes; it must have 1 to {MOST_LANES}")]
    Lanes(u32),
}

impl Cost {
    /// A cost within the caps.
    ///
    /// # Errors
    /// A number outside the range of RFC 9106 or above the caps of this crate.
    pub const fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, CostError> {
        if passes == 0 || passes > MOST_PASSES {
            return Err(CostError::Passes(passes));
        }
        if lanes == 0 || lanes > MOST_LANES {
            return Err(CostError::Lanes(lanes));
        }
        if memory_kib > MOST_MEMORY_KIB {
            return Err(CostError::TooMuchMemory(memory_kib));
        }
        if memory_kib < 8 * lanes {
            return Err(CostError::TooLittleMemory { memory_kib, lanes });
        }
        Ok(Self { memory_kib, passes, lanes })
    }

    /// The memory, in KiB.
    #[must_use]
    pub const fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// The passes over the memory.
    #[must_use]
    pub const fn passes(self) -> u32 {
        self.passes
    }

    /// The lanes that the memory is split into.
    #[must_use]
    pub const fn lanes(self) -> u32 {
        self.lanes
    }

    /// Whether a guess at a hash of this cost takes more memory, or more work altogether, than at
    /// one of the other cost. Lanes do not count: they make a hash faster, not dearer.
    #[must_use]
    pub const fn is_stronger_than(self, other: Self) -> bool {
        self.memory_kib > other.memory_kib || self.work() > other.work()
    }

    /// Blocks computed for one hash.
    pub(crate) const fn work(self) -> u64 {
        self.memory_kib as u64 * self.passes as u64
    }
}

#[cfg(test)]
mod tests {
    use super::{Cost, CostError};

    #[test]
    fn numbers_outside_the_range_are_no_cost() {
        assert_eq!(Cost::new(19_456, 0, 1), Err(CostError::Passes(0)));
        assert_eq!(Cost::new(19_456, 17, 1), Err(CostError::Passes(17)));
        assert_eq!(Cost::new(19_456, 2, 0), Err(CostError::Lanes(0)));
        assert_eq!(Cost::new(19_456, 2, u32::MAX), Err(CostError::Lanes(u32::MAX)));
        assert_eq!(Cost::new(1_048_577, 2, 1), Err(CostError::TooMuchMemory(1_048_577)));
        assert_eq!(Cost::new(7, 1, 1), Err(CostError::TooLittleMemory { memory_kib: 7, lanes: 1 }));
        assert_eq!(Cost::new(31, 1, 4), Err(CostError::TooLittleMemory { memory_kib: 31, lanes: 4 }));
        assert!(Cost::new(8, 1, 1).is_ok());
        assert!(Cost::new(1_048_576, 16, 16).is_ok());
    }

    #[test]
    fn stronger_is_more_memory_or_more_work() {
        let cost = |memory, passes| Cost::new(memory, passes, 1).unwrap();
        for (one, other, stronger) in [
            (cost(19_456, 2), cost(19_456, 2), false),
            (cost(19_456, 3), cost(19_456, 2), true),
            (cost(19_456, 2), cost(19_456, 3), false),
            (cost(65_536, 1), cost(19_456, 2), true),
            (cost(19_456, 2), cost(65_536, 1), false),
            (cost(65_536, 1), cost(19_456, 16), true),
            (cost(65_536, 5), cost(262_144, 1), true),
        ] {
            assert_eq!(one.is_stronger_than(other), stronger, "{one:?} against {other:?}");
        }
    }

    #[test]
    fn lanes_do_not_make_a_cost_stronger() {
        let one_lane = Cost::new(19_456, 2, 1).unwrap();
        let four_lanes = Cost::new(19_456, 2, 4).unwrap();
        assert!(!four_lanes.is_stronger_than(one_lane));
        assert!(!one_lane.is_stronger_than(four_lanes));
    }
}

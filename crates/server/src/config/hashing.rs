//! The settings of password hashing.

use passwords::cost::{LEAST_MEMORY_KIB, LEAST_PASSES, MOST_LANES, MOST_MEMORY_KIB, MOST_PASSES};
use passwords::options::{LONGEST_DEADLINE, MOST_QUEUE_LENGTH, MOST_THREADS};

use crate::config::checked::Check;

impl Check<'_> {
    /// What a hash costs, and what all of them together may take.
    pub(super) fn hashing(&mut self) -> Option<(passwords::options::Options, passwords::options::Size)> {
        let memory_kib = self.number("password_memory_kib", LEAST_MEMORY_KIB, MOST_MEMORY_KIB);
        let passes = self.number("password_passes", LEAST_PASSES, MOST_PASSES);
        let lanes = self.number("password_lanes", 1, MOST_LANES);
        let budget = self.number("hashing_memory_kib", LEAST_MEMORY_KIB, u32::MAX);
        let threads = self.optional_number("hashing_threads", MOST_THREADS);
        let queue_length = self.optional_number("hashing_queue", MOST_QUEUE_LENGTH);
        let queue_deadline = self.duration("hashing_deadline", LONGEST_DEADLINE);
        let options = passwords::options::Options {
            memory_kib: memory_kib?,
            passes: passes?,
            lanes: lanes?,
            memory_budget_kib: budget?,
            threads: threads?,
            queue_length: queue_length?,
            queue_deadline: queue_deadline?,
        };
        // Each number may be within its bounds, and all of them together beyond the machine.
        match options.check() {
            Ok(size) => Some((options, size)),
            Err(error) => {
                self.wrong.push(format!("The settings of password hashing do not hold: {error}."));
                None
            }
        }
    }
}

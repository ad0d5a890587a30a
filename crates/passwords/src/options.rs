//! What the hashing pool can be told, and what is refused at start.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;
use std::time::Duration;

use crate::cost::{Cost, CostError, LEAST_MEMORY_KIB, LEAST_PASSES};

/// The longest queue: beyond it, even the fastest machine keeps people waiting for a refusal.
pub const MOST_QUEUE_LENGTH: usize = 65_536;
/// The longest wait of a hash in the queue.
pub const LONGEST_DEADLINE: Duration = Duration::from_secs(60);
/// The most threads that can be asked for.
pub const MOST_THREADS: usize = 1024;

/// How long a thread keeps its memory without a hash.
const IDLE: Duration = Duration::from_secs(60);
/// Places in the queue for each thread: well under a second of work at the least cost.
const QUEUE_PLACES_BY_THREAD: usize = 32;

/// What can be chosen about hashing. [`Options::default`] is right for most machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Memory of one hash, in KiB (m); at least 19456.
    pub memory_kib: u32,
    /// Passes of one hash (t); at least 2.
    pub passes: u32,
    /// Lanes of one hash (p); at least 1.
    pub lanes: u32,
    /// The most memory that all hashes together may take, in KiB. A stored hash may ask for half of it,
    /// and for eight times the work of a new one.
    pub memory_budget_kib: u32,
    /// Hashes computed side by side; `None`: one for each core, as far as the budget goes.
    pub threads: Option<usize>,
    /// Hashes that may wait; `None`: 32 for each thread.
    pub queue_length: Option<usize>,
    /// How long a hash may wait before it is refused instead of computed.
    pub queue_deadline: Duration,
}

impl Default for Options {
    /// argon2id with 19 MiB and two passes, at most 256 MiB altogether, two seconds in the queue.
    fn default() -> Self {
        Self {
            memory_kib: LEAST_MEMORY_KIB,
            passes: LEAST_PASSES,
            lanes: 1,
            memory_budget_kib: 256 * 1024,
            threads: None,
            queue_length: None,
            queue_deadline: Duration::from_secs(2),
        }
    }
}

/// Why options are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// The memory of one hash is below the floor.
    #[error("the memory of a hash is {0} KiB; it must be at least {LEAST_MEMORY_KIB} KiB")]
    MemoryTooLow(u32),
    /// The passes of one hash are below the floor.
    #[error("a hash makes {0} passes; it must make at least {LEAST_PASSES}")]
    TooFewPasses(u32),
    /// The three numbers are no cost at all.
    #[error(transparent)]
    Cost(#[from] CostError),
    /// Not even one hash fits into the budget.
    #[error("the memory budget is {budget_kib} KiB; it must be at least the {memory_kib} KiB of one hash")]
    BudgetTooLow {
        /// The budget, in KiB.
        budget_kib: u32,
        /// The memory of one hash, in KiB.
        memory_kib: u32,
    },
    /// No thread, or more than any machine uses.
    #[error("{0} hashing threads are asked for; it must be 1 to {MOST_THREADS}")]
    Threads(usize),
    /// The threads do not fit into the budget together.
    #[error(
        "{threads} hashing threads are asked for, but the memory budget of {budget_kib} KiB \
         has room for {room} hashes of {memory_kib} KiB at a time"
    )]
    ThreadsBeyondBudget {
        /// The threads asked for.
        threads: usize,
        /// The threads that fit.
        room: usize,
        /// The budget, in KiB.
        budget_kib: u32,
        /// The memory of one hash, in KiB.
        memory_kib: u32,
    },
    /// A queue without a place, or endless.
    #[error("the queue of hashes has {0} places; it must have 1 to {MOST_QUEUE_LENGTH}")]
    QueueLength(usize),
    /// A deadline that refuses everything, or nothing in time.
    #[error("a hash may wait {0:?}; it must be at least 1 ms and at most {LONGEST_DEADLINE:?}")]
    Deadline(Duration),
}

/// What options come to on a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Hashes computed side by side.
    pub threads: usize,
    /// Hashes that may wait.
    pub queue_length: usize,
}

/// Options that were checked, with every choice made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) cost: Cost,
    pub(crate) budget_kib: u32,
    pub(crate) threads: usize,
    pub(crate) queue_length: usize,
    pub(crate) deadline: Duration,
    pub(crate) idle: Duration,
}

impl Options {
    /// Whether hashing could start with these options on this machine, and how large it would be.
    ///
    /// # Errors
    /// Options outside their bounds, or beyond what they leave room for together.
    pub fn check(&self) -> Result<Size, OptionsError> {
        self.plan().map(|Plan { threads, queue_length, .. }| Size { threads, queue_length })
    }

    /// Checks the options and decides what they leave open.
    pub(crate) fn plan(&self) -> Result<Plan, OptionsError> {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        self.plan_for(cores)
    }

    fn plan_for(&self, cores: usize) -> Result<Plan, OptionsError> {
        let cost = self.cost()?;
        let threads = self.threads(cost, cores)?;
        let queue_length = self.queue_length.unwrap_or(QUEUE_PLACES_BY_THREAD * threads);
        if queue_length == 0 || queue_length > MOST_QUEUE_LENGTH {
            return Err(OptionsError::QueueLength(queue_length));
        }
        let deadline = self.queue_deadline;
        if deadline < Duration::from_millis(1) || deadline > LONGEST_DEADLINE {
            return Err(OptionsError::Deadline(deadline));
        }
        let budget_kib = self.memory_budget_kib;
        Ok(Plan { cost, budget_kib, threads, queue_length, deadline, idle: IDLE })
    }

    fn cost(&self) -> Result<Cost, OptionsError> {
        if self.memory_kib < LEAST_MEMORY_KIB {
            return Err(OptionsError::MemoryTooLow(self.memory_kib));
        }
        if self.passes < LEAST_PASSES {
            return Err(OptionsError::TooFewPasses(self.passes));
        }
        Ok(Cost::new(self.memory_kib, self.passes, self.lanes)?)
    }

    fn threads(&self, cost: Cost, cores: usize) -> Result<usize, OptionsError> {
        let (budget_kib, memory_kib) = (self.memory_budget_kib, cost.memory_kib());
        let room = (budget_kib / memory_kib) as usize;
        if room == 0 {
            return Err(OptionsError::BudgetTooLow { budget_kib, memory_kib });
        }
        match self.threads {
            None => Ok(cores.min(room).clamp(1, MOST_THREADS)),
            Some(threads) if threads == 0 || threads > MOST_THREADS => Err(OptionsError::Threads(threads)),
            Some(threads) if threads > room => {
                Err(OptionsError::ThreadsBeyondBudget { threads, room, budget_kib, memory_kib })
            }
            Some(threads) => Ok(threads),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Options, OptionsError};
    use crate::cost::{Cost, CostError};

    fn refused(change: impl FnOnce(&mut Options)) -> OptionsError {
        let mut options = Options::default();
        change(&mut options);
        options.plan_for(2).unwrap_err()
    }

    #[test]
    fn the_default_is_what_owasp_asks_for() {
        let plan = Options::default().plan_for(2).unwrap();
        assert_eq!(plan.cost, Cost::new(19_456, 2, 1).unwrap());
        assert_eq!((plan.threads, plan.queue_length), (2, 64));
    }

    #[test]
    fn threads_are_the_cores_as_far_as_the_budget_goes() {
        let threads = |cores, memory_budget_kib| {
            Options { memory_budget_kib, ..Options::default() }.plan_for(cores).unwrap().threads
        };
        assert_eq!(threads(1, 256 * 1024), 1);
        assert_eq!(threads(4, 256 * 1024), 4);
        assert_eq!(threads(64, 256 * 1024), 13);
        assert_eq!(threads(64, 19_456), 1);
        assert_eq!(threads(64, 2 * 19_456 - 1), 1);
        assert_eq!(threads(64, 2 * 19_456), 2);
    }

    #[test]
    fn weak_costs_are_refused() {
        assert_eq!(refused(|o| o.memory_kib = 19_455), OptionsError::MemoryTooLow(19_455));
        assert_eq!(refused(|o| o.passes = 1), OptionsError::TooFewPasses(1));
        assert_eq!(refused(|o| o.lanes = 0), CostError::Lanes(0).into());
    }

    #[test]
    fn boundless_costs_are_refused() {
        assert_eq!(refused(|o| o.memory_kib = u32::MAX), CostError::TooMuchMemory(u32::MAX).into());
        assert_eq!(refused(|o| o.passes = 17), CostError::Passes(17).into());
        assert_eq!(refused(|o| o.lanes = 17), CostError::Lanes(17).into());
    }

    #[test]
    fn a_budget_below_one_hash_is_refused() {
        let error = refused(|o| o.memory_budget_kib = 19_455);
        assert_eq!(error, OptionsError::BudgetTooLow { budget_kib: 19_455, memory_kib: 19_456 });
        assert_eq!(error.to_string(), "the memory budget is 19455 KiB; it must be at least the 19456 KiB of one hash");
    }

    #[test]
    fn threads_beyond_the_budget_are_refused() {
        let error = refused(|o| o.threads = Some(14));
        assert_eq!(
            error.to_string(),
            "14 hashing threads are asked for, but the memory budget of 262144 KiB has room for \
             13 hashes of 19456 KiB at a time"
        );
        assert_eq!(refused(|o| o.threads = Some(0)), OptionsError::Threads(0));
        assert_eq!(refused(|o| o.threads = Some(1025)), OptionsError::Threads(1025));
    }

    #[test]
    fn a_queue_has_places_and_an_end() {
        assert_eq!(refused(|o| o.queue_length = Some(0)), OptionsError::QueueLength(0));
        assert_eq!(refused(|o| o.queue_length = Some(65_537)), OptionsError::QueueLength(65_537));
        let none = refused(|o| o.queue_deadline = Duration::ZERO);
        assert_eq!(none.to_string(), "a hash may wait 0ns; it must be at least 1 ms and at most 60s");
        let long = Duration::from_secs(61);
        assert_eq!(refused(|o| o.queue_deadline = long), OptionsError::Deadline(long));
    }
}

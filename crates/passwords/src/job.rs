//! One piece of work for the pool.

use std::io;
use std::time::Instant;

use argon2::Block;
use domain::accounts::ports::Turn;

/// Why a job was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// The queue has no place left.
    #[error("the queue of password hashes is full")]
    Full,
    /// The job waited too long to be worth starting.
    #[error("a password hash waited too long")]
    Late,
    /// The system gave no memory for it.
    #[error("there is no memory for a password hash")]
    Memory(#[source] io::Error),
    /// It panicked.
    #[error("a password hash panicked")]
    Panicked,
    /// The pool is stopping.
    #[error("password hashing has stopped")]
    Stopped,
}

/// The work of one job, with its way back to the one who asked.
pub(crate) trait Task: Send {
    /// Whether nobody waits for the answer any more.
    fn is_abandoned(&self) -> bool;
    /// Does the work and answers. Never panics.
    fn run(self: Box<Self>, blocks: &mut [Block]);
    /// Answers that the work was not done.
    fn refuse(self: Box<Self>, refusal: Refusal);
}

/// A task in the queue.
pub(crate) struct Job {
    pub(crate) memory_kib: u32,
    pub(crate) deadline: Instant,
    pub(crate) turn: Turn,
    pub(crate) task: Box<dyn Task>,
}

impl Job {
    /// Whether starting it would be wasted work.
    pub(crate) fn is_stale(&self) -> bool {
        self.task.is_abandoned() || Instant::now() >= self.deadline
    }
}

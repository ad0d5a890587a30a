//! One thread of the pool and the memory it hashes in.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::job::{Job, Refusal};
use crate::memory_blocks::MemoryBlocks;
use crate::schedule::{Claim, Next, Schedule};

/// What one thread of the pool owns.
pub(crate) struct Worker {
    schedule: Arc<Schedule>,
    number: usize,
    blocks: MemoryBlocks,
    blocks_kib: u32,
    /// The claim on the memory behind `blocks`, while they are in use.
    held: Option<Claim>,
    keep_until: Instant,
    idle: Duration,
}

impl Worker {
    /// Maps `blocks_kib` blocks; they take memory from the first job on, until `idle` has passed
    /// without one.
    pub(crate) fn new(schedule: Arc<Schedule>, number: usize, blocks_kib: u32, idle: Duration) -> io::Result<Self> {
        let blocks = MemoryBlocks::map(blocks_kib)?;
        Ok(Self { schedule, number, blocks, blocks_kib, held: None, keep_until: Instant::now(), idle })
    }

    /// Does one job after the other until the schedule says to stop.
    pub(crate) fn work(mut self) {
        loop {
            match self.schedule.next(self.number, self.held.as_ref().map(|_| self.keep_until)) {
                Next::Do(job) => self.run(job),
                Next::GiveMemoryBack => self.give_memory_back(),
                Next::Stop => return,
            }
        }
    }

    fn run(&mut self, job: Job) {
        if job.is_stale() {
            return job.task.refuse(Refusal::Late);
        }
        if job.memory_kib > self.blocks_kib {
            return self.run_in_more_memory(job);
        }
        if self.held.is_none() {
            self.held = self.schedule.claim(self.blocks_kib);
        }
        if self.held.is_none() {
            return job.task.refuse(Refusal::Stopped);
        }
        run_in(&mut self.blocks, job);
        self.keep_until = Instant::now() + self.idle;
    }

    /// A stored hash may need more than the configured ones: its memory lives for this job alone,
    /// and comes out of the same budget, so the thread's own goes back first.
    fn run_in_more_memory(&mut self, job: Job) {
        self.give_memory_back();
        let Some(_claim) = self.schedule.claim(job.memory_kib) else {
            return job.task.refuse(Refusal::Stopped);
        };
        match MemoryBlocks::map(job.memory_kib) {
            Ok(mut blocks) => run_in(&mut blocks, job),
            Err(error) => job.task.refuse(Refusal::Memory(error)),
        }
    }

    fn give_memory_back(&mut self) {
        if let Some(claim) = self.held.take() {
            self.blocks.give_back();
            // Only now, when the pages are gone, may another thread count on the memory.
            drop(claim);
        }
    }
}

/// Runs a job unless it became stale while its memory was waited for.
fn run_in(blocks: &mut MemoryBlocks, job: Job) {
    if job.is_stale() {
        job.task.refuse(Refusal::Late);
    } else {
        job.task.run(blocks.as_mut_slice());
    }
}

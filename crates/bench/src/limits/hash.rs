//! One bare hash after the other, on as many threads as the server's pool has, and without the pool.

use std::thread;
use std::time::{Duration, Instant};

use passwords::argon2id::bare_hash;
use passwords::cost::{Cost, LEAST_MEMORY_KIB, LEAST_PASSES};
use passwords::memory_blocks::MemoryBlocks;
use rustix::time::{ClockId, clock_gettime};

use crate::load::to_f64;

/// The CPU time of one hash with the parameters of the server, in seconds, while every core hashes.
pub(crate) fn cpu_of_one(seconds: f64) -> f64 {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = (0..cores).map(|_| thread::spawn(move || hash_for(seconds))).collect::<Vec<_>>();
    let done = threads.into_iter().map(|thread| thread.join().expect("a hash does not panic"));
    let (hashes, spent) = done.fold((0, Duration::ZERO), |sum, (hashes, spent)| (sum.0 + hashes, sum.1 + spent));
    spent.as_secs_f64() / to_f64(hashes)
}

fn hash_for(seconds: f64) -> (usize, Duration) {
    let cost = Cost::new(LEAST_MEMORY_KIB, LEAST_PASSES, 1).expect("the server's own cost");
    let mut blocks = MemoryBlocks::map(LEAST_MEMORY_KIB).expect("memory for one hash");
    let mut hash = || bare_hash(cost, b"0123456789abcdef", b"correct horse battery", &mut blocks).expect("a hash");
    // The first one faults the memory in; the server's threads have done so before they are measured.
    hash();
    let (end, before) = (Instant::now() + Duration::from_secs_f64(seconds), cpu_of_this_thread());
    let mut hashes = 0;
    while Instant::now() < end {
        hash();
        hashes += 1;
    }
    (hashes, cpu_of_this_thread() - before)
}

/// The CPU time of this thread until now. What `/proc` says of a thread that runs is as old as the last tick of the
/// scheduler, which is some milliseconds.
pub(super) fn cpu_of_this_thread() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().expect("no thread runs for less than nothing")
}

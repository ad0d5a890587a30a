//! Password hashing: argon2id on a bounded pool of threads, and the list of the commonest passwords.
//!
//! The invariants, each kept by one module:
//! - No hash runs outside the pool, and the pool never takes more memory than its budget
//!   (`schedule`).
//! - A stored hash is measured before it is computed (`stored_hash`), and one that would take the
//!   machine from everybody else is not (`limits`).
//! - An unknown user costs what a known one costs (`hashing`).

pub mod argon2id;
pub mod common_passwords;
pub mod cost;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod hashing;
mod job;
mod limits;
pub mod memory_blocks;
pub mod options;
mod pool;
mod queue;
mod schedule;
mod stored_hash;
mod worker;

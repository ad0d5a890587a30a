//! The user registry without a database: for tests only.
//!
//! [`memory::Memory`] implements every storage port, with the guards and the atomicity that the
//! ports promise; it is the plainest statement of what the databases do. Beside it stand doubles of
//! the other ports: a clock that is set by hand, entropy from a seed, hashes and signatures that
//! cost nothing. None of it is safe, and none of it may reach a server that people use.

mod bits;
pub mod clock;
pub mod entropy;
pub mod key_maker;
pub mod memory;
pub mod passwords;
pub mod secrets;
mod state;
mod throttles;
pub mod tokens;

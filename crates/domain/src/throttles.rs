//! How often things may be tried: the limits, and the gate that keeps them.

pub mod account_delay;
pub mod counting;
pub mod gate;
pub mod limits;
pub mod ports;
pub mod refusals;

//! The table of allowed and blocked e-mail domains.

pub mod name;
pub mod policy;
pub mod ports;

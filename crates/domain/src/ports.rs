//! The ports that belong to no room of their own.

pub mod clock;
pub mod entropy;
pub mod failure;
pub mod ledger;
pub mod readiness;
pub mod secrets;

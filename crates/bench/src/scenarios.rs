//! What is measured: each scenario beside its limit.

pub(crate) mod footprint;
pub(crate) mod login;
pub(crate) mod me;

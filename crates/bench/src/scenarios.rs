//! What is measured: each scenario beside its limit.

pub(crate) mod enumeration;
pub(crate) mod footprint;
pub(crate) mod login;
pub(crate) mod me;
pub(crate) mod sessions;
pub(crate) mod storm;

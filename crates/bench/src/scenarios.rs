//! What is measured: each scenario beside its limit.

pub(crate) mod enumeration;
pub(crate) mod footprint;
pub(crate) mod hashing;
pub(crate) mod hostile;
pub(crate) mod library;
pub(crate) mod me;
pub(crate) mod million;
pub(crate) mod mixed;
pub(crate) mod replicas;
pub(crate) mod sessions;
pub(crate) mod stop;
pub(crate) mod storm;
pub(crate) mod tokens;
pub(crate) mod writes;

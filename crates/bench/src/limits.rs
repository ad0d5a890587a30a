//! What the server is measured against: the same work, bare.

pub(crate) mod hash;
pub(crate) mod route;

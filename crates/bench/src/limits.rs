//! What the server is measured against: the same work, bare.

pub(crate) mod commits;
pub(crate) mod hash;
pub(crate) mod libargon2;
pub(crate) mod route;

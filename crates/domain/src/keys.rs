//! The keys of this installation: all of them are wrapped by the root secret, and the signing keys rotate.

pub mod forget;
pub mod key_set;
pub mod list;
pub mod ports;
pub mod published;
pub mod revoke;
pub mod rewrap;
pub mod rotate;
pub mod rows;
pub mod seen_retired;

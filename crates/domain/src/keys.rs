//! The keys of this installation, as they are stored: all of them wrapped by the root secret.

pub mod ports;
pub mod rows;

//! What is told by mail: letters, the secrets in them, and how they are delivered.

pub mod deliver;
pub mod delivery;
pub mod letter;
pub mod mailed_token;
pub mod ports;
pub(crate) mod queue;
pub mod redeem;

//! Authority tokens: a domain's own secret, which those who speak for the domain may read.

pub mod authority_token;
pub mod issue;
pub mod ports;
pub mod read;
pub mod revoke;
pub mod show;

//! The keys of an installation and what is made with them: access tokens, keyed hashes, sealed
//! secrets.
//!
//! One root secret, which never enters the database, wraps every other key. The database holds the
//! wrapped keys, so that replicas share them: data keys, one per purpose, and signing keys, of which
//! each algorithm has a next and an active one. [`keys::Keys`] opens them and implements the ports.

pub mod keys;
pub mod open_error;
pub mod options;
pub mod rewrapping;
pub mod root_secret;

mod access_token;
mod data_key;
mod derive;
mod ports;
mod private_key;
mod refresh_wish;
mod remembered;
mod ring;
mod sealing_key;
mod signing_key;
mod supply;

#[cfg(test)]
mod fakes;

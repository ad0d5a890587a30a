//! The laws, by room. Each is a test: it panics where an engine breaks it.

pub mod account_writes;
pub mod accounts;
pub mod addresses;
pub mod authority;
pub mod domains;
pub mod events;
pub mod grants;
pub mod key_changes;
pub mod keys;
pub mod land;
pub mod ledger;
pub mod mail;
pub mod retention;
pub mod sessions;
pub mod standing;
pub mod throttles;

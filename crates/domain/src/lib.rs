//! The rules of the user registry, and nothing else.
//!
//! This crate has no I/O, no clock, no randomness, no runtime and no JSON: what it needs from the
//! world stands in traits (the ports), which adapters implement. There is a room per subject, and
//! each holds its values, its rules, its use cases and its ports.
#![deny(missing_docs)]

pub mod access;
pub mod accounts;
pub mod authority;
pub mod changes;
pub mod domains;
pub mod events;
pub mod form;
pub mod ids;
pub mod keys;
pub mod land;
pub mod mail;
pub mod origin;
pub mod page;
pub mod ports;
pub mod retention;
pub mod sessions;
pub mod throttles;

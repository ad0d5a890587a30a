//! The API over the in-memory adapter: statuses, headers and exact words.
#![allow(clippy::unwrap_used, reason = "a panic in a test is the finding, also outside of its function")]

mod accounts;
mod documents;
mod domains;
mod email_change;
mod events;
mod faults;
mod fields;
mod mail;
mod refusals;
mod throttles;
mod world;

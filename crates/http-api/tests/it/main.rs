//! The API over the in-memory adapter: statuses, headers and exact words.

mod accounts;
mod domains;
mod fields;
mod refusals;
mod world;

//! The HTTP API: poem-openapi in front of the domain's use cases.
//!
//! This crate is the only place that chooses a status code of the API. It turns strings into domain
//! values, asks one use case, and turns what comes of it into an answer of the contract.

pub mod api;
pub mod document;
pub mod options;
pub mod routes;

mod body;
mod caller;
mod frame;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod json;
mod pages;
mod prepared;
mod problem;
mod query;
mod resources;

//! Properties of the parsers of foreign input: what must hold whatever somebody sends.
//!
//! A target takes any bytes and panics when a property does not hold. [`targets::ALL`] are those over
//! what the domain and the keys show to everybody; adapters whose parsers are their own have a module
//! `fuzzing`, which only their tests and `cargo fuzz` compile. The programs for `cargo fuzz` stand in
//! `fuzz/`, outside the workspace; [`short_form`] is what the tests run.

pub mod installation;
pub mod recipe;
pub mod short_form;
pub mod targets;
pub mod text;

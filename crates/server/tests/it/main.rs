//! The program as an operator runs it: its commands, what it refuses, and how it starts and stops.

#![expect(clippy::unwrap_used, reason = "everything here is a test: a panic is the finding")]

mod commands;
mod connections;
mod domains;
mod keys;
mod mail;
mod opening;
mod posture;
mod ran;
mod refusals;
mod settings;
mod stopping;
mod terminal;
mod users;

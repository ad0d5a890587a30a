//! The program as an operator runs it: its commands, what it refuses, and how it starts and stops.

mod commands;
mod domains;
mod opening;
mod posture;
mod ran;
mod refusals;
mod settings;
mod stopping;
mod terminal;
mod users;

//! Journeys over real HTTP through the real program on both engines, and guards over the workspace.

#![expect(clippy::print_stdout, reason = "the long forms say what they saw, and a test that is left out says so")]

mod address_changes;
mod answers;
mod architecture;
mod commits;
mod crashes;
mod disk_full;
mod events;
mod faults;
mod hostile;
mod journeys;
mod keys;
mod languages;
mod mail;
mod pages;
mod races;
mod refreshes;
mod restarts;
mod soak;
mod surface;
mod throttles;
mod torn_logs;

//! The program `user-registry`.

mod cli;
mod client_address;
mod commands;
mod config;
mod data_directory;
mod delivery;
mod descriptors;
mod dispatch;
mod failure;
#[cfg(test)]
mod fuzzing;
mod healthcheck;
mod key_commands;
mod key_upkeep;
mod listener;
mod logging;
mod mail_test;
mod posture;
mod purge;
mod rewrap;
mod root_secret;
mod rows;
mod serve;
mod start_pages;
mod system;
mod typed_password;
mod wiring;

use std::process::ExitCode;
use std::thread;

use clap::Parser as _;
use tokio::runtime::Builder;

fn main() -> ExitCode {
    let command_line = cli::CommandLine::parse();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    match Builder::new_multi_thread().worker_threads(request_threads(cores)).enable_all().build() {
        Ok(runtime) => failure::exit_code(runtime.block_on(commands::run(command_line))),
        Err(error) => failure::exit_code(Err(failure::Failure::new(format!("The program cannot start: {error}.")))),
    }
}

/// How many threads serve requests: half as many as there are cores. The other half of what a request costs is the
/// work of others, of the threads of SQLite's connections or of PostgreSQL, and a thread more is one that is woken for
/// each request, and finds nothing to do.
fn request_threads(cores: usize) -> usize {
    (cores / 2).max(1)
}

#[cfg(test)]
mod tests {
    use super::request_threads;

    #[test]
    fn requests_have_half_of_the_cores_and_one_at_least() {
        assert_eq!([1, 2, 3, 4, 16].map(request_threads), [1, 1, 1, 2, 8]);
    }
}

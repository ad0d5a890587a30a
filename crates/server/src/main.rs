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
mod refusals;
mod rewrap;
mod root_secret;
mod rows;
mod serve;
mod signals;
mod start_pages;
mod system;
mod typed_password;
mod wiring;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;

/// How long what is under way beside the end may take, such as a mail that is being written to a file.
const LAST_WORK: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let command_line = cli::CommandLine::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return failure::exit_code(Err(failure::Failure::new(format!("The program cannot start: {error}."))));
        }
    };
    let outcome = runtime.block_on(commands::run(command_line));
    // What hangs on a thread for blocking work, such as a file on a network that is gone, keeps no program from its end.
    runtime.shutdown_timeout(LAST_WORK);
    failure::exit_code(outcome)
}

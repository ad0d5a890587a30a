//! Measures the release build of the server: each figure beside the bare limit of the machine, taken
//! in the same run, in turns with it.
//!
//! The server, the bare limits that answer over HTTP, and the load generator are processes of their
//! own, so that each one's CPU time is its own.

mod engine;
mod limits;
mod load;
mod machine;
mod process;
mod registry;
mod report;
mod scenarios;

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::engine::Bench;
use crate::report::Report;

/// Measures the server beside the bare limits of the machine.
#[derive(Parser)]
struct CommandLine {
    /// Measure for a short time and with few users: to see whether it works, not how fast it is.
    #[arg(long)]
    quick: bool,
    /// Measure only this, and the size of the program.
    #[arg(long)]
    only: Option<Scenario>,
    #[command(subcommand)]
    limit: Option<Limit>,
}

/// What is measured on each engine.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    Footprint,
    Me,
    Login,
    Sessions,
    Storm,
    Enumeration,
}

/// A bare limit that answers over HTTP, in a process of its own.
#[derive(Subcommand)]
enum Limit {
    /// Answer what `GET /me` reads, without asking who calls. Standard input names the database.
    #[command(hide = true)]
    Route {
        /// Where to listen.
        listen: SocketAddr,
    },
}

fn main() -> ExitCode {
    let command_line = CommandLine::parse();
    match command_line.limit {
        Some(Limit::Route { listen }) => {
            // As many threads as the server has.
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
            runtime.block_on(limits::route::serve(listen));
            ExitCode::SUCCESS
        }
        None => {
            // One thread: what generates the load must leave the machine to what is measured.
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(measure(command_line.quick, command_line.only))
        }
    }
}

async fn measure(quick: bool, only: Option<Scenario>) -> ExitCode {
    let mut report = Report::default();
    scenarios::footprint::binary(&mut report);
    for engine in [e2e::database::Engine::Sqlite, e2e::database::Engine::Postgres] {
        let bench = Bench::prepare(engine, quick).await;
        for scenario in Scenario::value_variants().iter().filter(|scenario| only.is_none_or(|only| only == **scenario))
        {
            match scenario {
                Scenario::Footprint => scenarios::footprint::run(&bench, &mut report).await,
                Scenario::Me => scenarios::me::run(&bench, &mut report).await,
                Scenario::Login => scenarios::login::run(&bench, &mut report).await,
                Scenario::Sessions => scenarios::sessions::run(&bench, &mut report).await,
                Scenario::Storm => scenarios::storm::run(&bench, &mut report).await,
                Scenario::Enumeration => scenarios::enumeration::run(&bench, &mut report).await,
            }
        }
    }
    let text = format!("{}\n\n{report}", machine::facts().await);
    std::io::stdout().write_all(text.as_bytes()).expect("somebody reads the report");
    if report.is_met() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

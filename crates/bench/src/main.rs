//! Measures the release build of the server: each figure beside the bare limit of the machine, taken
//! in the same run, in turns with it.
//!
//! The server, the bare limits that answer over HTTP, and the load generator are processes of their
//! own, so that each one's CPU time is its own.

mod bulk;
mod callers;
mod engine;
mod limits;
mod load;
mod machine;
mod peers;
mod process;
mod registry;
mod report;
mod scenarios;
mod turn;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use e2e::database::Engine;

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
    /// The C library of Argon2 beside which a hash is measured: another build of it than Debian's.
    #[arg(long, value_name = "FILE", default_value = limits::libargon2::DEBIANS)]
    libargon2: PathBuf,
    #[command(subcommand)]
    limit: Option<Limit>,
}

/// What is measured on each engine.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    Footprint,
    Me,
    Tokens,
    Login,
    SignUp,
    Writes,
    Sessions,
    Mixed,
    Storm,
    Stalled,
    Bodies,
    Stop,
    Replicas,
    Enumeration,
    /// One hash beside the C library's.
    Library,
    /// Only when it is asked for: it takes minutes to put a million users in.
    Million,
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
            runtime.block_on(measure(command_line.quick, command_line.only, &command_line.libargon2))
        }
    }
}

async fn measure(quick: bool, only: Option<Scenario>, libargon2: &Path) -> ExitCode {
    let mut report = Report::default();
    let mut facts = vec![machine::facts()];
    if only != Some(Scenario::Library) {
        // What is missing is told before anything is measured.
        facts.push(machine::databases().await);
    }
    scenarios::footprint::binary(&mut report);
    if only.is_none_or(|only| only == Scenario::Library) {
        scenarios::library::run(quick, libargon2, &mut report);
    }
    for engine in [Engine::Sqlite, Engine::Postgres] {
        match only {
            Some(Scenario::Library) => {}
            Some(Scenario::Million) => scenarios::million::run(engine, quick, &mut report).await,
            only => measure_on(&Bench::prepare(engine, quick).await, only, &mut report).await,
        }
    }
    facts.push(machine::load());
    let text = format!("{}\n\n{report}", facts.join("\n"));
    std::io::stdout().write_all(text.as_bytes()).expect("somebody reads the report");
    if report.is_met() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn measure_on(bench: &Bench, only: Option<Scenario>, report: &mut Report) {
    for scenario in Scenario::value_variants().iter().filter(|scenario| only.is_none_or(|only| only == **scenario)) {
        match scenario {
            Scenario::Footprint => scenarios::footprint::run(bench, report).await,
            Scenario::Me => scenarios::me::run(bench, report).await,
            Scenario::Tokens => scenarios::tokens::run(bench, report).await,
            Scenario::Login => scenarios::hashing::log_in(bench, report).await,
            Scenario::SignUp => scenarios::hashing::sign_up(bench, report).await,
            Scenario::Writes => scenarios::writes::run(bench, report).await,
            Scenario::Sessions => scenarios::sessions::run(bench, report).await,
            Scenario::Mixed => scenarios::mixed::run(bench, report).await,
            Scenario::Storm => scenarios::storm::run(bench, report).await,
            Scenario::Stalled => scenarios::hostile::stalled(bench, report).await,
            Scenario::Bodies => scenarios::hostile::bodies(bench, report).await,
            Scenario::Stop => scenarios::stop::run(bench, report).await,
            Scenario::Replicas if bench.database.engine == Engine::Postgres => {
                scenarios::replicas::run(bench, report).await;
            }
            Scenario::Enumeration => scenarios::enumeration::run(bench, report).await,
            // Several servers share no SQLite file, and what takes no database or its own is measured elsewhere.
            Scenario::Replicas | Scenario::Library | Scenario::Million => {}
        }
    }
}

//! How large the program is, how fast it is ready, and what it holds when nobody asks.

use std::fs::metadata;
use std::time::Duration;

use crate::engine::Bench;
use crate::process::{Server, program};
use crate::report::{Figure, Report, Verdict, median};

const MEGABYTES: f64 = 20.0;
const MEBIBYTES_IDLE: f64 = 12.0;
const MILLISECONDS_TO_READY: f64 = 50.0;
/// What a start has begun must have ended before the memory is looked at.
const REST: Duration = Duration::from_secs(3);

/// The size of the program file.
pub(crate) fn binary(report: &mut Report) {
    let size = metadata(program()).expect("it was just found").len();
    let megabytes = f64::from(u32::try_from(size).expect("less than 4 GB")) / 1e6;
    report.add(Figure {
        what: "release binary".into(),
        measured: format!("{size} bytes"),
        limit: String::new(),
        verdict: Some(Verdict::at_most(megabytes, MEGABYTES, " MB")),
    });
}

/// Starts on a database that is there already.
pub(crate) async fn run(bench: &Bench, report: &mut Report) {
    let mut times = Vec::new();
    for _ in 0..bench.extent.starts {
        let server = Server::start(&bench.database).await;
        times.push(server.started_in.as_secs_f64() * 1e3);
        server.stop().await;
    }
    let longest = times.iter().copied().fold(0.0, f64::max);
    let typical = median(times);
    report.add(Figure {
        what: format!("start of the process to ready, {}", bench.name),
        measured: format!("{typical:.0} ms, the slowest of {} starts {longest:.0} ms", bench.extent.starts),
        limit: String::new(),
        verdict: Some(Verdict::at_most(typical, MILLISECONDS_TO_READY, " ms")),
    });
    let (server, route) = (Server::start(&bench.database).await, Server::start_bare_route(&bench.database).await);
    tokio::time::sleep(REST).await;
    let ((all, own), (bare, bare_own)) = (server.resident(), route.resident());
    report.add(Figure {
        what: format!("idle memory, {}", bench.name),
        measured: format!("{all:.1} MiB resident, {own:.1} MiB of it no page of a file"),
        limit: format!("bare route {bare:.1} MiB resident, {bare_own:.1} MiB of it no page of a file"),
        verdict: Some(Verdict::at_most(all, MEBIBYTES_IDLE, " MiB")),
    });
    route.stop().await;
    server.stop().await;
}

//! Peers that hold connections open with nothing to say, and peers that say far too much.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use hyper::StatusCode;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::callers::readers;
use crate::engine::Bench;
use crate::load::{ask, latencies, open_loop, p99_of, to_f64};
use crate::peers::{pour, stall};
use crate::process::{Generator, Server};
use crate::report::{Figure, Report, Verdict};

/// How many of each kind.
const PEERS: usize = 1_000;
/// How many of those that send much do so at a time.
const AT_A_TIME: usize = 32;
const BODY: usize = 50_000_000;
const MOST_MIB: f64 = 5.0;
const MOST_STRETCH: f64 = 2.0;
/// How often a second somebody reads meanwhile.
const READS: f64 = 200.0;
const HEAD: &str = "GET /me HTTP/1.1\r\nHost: localhost\r\nAuthoriz";
const BEGUN_BODY: &str =
    "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";

/// Peers that begin a head or a body and then stall, while somebody reads.
pub(crate) async fn stalled(bench: &Bench, report: &mut Report) {
    let server = Server::start(&bench.database).await;
    let seconds = 3.0 * bench.extent.seconds;
    let read = readers("/me", bench.signed.iter().map(|user| user.access_token.as_str()));
    let reads = || open_loop(server.address, READS, seconds, &*read);
    // The first round shows the users.
    reads().await;
    let quiet = reads().await;
    let mut stalled = Vec::new();
    for (kind, (what, beginning, most)) in [("heads", HEAD, 15.0), ("bodies", BEGUN_BODY, 35.0)].into_iter().enumerate()
    {
        let mut peers = JoinSet::new();
        for number in 0..PEERS {
            peers.spawn(stall(server.address, kind * PEERS + number, beginning));
        }
        stalled.push((what, most, peers));
    }
    sleep(Duration::from_millis(500)).await;
    let generator = Generator::from_now();
    let beside = reads().await;
    let generator = generator.told();
    let resident = server.resident().0;
    report.add(Figure {
        what: format!(
            "99th percentile of `GET /me`, {READS:.0}/s, beside {PEERS} stalled heads and {PEERS} bodies, {}",
            bench.name
        ),
        measured: format!("{}, {resident:.1} MiB resident; {generator}", latencies(&beside).percentiles()),
        limit: format!("{} without", latencies(&quiet).percentiles()),
        verdict: Some(Verdict::at_most(
            p99_of(&beside, StatusCode::OK) / p99_of(&quiet, StatusCode::OK),
            MOST_STRETCH,
            "",
        )),
    });
    for (what, most, peers) in stalled {
        let times = peers.join_all().await.into_iter().map(|closed| closed.expect("the server takes connections"));
        let times = times.map(|closed| closed.map_or(f64::INFINITY, |closed| closed.as_secs_f64())).collect::<Vec<_>>();
        let (first, last) =
            (times.iter().copied().fold(f64::INFINITY, f64::min), times.iter().copied().fold(0.0, f64::max));
        report.add(Figure {
            what: format!("{PEERS} stalled {what} are closed after, {}", bench.name),
            measured: format!("{first:.1} s to {last:.1} s"),
            limit: String::new(),
            verdict: Some(Verdict::at_most(last, most, " s")),
        });
    }
    server.stop().await;
}

/// Peers that send fifty megabytes each, with a length before or in chunks.
pub(crate) async fn bodies(bench: &Bench, report: &mut Report) {
    let server = Server::start(&bench.database).await;
    let count = if bench.extent.rounds > 1 { PEERS } else { AT_A_TIME };
    for (what, length, chunked) in [
        ("with a length", format!("Content-Length: {BODY}"), false),
        ("in chunks", "Transfer-Encoding: chunked".into(), true),
    ] {
        let head =
            format!("POST /signup HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{length}\r\n\r\n");
        // The first ones fault in what connections take.
        pour_all(server.address, AT_A_TIME, &head, chunked).await;
        let (before, peak) = (server.resident().0, Cell::new(0.0_f64));
        let watching = async {
            loop {
                peak.set(peak.get().max(server.resident().0));
                sleep(Duration::from_millis(20)).await;
            }
        };
        let answers = tokio::select! {
            answers = pour_all(server.address, count, &head, chunked) => answers,
            () = watching => unreachable!("it watches for ever"),
        };
        ask(server.address, "/health/ready").await.expect("it still serves");
        let wrong = answers.iter().filter(|(answer, _)| !answer.starts_with("HTTP/1.1 413")).map(|(_, count)| count);
        let wrong = wrong.sum::<usize>();
        let answers = answers.iter().map(|(answer, count)| format!("{count} times {answer}")).collect::<Vec<_>>();
        report.add(Figure {
            what: format!(
                "{count} bodies of 50 MB {what}, {AT_A_TIME} at a time: how much the memory grows, {}",
                bench.name
            ),
            measured: format!("from {before:.1} to {:.1} MiB; {}", peak.get(), answers.join(", ")),
            limit: String::new(),
            verdict: Some(Verdict::at_most(peak.get().max(before) - before, MOST_MIB, " MiB")),
        });
        report.add(Figure {
            what: format!("those that are not answered with 413, {}", bench.name),
            measured: wrong.to_string(),
            limit: String::new(),
            verdict: Some(Verdict::at_most(to_f64(wrong), 0.0, "")),
        });
    }
    server.stop().await;
}

/// How many got which answer.
async fn pour_all(server: SocketAddr, count: usize, head: &str, chunked: bool) -> BTreeMap<String, usize> {
    let (mut peers, mut answers) = (JoinSet::new(), BTreeMap::new());
    for number in 0..count {
        if peers.len() == AT_A_TIME {
            let answer = peers.join_next().await.expect("there are some").expect("a peer does not panic");
            *answers.entry(answer).or_default() += 1;
        }
        let head = head.to_owned();
        peers.spawn(async move { pour(server, number, &head, BODY, chunked).await });
    }
    for answer in peers.join_all().await {
        *answers.entry(answer).or_default() += 1;
    }
    answers
}

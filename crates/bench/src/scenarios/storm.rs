//! What others feel while somebody asks for more than the machine can hash.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hyper::StatusCode;
use passwords::cost::LEAST_MEMORY_KIB;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::callers::{from, readers};
use crate::engine::Bench;
use crate::load::{Line, Seen, ask_with, get, latencies, open_loop, p99_of, post, to_f64};
use crate::peers;
use crate::process::{Generator, Server};
use crate::registry::PASSWORD;
use crate::report::{Figure, Report, Verdict};
use crate::scenarios::hashing::COUNTED;

/// The most that the storm may stretch the 99th percentile of reading.
const MOST_STRETCH: f64 = 5.0;
/// How often a second somebody reads, and is asked whether it lives.
const READS: f64 = 200.0;
const PULSE: f64 = 20.0;
/// How often a second one network asks to log in, and all honest users together.
const FLOOD: f64 = 1_000.0;
const HONEST: f64 = 5.0;
/// The networks of the honest users, and how many they are.
const NETWORKS: usize = 20;
const USERS: usize = 64;
/// How many milliseconds a refusal may take.
const MOST_FOR_REFUSAL: f64 = 50.0;
/// How many log in at the same moment.
const AT_ONCE: usize = 1_000;
/// Beside the memory of the hashes, the server may take this much, in MiB.
const REST_MIB: f64 = 64.0;

/// Measures all of it on one server.
pub(crate) async fn run(bench: &Bench, report: &mut Report) {
    let server = Server::start_with(&bench.database, &COUNTED).await;
    for user in 0..USERS {
        let call = from(post("/signup", credentials(&honest(user))), [10, 1, 0, 1]);
        ask_with(server.address, call).await.expect("anybody may sign up");
    }
    reading(bench, &server, report).await;
    flood(bench, &server, report).await;
    at_once(bench, &server, report).await;
    server.stop().await;
}

/// `GET /me` alone, and while every thread hashes.
async fn reading(bench: &Bench, server: &Server, report: &mut Report) {
    let seconds = 3.0 * bench.extent.seconds;
    let read = readers("/me", bench.signed.iter().map(|user| user.access_token.as_str()));
    let quiet = open_loop(server.address, READS, seconds, &*read).await;
    let ended = Arc::new(AtomicBool::new(false));
    let storm = (0..64).map(|line| tokio::spawn(storm(server.address, line, Arc::clone(&ended)))).collect::<Vec<_>>();
    sleep(Duration::from_millis(500)).await;
    let pulse = open_loop(server.address, PULSE, seconds, |_| get("/health/live"));
    let generator = Generator::from_now();
    let (stormy, pulse) = tokio::join!(open_loop(server.address, READS, seconds, &*read), pulse);
    let told = format!("{:.1} MiB resident; {}", server.resident().0, generator.told());
    ended.store(true, Ordering::Relaxed);
    for line in storm {
        line.await.expect("the storm goes on to its end");
    }
    let wrong = stormy.iter().filter(|seen| !seen.is(StatusCode::OK)).count();
    let (before, after) = (p99_of(&quiet, StatusCode::OK), p99_of(&stormy, StatusCode::OK));
    report.add(Figure {
        what: format!(
            "99th percentile of `GET /me`, {READS:.0}/s, while 64 connections log in without a pause, {}",
            bench.name
        ),
        measured: format!(
            "{}, {wrong} of {} not answered with 200, {told}",
            latencies(&stormy).percentiles(),
            stormy.len()
        ),
        limit: format!("{} without", latencies(&quiet).percentiles()),
        verdict: Some(Verdict::at_most(after / before, MOST_STRETCH, "")),
    });
    tell_pulse(bench, "meanwhile", &pulse, report);
}

/// One line of the storm: logins of nobody, each from a network of its own.
async fn storm(address: std::net::SocketAddr, line: usize, ended: Arc<AtomicBool>) {
    let mut connection = Line::open(address).await.expect("the server takes connections");
    let mut number = 0_usize;
    while !ended.load(Ordering::Relaxed) {
        number += 1;
        let call = post("/login", credentials(&format!("storm-{line}-{number}@example.org")));
        let [.., a, b] = number.to_be_bytes();
        let call = from(call, [11 + u8::try_from(line).unwrap_or(0), a, b, 1]);
        let (status, _) = connection.ask(call).await.expect("an answer");
        assert!(matches!(status, StatusCode::UNAUTHORIZED | StatusCode::SERVICE_UNAVAILABLE), "{status}");
    }
}

/// Honest users of many networks, while one network asks for far more than can be hashed.
async fn flood(bench: &Bench, server: &Server, report: &mut Report) {
    let seconds = 3.0 * bench.extent.seconds;
    let flooding = open_loop(server.address, FLOOD, seconds, |number| {
        let [.., last] = (number % 250).to_be_bytes();
        from(post("/login", credentials(&format!("flood-{number}@example.org"))), [203, 0, 113, last])
    });
    let users = open_loop(server.address, HONEST, seconds, |number| {
        let [.., network] = (number % NETWORKS).to_be_bytes();
        from(post("/login", credentials(&honest(number % USERS))), [10, 2, network, 1])
    });
    let generator = Generator::from_now();
    let (flooding, users) = tokio::join!(flooding, users);
    let told = format!("{:.1} MiB resident; {}", server.resident().0, generator.told());
    let expected = (HONEST * seconds).ceil();
    let served = users.into_iter().filter(|seen| seen.is(StatusCode::OK)).collect::<Vec<_>>();
    let part = to_f64(served.len()) / expected;
    let p99 = p99_of(&served, StatusCode::OK);
    report.add(Figure {
        what: format!(
            "logins of honest users, {HONEST:.0}/s from {NETWORKS} networks, while one network asks {FLOOD:.0}/s, {}",
            bench.name
        ),
        measured: format!("{} of {expected:.0} answered, {}, {told}", served.len(), latencies(&served).percentiles()),
        limit: String::new(),
        verdict: Some(Verdict::at_least(part, 0.99, "")),
    });
    report.add(Figure {
        what: format!("99th percentile of those logins, {}", bench.name),
        measured: format!("{p99:.0} ms"),
        limit: String::new(),
        verdict: Some(Verdict::at_most(p99, 1_000.0, "ms")),
    });
    tell_refusals(bench, "of that network", &flooding, report);
}

/// Many logins at the same moment, on connections that are open: what is beyond the queue is refused at once, the memory
/// is bounded, and others are told that the server lives. They are bytes that were written before, so that the server
/// has the cores for itself.
async fn at_once(bench: &Bench, server: &Server, report: &mut Report) {
    // In a short try as well some find no place: 32 wait for each core, and one is compared.
    let count = if bench.extent.rounds > 1 { AT_ONCE } else { 50 * cores() };
    let mut peers = Vec::new();
    for number in 0..count {
        peers.push((peers::open(server.address).await.expect("the server takes connections"), log_in(number)));
    }
    let generator = Generator::from_now();
    let due = Instant::now();
    let mut asked = JoinSet::new();
    for (mut stream, request) in peers {
        asked.spawn(async move {
            let status = peers::say(&mut stream, &request).await.expect("an answer");
            Seen { status: Some(status), latency: due.elapsed() }
        });
    }
    let (peak, mut pulse) = (std::cell::Cell::new(0.0_f64), Vec::new());
    let watching = async {
        let mut line = Line::open(server.address).await.expect("the server takes connections");
        loop {
            let (status, latency) = line.ask(get("/health/live")).await.expect("it answers");
            pulse.push(Seen { status: Some(status), latency });
            peak.set(peak.get().max(server.resident().0));
            sleep(Duration::from_millis(10)).await;
        }
    };
    let asked =
        tokio::select! { asked = asked.join_all() => asked, () = watching => unreachable!("it watches for ever") };
    let peak = peak.get();
    let bound = to_f64(cores()) * f64::from(LEAST_MEMORY_KIB) / 1024.0 + REST_MIB;
    let hashed = asked.iter().filter(|seen| seen.is(StatusCode::UNAUTHORIZED)).count();
    let refused = asked.iter().filter(|seen| seen.is(StatusCode::SERVICE_UNAVAILABLE)).count();
    assert_eq!(hashed + refused, asked.len(), "each is compared or refused");
    report.add(Figure {
        what: format!("memory while {count} log in at once, {}", bench.name),
        measured: format!("{peak:.1} MiB resident; {hashed} compared, {refused} refused; {}", generator.told()),
        limit: String::new(),
        verdict: Some(Verdict::at_most(peak, bound, "MiB")),
    });
    tell_refusals(bench, &format!("of those of {count} at once who find no place"), &asked, report);
    tell_pulse(bench, &format!("while {count} log in at once"), &pulse, report);
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// A login of nobody, from a network of its own.
fn log_in(number: usize) -> Vec<u8> {
    let ([.., a, b], body) = (number.to_be_bytes(), credentials(&format!("at-once-{number}@example.org")));
    format!(
        "POST /login HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nx-forwarded-for: 10.{}.{b}.1\r\n\
         content-length: {}\r\n\r\n{body}",
        3 + a,
        body.len()
    )
    .into_bytes()
}

fn tell_pulse(bench: &Bench, when: &str, seen: &[Seen], report: &mut Report) {
    let p99 = p99_of(seen, StatusCode::OK);
    report.add(Figure {
        what: format!("99th percentile of `GET /health/live` {when}, {}", bench.name),
        measured: latencies(seen).percentiles(),
        limit: String::new(),
        verdict: Some(Verdict::at_most(p99, 100.0, "ms")),
    });
}

fn tell_refusals(bench: &Bench, whose: &str, seen: &[Seen], report: &mut Report) {
    let refused = seen.iter().filter(|seen| seen.is(StatusCode::SERVICE_UNAVAILABLE)).copied().collect::<Vec<_>>();
    let p99 = p99_of(&refused, StatusCode::SERVICE_UNAVAILABLE);
    report.add(Figure {
        what: format!("99th percentile of the refusals {whose}, {}", bench.name),
        measured: format!("{}, {} of {} refused", latencies(&refused).percentiles(), refused.len(), seen.len()),
        limit: String::new(),
        verdict: Some(Verdict::at_most(p99, MOST_FOR_REFUSAL, "ms")),
    });
}

fn honest(number: usize) -> String {
    format!("honest-{number}@example.org")
}

fn credentials(email: &str) -> String {
    json!({ "email": email, "password": PASSWORD }).to_string()
}

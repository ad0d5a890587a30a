//! Logins and `GET /me` with a million users, beside the same with a thousand.

use std::sync::Arc;

use e2e::database::Engine;
use hyper::StatusCode;

use crate::bulk::prepare;
use crate::callers::{Calls, readers, shuffled};
use crate::engine::Bench;
use crate::load::{Load, to_f64};
use crate::process::Server;
use crate::report::{Figure, Report, Verdict, median};
use crate::scenarios::hashing::{CONNECTIONS, COUNTED, credentials};
use crate::turn::{Turns, turn};

const FEW: usize = 1_000;
const MANY: usize = 1_000_000;
/// Of a short try.
const MANY_IN_SHORT: usize = 10_000;
const MOST_RATIO: f64 = 1.1;
const READING_CONNECTIONS: usize = 16;

/// One of the two databases, with a server on it.
struct Side {
    bench: Bench,
    server: Server,
    log_ins: Calls,
    reads: Calls,
    logged_in: Turns,
    read: Turns,
    /// The CPU of the server beside its hashing threads, for each login, in microseconds.
    rest: Vec<f64>,
}

/// Measures both in turns. It takes minutes to put a million users in.
pub(crate) async fn run(engine: Engine, quick: bool, report: &mut Report) {
    let many = if quick { MANY_IN_SHORT } else { MANY };
    let mut sides = [Side::prepare(engine, quick, FEW).await, Side::prepare(engine, quick, many).await];
    // The first round shows the users.
    for round in 0..=sides[0].bench.extent.rounds {
        for side in &mut sides {
            side.measure(round > 0).await;
        }
    }
    let [few, many_side] = &sides;
    let ratios = many_side.rest.iter().zip(&few.rest).map(|(many, few)| many / few).collect();
    let rest = |side: &Side| format!("{:.0} µs; with the hash {}", median(side.rest.clone()), side.logged_in.told());
    report.add(Figure {
        what: format!("CPU of the server per login less that of its hashing threads, {many} users, {}", few.bench.name),
        measured: rest(many_side),
        limit: format!("{FEW} users {}", rest(few)),
        verdict: Some(Verdict::at_most(median(ratios), MOST_RATIO, "")),
    });
    report.add(Figure {
        what: format!("CPU of the server per `GET /me`, {many} users, {}", few.bench.name),
        measured: format!("{}; {} of them in random order", many_side.read.told(), many_side.bench.signed.len()),
        limit: format!("{FEW} users {}", few.read.told()),
        verdict: Some(Verdict::at_most(many_side.read.ratio(&few.read, |turn| turn.cpu), MOST_RATIO, "")),
    });
    for side in sides {
        side.server.stop().await;
    }
}

impl Side {
    async fn prepare(engine: Engine, quick: bool, users: usize) -> Self {
        let bench = prepare(engine, quick, users).await;
        let server = Server::start_with(&bench.database, &COUNTED).await;
        let reads = readers("/me", bench.signed.iter().map(|user| user.access_token.as_str()));
        // Every second one has a hash that takes its time.
        let order = shuffled(users / 2);
        let log_ins: Calls = Arc::new(move |number| {
            credentials("/login", &format!("user-{}", 2 * order[number % order.len()] + 1), number)
        });
        Self { bench, server, log_ins, reads, logged_in: Turns::default(), read: Turns::default(), rest: Vec::new() }
    }

    async fn measure(&mut self, counts: bool) {
        let seconds = self.bench.extent.seconds;
        let hashing = self.server.cpu_of_threads("passwords-");
        let mut load = Load::shared(CONNECTIONS, seconds, Arc::clone(&self.log_ins));
        load.expected = StatusCode::OK;
        let logged_in = turn(&self.server, load).await;
        let hashing = (self.server.cpu_of_threads("passwords-") - hashing).as_secs_f64() * 1e6;
        let rest = logged_in.cpu - hashing / to_f64(logged_in.answers.count());
        let read = turn(&self.server, Load::shared(READING_CONNECTIONS, seconds, Arc::clone(&self.reads))).await;
        if counts {
            self.rest.push(rest);
            self.logged_in.0.push(logged_in);
            self.read.0.push(read);
        }
    }
}

//! `PATCH /me` by many clients at once, each answered when its write is durable; on SQLite beside bare commits, each of
//! as many writes as there are clients.

use std::sync::Arc;

use bytes::Bytes;
use e2e::database::Engine;
use http_body_util::Full;
use hyper::Request;

use crate::callers::{Calls, bearer, with_bearer};
use crate::engine::Bench;
use crate::limits::commits::Commits;
use crate::load::{Call, Load};
use crate::process::Server;
use crate::report::{Figure, Report, Verdict, median};
use crate::turn::{Turns, turn};

const CLIENTS: usize = 64;
const LEAST_RATIO: f64 = 0.6;

/// Measures both in turns.
pub(crate) async fn run(bench: &Bench, report: &mut Report) {
    let bearers = bench.signed.iter().map(|user| bearer(&user.access_token)).collect::<Vec<_>>();
    let calls: Calls = Arc::new(move |number| with_bearer(preference(number), bearers[number % bearers.len()].clone()));
    let mut commits = match bench.database.engine {
        Engine::Sqlite => Some(Commits::prepare(CLIENTS).await),
        Engine::Postgres => None,
    };
    let server = Server::start(&bench.database).await;
    let (mut turns, mut bare) = (Turns::default(), Vec::new());
    for _ in 0..bench.extent.rounds {
        if let Some(commits) = &mut commits {
            bare.push(commits.per_second(bench.extent.seconds).await);
        }
        turns.0.push(turn(&server, Load::shared(CLIENTS, bench.extent.seconds, Arc::clone(&calls))).await);
    }
    server.stop().await;
    let ratios = turns.0.iter().zip(&bare).map(|(turn, bare)| turn.answers.per_second() / bare).collect::<Vec<_>>();
    report.add(Figure {
        what: format!(
            "acknowledged writes (`PATCH /me`), {CLIENTS} clients, CPU of the server for each, {}",
            bench.name
        ),
        measured: turns.told(),
        limit: commits
            .map(|_| format!("bare commits of {CLIENTS} each {:.0} writes/s", median(bare)))
            .unwrap_or_default(),
        verdict: (!ratios.is_empty()).then(|| Verdict::at_least(median(ratios), LEAST_RATIO, "")),
    });
}

/// A change of one's preferences, from and to.
pub(super) fn preference(number: usize) -> Call {
    let body = if number.is_multiple_of(2) { r#"{"discoverable":true}"# } else { r#"{"discoverable":false}"# };
    let request = Request::patch("/me").header("host", "localhost").header("content-type", "application/json");
    request.body(Full::new(Bytes::from_static(body.as_bytes()))).expect("a request")
}

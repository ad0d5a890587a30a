//! `GET /me` with the access tokens of many users in random order, beside a bare route that runs the
//! same statement.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{HOST, HeaderValue};

use crate::callers::{Calls, readers, shuffled};
use crate::engine::Bench;
use crate::load::Load;
use crate::process::Server;
use crate::report::{Figure, Report, Verdict};
use crate::turn::{Turn, Turns, turn};

const LEAST_RATIO: f64 = 0.9;
const CONNECTIONS: usize = 16;

/// Measures both in turns, after each has seen every user once.
pub(crate) async fn run(bench: &Bench, report: &mut Report) {
    let ours = readers("/me", bench.signed.iter().map(|user| user.access_token.as_str()));
    let bare = bare_calls(bench);
    let (server, route) = (Server::start(&bench.database).await, Server::start_bare_route(&bench.database).await);
    let load = |calls: &Calls| Load::shared(CONNECTIONS, bench.extent.seconds, Arc::clone(calls));
    turn(&server, load(&ours)).await;
    turn(&route, load(&bare)).await;
    let (mut turns, mut bare_turns) = (Turns::default(), Turns::default());
    for _ in 0..bench.extent.rounds {
        bare_turns.0.push(turn(&route, load(&bare)).await);
        turns.0.push(turn(&server, load(&ours)).await);
    }
    server.stop().await;
    let rate: fn(&Turn) -> f64 = |turn| turn.answers.per_second();
    report.add(Figure {
        what: format!(
            "`GET /me`, {} users in random order, {CONNECTIONS} connections, CPU of the server for each, {}",
            bench.signed.len(),
            bench.name
        ),
        measured: turns.told(),
        limit: format!(
            "bare route {}; CPU {:.2} times that",
            bare_turns.told(),
            turns.ratio(&bare_turns, |turn| turn.cpu)
        ),
        verdict: Some(Verdict::at_least(turns.ratio(&bare_turns, rate), LEAST_RATIO, "")),
    });
}

fn bare_calls(bench: &Bench) -> Calls {
    let order = shuffled(bench.signed.len());
    let paths = order.iter().map(|index| format!("/me/{}", bench.signed[*index].session));
    let paths = paths.map(|path| hyper::Uri::try_from(path).expect("a path")).collect::<Vec<_>>();
    let host = HeaderValue::from_static("localhost");
    Arc::new(move |number| {
        let mut call = Request::new(Full::<Bytes>::default());
        *call.uri_mut() = paths[number % paths.len()].clone();
        call.headers_mut().insert(HOST, host.clone());
        call
    })
}

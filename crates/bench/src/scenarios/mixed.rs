//! What a registry is asked on an ordinary day, all of it at once: a closed loop, and an open one at 70 % of its rate.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use serde_json::json;

use crate::callers::{bearer, shuffled, with_bearer};
use crate::engine::Bench;
use crate::load::{Call, Load, ask_with, get, latencies, open_loop_with, post, to_f64};
use crate::process::{Server, own_cpu};
use crate::report::{Figure, Report};
use crate::scenarios::hashing::credentials;
use crate::scenarios::tokens::issue_authority_token;
use crate::scenarios::{sessions::refresh_token, writes::preference};
use crate::turn::{Turns, turn};

const CONNECTIONS: usize = 16;
/// Chains of refresh tokens: so many that none is asked for twice at a time.
const CHAINS: usize = 64;
/// The part of the closed loop's rate at which the open one asks.
const PART: f64 = 0.7;
const WHAT: &str = "mixed: of 20 requests 14 `GET /me` by access token, 2 by `token_required`, 2 `POST /refresh`, \
                    1 `GET /authority-token`, 1 `PATCH /me`";

/// Measures both loops on one server.
pub(crate) async fn run(bench: &Bench, report: &mut Report) {
    issue_authority_token(bench).await;
    let server = Server::start(&bench.database).await;
    let mix = Arc::new(Mix::prepare(bench, &server).await);
    let mut turns = Turns::default();
    for _ in 0..bench.extent.rounds {
        turns.0.push(turn(&server, mix.load(bench.extent.seconds)).await);
    }
    report.add(Figure {
        what: format!("{WHAT}; closed loop, {CONNECTIONS} connections, CPU of the server for each, {}", bench.name),
        measured: turns.told(),
        limit: String::new(),
        verdict: None,
    });
    let (rate, seconds) = (turns.rate() * PART, 3.0 * bench.extent.seconds);
    let (before, shown) = ((server.cpu(), own_cpu()), Arc::clone(&mix));
    let call = |number| mix.call(number);
    let seen = open_loop_with(server.address, rate, seconds, call, move |number, body| shown.keep(number, body)).await;
    let each = |spent: std::time::Duration| spent.as_secs_f64() * 1e6 / to_f64(seen.len());
    let answered = seen.iter().filter(|seen| seen.status.is_some()).count();
    let wrong = seen.iter().filter(|seen| !seen.status.is_some_and(|status| status.is_success())).count();
    report.add(Figure {
        what: format!("the same; open loop, {rate:.0}/s, CPU of the server for each, {}", bench.name),
        measured: format!(
            "{:.0} µs, {answered} of {} answered, {wrong} otherwise than with success, {}, {:.1} MiB resident; of the load generator {:.0} µs",
            each(server.cpu() - before.0),
            seen.len(),
            latencies(&seen).percentiles(),
            server.resident().0,
            each(own_cpu() - before.1)
        ),
        limit: String::new(),
        verdict: None,
    });
    server.stop().await;
}

/// All that is asked.
struct Mix {
    /// The access token and the `token_required` of each user, in random order.
    users: Vec<[hyper::header::HeaderValue; 2]>,
    chains: Vec<Mutex<String>>,
}

impl Mix {
    async fn prepare(bench: &Bench, server: &Server) -> Self {
        let order = shuffled(bench.signed.len()).into_iter().map(|index| &bench.signed[index]);
        let users = order.map(|user| [bearer(&user.access_token), bearer(&user.user_token)]).collect();
        let mut chains = Vec::new();
        for chain in 0..CHAINS {
            let ask = |path| ask_with(server.address, credentials(path, &format!("mixed-{chain}"), chain));
            ask("/signup").await.expect("anybody may sign up");
            chains.push(Mutex::new(refresh_token(&ask("/login").await.expect("a login"))));
        }
        Self { users, chains }
    }

    fn load(self: &Arc<Self>, seconds: f64) -> Load {
        let mut load = Load::new(hyper::StatusCode::OK, seconds);
        for connection in 0..CONNECTIONS {
            let (mix, mut number) = (Arc::clone(self), connection);
            load.connections.push(Box::new(move |answer| {
                if let Some(body) = answer {
                    mix.keep(number, body);
                    number += CONNECTIONS;
                }
                mix.call(number)
            }));
        }
        load
    }

    fn call(&self, number: usize) -> Call {
        let [session, program] = &self.users[number % self.users.len()];
        match number % 20 {
            0 | 10 => {
                let token = self.chain(number).lock().unwrap_or_else(PoisonError::into_inner).clone();
                post("/refresh", json!({ "refresh_token": token }).to_string())
            }
            1 | 11 => with_bearer(get("/me"), program.clone()),
            2 => with_bearer(get("/authority-token?domain=example.org"), program.clone()),
            12 => with_bearer(preference(number / 20), session.clone()),
            _ => with_bearer(get("/me"), session.clone()),
        }
    }

    /// Keeps the refresh token of an answer for the next request of its chain.
    fn keep(&self, number: usize, body: &Bytes) {
        if number.is_multiple_of(10) {
            *self.chain(number).lock().unwrap_or_else(PoisonError::into_inner) = refresh_token(body);
        }
    }

    fn chain(&self, number: usize) -> &Mutex<String> {
        &self.chains[number / 10 % CHAINS]
    }
}

//! What sessions cost: a refresh, the list of one's sessions, and a login that is refused because too many came.

use std::sync::Arc;

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::callers::{from, readers};
use crate::engine::Bench;
use crate::load::{Call, Load, ask_with, post};
use crate::process::Server;
use crate::registry::PASSWORD;
use crate::report::{Figure, Report, Verdict};
use crate::turn::{Turns, turn};

const CONNECTIONS: usize = 16;
/// The most CPU of the server for a refresh whose tokens are signed with ES256, in milliseconds.
const MOST_FOR_REFRESH: f64 = 1.0;
/// The most CPU of the server for a login that is refused before anything is hashed, in milliseconds.
const MOST_FOR_REFUSAL: f64 = 0.3;

/// Measures all of them.
pub(crate) async fn run(bench: &Bench, report: &mut Report) {
    for algorithm in ["ES256", "RS256"] {
        refresh(bench, algorithm, report).await;
    }
    list(bench, report).await;
    refusal(bench, report).await;
    resting(bench, report).await;
}

/// Each connection exchanges its own refresh token for the next, again and again.
async fn refresh(bench: &Bench, algorithm: &str, report: &mut Report) {
    let server = Server::start_with(&bench.database, &[("USER_REGISTRY_SIGNING_ALGORITHM", algorithm)]).await;
    let mut tokens = Vec::new();
    for connection in 0..CONNECTIONS {
        let email = format!("refresh-{algorithm}-{connection}@example.org");
        let form = json!({ "email": email, "password": PASSWORD }).to_string();
        ask_with(server.address, post("/signup", form.clone())).await.expect("anybody may sign up");
        tokens.push(refresh_token(&ask_with(server.address, post("/login", form)).await.expect("a login")));
    }
    let mut turns = Turns::default();
    for _ in 0..bench.extent.rounds {
        let mut load = Load::new(StatusCode::OK, bench.extent.seconds);
        let (next_tokens, kept) = std::sync::mpsc::channel();
        for token in tokens.drain(..) {
            let mut token = Token { text: token, kept_by: next_tokens.clone() };
            load.connections.push(Box::new(move |answer| {
                if let Some(body) = answer {
                    token.text = refresh_token(body);
                }
                post("/refresh", json!({ "refresh_token": token.text }).to_string())
            }));
        }
        drop(next_tokens);
        turns.0.push(turn(&server, load).await);
        tokens.extend(kept);
    }
    let required = (algorithm == "ES256").then_some(MOST_FOR_REFRESH);
    tell(report, &format!("`POST /refresh`, {algorithm}"), bench, &turns, required);
    server.stop().await;
}

/// The refresh token of a connection, which is handed on when the connection ends.
struct Token {
    text: String,
    kept_by: std::sync::mpsc::Sender<String>,
}

impl Drop for Token {
    fn drop(&mut self) {
        // At the end of the last turn nobody wants it any more.
        let _ = self.kept_by.send(std::mem::take(&mut self.text));
    }
}

/// The refresh token of an answer.
pub(super) fn refresh_token(body: &[u8]) -> String {
    let tokens = serde_json::from_slice::<Value>(body).expect("JSON");
    tokens["refresh_token"].as_str().expect("a refresh token").to_owned()
}

async fn list(bench: &Bench, report: &mut Report) {
    let server = Server::start(&bench.database).await;
    let calls = readers("/sessions", bench.signed.iter().map(|user| user.access_token.as_str()));
    let mut turns = Turns::default();
    for _ in 0..bench.extent.rounds {
        turns.0.push(turn(&server, Load::shared(CONNECTIONS, bench.extent.seconds, Arc::clone(&calls))).await);
    }
    tell(report, "`GET /sessions`", bench, &turns, None);
    server.stop().await;
}

/// Logins from an address that has used up its limit, each with another account.
async fn refusal(bench: &Bench, report: &mut Report) {
    let server = Server::start_with(&bench.database, &[("USER_REGISTRY_THROTTLES", "on")]).await;
    let log_in = |number: usize| {
        let email = format!("nobody-{number}@example.org");
        post("/login", json!({ "email": email, "password": PASSWORD }).to_string())
    };
    let (tried, turns) = refused(bench, &server, None, log_in).await;
    tell(report, &format!("`POST /login` refused after {tried}"), bench, &turns, Some(MOST_FOR_REFUSAL));
    server.stop().await;
}

/// Logins with an account that rests, each from a network of its own: the process remembers for a second that an
/// account rests for a network, and here it never does.
async fn resting(bench: &Bench, report: &mut Report) {
    let settings = [("USER_REGISTRY_THROTTLES", "on"), ("USER_REGISTRY_TRUSTED_PROXIES", "127.0.0.0/8")];
    let server = Server::start_with(&bench.database, &settings).await;
    let body = json!({ "email": "rests@example.org", "password": PASSWORD }).to_string();
    let log_in = move |number: usize| {
        let [.., a, b, c] = number.to_be_bytes();
        from(post("/login", body.clone()), [11 + a % 100, b, c, 1])
    };
    // One is admitted whenever the account has rested.
    let (_, turns) = refused(bench, &server, Some(StatusCode::UNAUTHORIZED), log_in).await;
    let what = "`POST /login` refused because the account rests, each from another network";
    tell(report, what, bench, &turns, Some(MOST_FOR_REFUSAL));
    server.stop().await;
}

/// Asks until it is refused, and then as fast as that goes: how many it took, and what came then. No number is
/// asked twice.
async fn refused(
    bench: &Bench,
    server: &Server,
    tolerated: Option<StatusCode>,
    call: impl Fn(usize) -> Call + Clone + Send + 'static,
) -> (usize, Turns) {
    let mut tried = 0;
    while !ask_with(server.address, call(tried)).await.is_err_and(|error| error.to_string().starts_with("429")) {
        tried += 1;
        assert!(tried < 10_000, "no login is refused");
    }
    let mut turns = Turns::default();
    for round in 1..=bench.extent.rounds {
        let mut load = Load::new(StatusCode::TOO_MANY_REQUESTS, bench.extent.seconds);
        load.tolerated = tolerated;
        for connection in 0..CONNECTIONS {
            let (call, mut number) = (call.clone(), 1_000_000 * round + connection);
            load.connections.push(Box::new(move |_| {
                number += CONNECTIONS;
                call(number)
            }));
        }
        turns.0.push(turn(server, load).await);
    }
    (tried, turns)
}

fn tell(report: &mut Report, what: &str, bench: &Bench, turns: &Turns, most: Option<f64>) {
    report.add(Figure {
        what: format!("CPU of the server per {what}, {CONNECTIONS} connections, {}", bench.name),
        measured: turns.told(),
        limit: String::new(),
        verdict: most.map(|most| Verdict::at_most(turns.cpu() / 1e3, most, " ms")),
    });
}

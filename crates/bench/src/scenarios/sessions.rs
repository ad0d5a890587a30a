//! What sessions cost: a refresh, the list of one's sessions, and a login that is refused because too many came.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, HeaderValue};
use serde_json::{Value, json};

use crate::engine::Bench;
use crate::load::{Answers, Call, Load, ask_with, get, post, run_load, to_f64};
use crate::process::{Server, own_cpu};
use crate::report::{Figure, Report, Verdict, median};

const CONNECTIONS: usize = 16;
const PASSWORD: &str = "correct horse battery";
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
    let mut turns = Vec::new();
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
        turns.push(turn(&server, load).await);
        tokens.extend(kept);
    }
    let required = (algorithm == "ES256").then_some(MOST_FOR_REFRESH);
    tell(report, format!("`POST /refresh`, {algorithm}, {}", bench.name), &turns, required);
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

fn refresh_token(body: &[u8]) -> String {
    let tokens = serde_json::from_slice::<Value>(body).expect("JSON");
    tokens["refresh_token"].as_str().expect("a refresh token").to_owned()
}

async fn list(bench: &Bench, report: &mut Report) {
    let server = Server::start(&bench.database).await;
    let bearers = bench.signed.iter().map(|user| HeaderValue::from_str(&format!("Bearer {}", user.access_token)));
    let bearers: Arc<[HeaderValue]> = bearers.map(|bearer| bearer.expect("a token is ASCII")).collect();
    let mut turns = Vec::new();
    for _ in 0..bench.extent.rounds {
        let mut load = Load::new(StatusCode::OK, bench.extent.seconds);
        for connection in 0..CONNECTIONS {
            let (bearers, mut number) = (Arc::clone(&bearers), connection);
            load.connections.push(Box::new(move |_| {
                let mut call = get("/sessions");
                call.headers_mut().insert(AUTHORIZATION, bearers[number % bearers.len()].clone());
                number += CONNECTIONS;
                call
            }));
        }
        turns.push(turn(&server, load).await);
    }
    tell(report, format!("`GET /sessions`, {}", bench.name), &turns, None);
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
    tell(report, format!("`POST /login` refused after {tried}, {}", bench.name), &turns, Some(MOST_FOR_REFUSAL));
    server.stop().await;
}

/// Logins with an account that rests, each from a network of its own: the process remembers for a second that an
/// account rests for a network, and here it never does.
async fn resting(bench: &Bench, report: &mut Report) {
    let settings = [("USER_REGISTRY_THROTTLES", "on"), ("USER_REGISTRY_TRUSTED_PROXIES", "127.0.0.0/8")];
    let server = Server::start_with(&bench.database, &settings).await;
    let body = json!({ "email": "rests@example.org", "password": PASSWORD }).to_string();
    let log_in = move |number: usize| {
        let mut call = post("/login", body.clone());
        let [.., a, b, c] = number.to_be_bytes();
        let address = format!("{}.{b}.{c}.1", 11 + a % 100);
        let address = HeaderValue::from_str(&address).expect("an address is ASCII");
        call.headers_mut().insert("x-forwarded-for", address);
        call
    };
    // One is admitted whenever the account has rested.
    let (_, turns) = refused(bench, &server, Some(StatusCode::UNAUTHORIZED), log_in).await;
    let what = "`POST /login` refused because the account rests, each from another network";
    tell(report, format!("{what}, {}", bench.name), &turns, Some(MOST_FOR_REFUSAL));
    server.stop().await;
}

/// Asks until it is refused, and then as fast as that goes: how many it took, and what came then. No number is
/// asked twice.
async fn refused(
    bench: &Bench,
    server: &Server,
    tolerated: Option<StatusCode>,
    call: impl Fn(usize) -> Call + Clone + Send + 'static,
) -> (usize, Vec<Turn>) {
    let mut tried = 0;
    while !ask_with(server.address, call(tried)).await.is_err_and(|error| error.to_string().starts_with("429")) {
        tried += 1;
        assert!(tried < 10_000, "no login is refused");
    }
    let mut turns = Vec::new();
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
        turns.push(turn(server, load).await);
    }
    (tried, turns)
}

/// One turn: what came, and the CPU time for each answer in milliseconds, of the server and of the load generator.
struct Turn {
    answers: Answers,
    cpu: f64,
    generator: f64,
}

async fn turn(server: &Server, load: Load) -> Turn {
    let before = (server.cpu(), own_cpu());
    let answers = run_load(server.address, load).await;
    let (cpu, generator) = (server.cpu() - before.0, own_cpu() - before.1);
    let each = 1e3 / to_f64(answers.count());
    Turn { cpu: cpu.as_secs_f64() * each, generator: generator.as_secs_f64() * each, answers }
}

fn tell(report: &mut Report, what: String, turns: &[Turn], most: Option<f64>) {
    let middle = |part: fn(&Turn) -> f64| median(turns.iter().map(part).collect());
    let [half, most_answers] = [0.5, 0.99]
        .map(|part| median(turns.iter().map(|turn| turn.answers.within(part).as_secs_f64()).collect()) * 1e3);
    let cpu = middle(|turn| turn.cpu);
    report.add(Figure {
        what: format!("CPU of the server per {what}, {CONNECTIONS} connections"),
        measured: format!(
            "{:.0} µs, {:.0}/s, p50 {half:.2} ms, p99 {most_answers:.2} ms; of the load generator {:.0} µs",
            cpu * 1e3,
            middle(|turn| turn.answers.per_second()),
            middle(|turn| turn.generator) * 1e3
        ),
        limit: String::new(),
        verdict: most.map(|most| Verdict::at_most(cpu, most, " ms")),
    });
}

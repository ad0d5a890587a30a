//! `GET /me` with the access tokens of many users in random order, beside a bare route that runs the
//! same statement.

use std::sync::Arc;

use bytes::Bytes;
use domain::ports::entropy::Entropy as _;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{AUTHORIZATION, HOST, HeaderValue};
use memory::entropy::SeededEntropy;

use crate::engine::Bench;
use crate::load::{Answers, Call, closed_loop, get, to_f64};
use crate::process::{Server, own_cpu};
use crate::report::{Figure, Report, Verdict, median};

const LEAST_RATIO: f64 = 0.7;
const CONNECTIONS: usize = 16;

/// One turn of one of the two.
struct Turn {
    answers: Answers,
    /// CPU time for each request, in microseconds.
    cpu: f64,
    /// The same of the load generator.
    generator: f64,
}

/// Measures both in turns, after each has seen every user once.
pub(crate) async fn run(bench: &Bench, report: &mut Report) {
    let order = shuffled(bench.signed.len());
    let (ours, bare) = (calls(bench, &order), bare_calls(bench, &order));
    let (server, route) = (Server::start(&bench.database).await, Server::start_bare_route(&bench.database).await);
    let seconds = bench.extent.seconds;
    turn(&server, seconds, &ours).await;
    turn(&route, seconds, &bare).await;
    let (mut turns, mut bare_turns) = (Vec::new(), Vec::new());
    for _ in 0..bench.extent.rounds {
        bare_turns.push(turn(&route, seconds, &bare).await);
        turns.push(turn(&server, seconds, &ours).await);
    }
    tell(bench, &turns, &bare_turns, report);
    let (all, own) = server.resident();
    report.add(Figure {
        what: format!("memory after that load, {}", bench.name),
        measured: format!("{all:.1} MiB resident, {own:.1} MiB of it no page of a file"),
        limit: String::new(),
        verdict: None,
    });
    server.stop().await;
}

fn tell(bench: &Bench, turns: &[Turn], bare: &[Turn], report: &mut Report) {
    let ratio_of =
        |part: fn(&Turn) -> f64| median(turns.iter().zip(bare).map(|(turn, bare)| part(turn) / part(bare)).collect());
    let rate: fn(&Turn) -> f64 = |turn| turn.answers.per_second();
    let cpu: fn(&Turn) -> f64 = |turn| turn.cpu;
    let middle = |turns: &[Turn], part: fn(&Turn) -> f64| median(turns.iter().map(part).collect());
    let latency = |turns: &[Turn]| {
        let [half, most, nearly_all] = [0.5, 0.99, 0.999]
            .map(|part| median(turns.iter().map(|turn| turn.answers.within(part).as_secs_f64()).collect()) * 1e3);
        format!("p50 {half:.2} ms, p99 {most:.2} ms, p999 {nearly_all:.2} ms")
    };
    let name = bench.name;
    report.add(Figure {
        what: format!("`GET /me`, {} users in random order, {CONNECTIONS} connections, {name}", bench.signed.len()),
        measured: format!("{:.0}/s, {}", middle(turns, rate), latency(turns)),
        limit: format!("bare route {:.0}/s, {}", middle(bare, rate), latency(bare)),
        verdict: Some(Verdict::at_least(ratio_of(rate), LEAST_RATIO, "")),
    });
    report.add(Figure {
        what: format!("CPU of the server per `GET /me`, {name}"),
        measured: format!(
            "{:.0} µs; of the load generator {:.0} µs",
            middle(turns, cpu),
            middle(turns, |turn| turn.generator)
        ),
        limit: format!("bare route {:.0} µs, so {:.2} times that", middle(bare, cpu), ratio_of(cpu)),
        verdict: None,
    });
}

async fn turn(server: &Server, seconds: f64, calls: &Arc<dyn Fn(usize) -> Call + Send + Sync>) -> Turn {
    let before = (server.cpu(), own_cpu());
    let answers = closed_loop(server.address, CONNECTIONS, seconds, Arc::clone(calls)).await;
    let (cpu, generator) = (server.cpu() - before.0, own_cpu() - before.1);
    let each = 1e6 / to_f64(answers.count());
    Turn { cpu: cpu.as_secs_f64() * each, generator: generator.as_secs_f64() * each, answers }
}

fn calls(bench: &Bench, order: &[usize]) -> Arc<dyn Fn(usize) -> Call + Send + Sync> {
    let bearer = |index: &usize| HeaderValue::from_str(&format!("Bearer {}", bench.signed[*index].access_token));
    let tokens = order.iter().map(|index| bearer(index).expect("a token is ASCII")).collect::<Vec<_>>();
    Arc::new(move |number| {
        let mut call = get("/me");
        call.headers_mut().insert(AUTHORIZATION, tokens[number % tokens.len()].clone());
        call
    })
}

fn bare_calls(bench: &Bench, order: &[usize]) -> Arc<dyn Fn(usize) -> Call + Send + Sync> {
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

/// The numbers below `count` in an order that is random, and the same in every run.
fn shuffled(count: usize) -> Vec<usize> {
    let (entropy, mut order) = (SeededEntropy::new(1), (0..count).collect::<Vec<_>>());
    for last in (1..count).rev() {
        let mut bytes = [0; 4];
        entropy.fill(&mut bytes);
        let drawn = usize::try_from(u32::from_be_bytes(bytes)).expect("32 bits");
        order.swap(last, drawn % (last + 1));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::shuffled;

    #[test]
    fn every_user_comes_once_in_an_order_that_is_none() {
        let order = shuffled(1_000);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..1_000));
        let followers = order.windows(2).filter(|pair| pair[0] + 1 == pair[1]).count();
        assert!(followers < 20, "{followers} users come right after the one before them");
    }
}

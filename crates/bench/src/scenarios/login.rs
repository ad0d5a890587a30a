//! `POST /login` while every thread of the hashing pool is busy, beside one bare hash.

use std::sync::Arc;

use hyper::header::HeaderValue;
use serde_json::json;

use crate::engine::Bench;
use crate::limits::hash::cpu_of_one;
use crate::load::{Call, ask_with, closed_loop, post, to_f64};
use crate::process::{Server, own_cpu};
use crate::report::{Figure, Report, Verdict, median};

const MOST_RATIO: f64 = 1.08;
/// Twice as many as this machine has cores: one hashes while the other's answer travels.
const CONNECTIONS: usize = 4;
/// Users with a real hash: signing them up costs one each. So many that no two logins of one meet.
const USERS: usize = 64;
const PASSWORD: &str = "correct horse battery";

/// Measures both in turns.
pub(crate) async fn run(bench: &Bench, report: &mut Report) {
    // As it is shipped: every login is counted, and none is refused, for each comes from an address of its own.
    let settings = [("USER_REGISTRY_THROTTLES", "on"), ("USER_REGISTRY_TRUSTED_PROXIES", "127.0.0.0/8")];
    let server = Server::start_with(&bench.database, &settings).await;
    for user in 0..USERS {
        ask_with(server.address, call("/signup", user)).await.expect("anybody may sign up");
    }
    let call: Arc<dyn Fn(usize) -> Call + Send + Sync> = Arc::new(|number| call("/login", number));
    let (mut ratios, mut each, mut bare, mut rates, mut generator) = (vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..bench.extent.rounds {
        let limit = cpu_of_one(bench.extent.seconds);
        let before = (server.cpu(), own_cpu());
        let answers = closed_loop(server.address, CONNECTIONS, bench.extent.seconds, Arc::clone(&call)).await;
        let logins = to_f64(answers.count());
        let spent = (server.cpu() - before.0).as_secs_f64() / logins;
        generator.push((own_cpu() - before.1).as_secs_f64() / logins);
        ratios.push(spent / limit);
        each.push(spent);
        bare.push(limit);
        rates.push(answers.per_second());
    }
    report.add(Figure {
        what: format!("CPU of the server per login, {CONNECTIONS} connections, {}", bench.name),
        measured: format!(
            "{:.2} ms, {:.1} logins/s; of the load generator {:.2} ms",
            median(each) * 1e3,
            median(rates),
            median(generator) * 1e3
        ),
        limit: format!("bare hash {:.2} ms", median(bare) * 1e3),
        verdict: Some(Verdict::at_most(median(ratios), MOST_RATIO, "")),
    });
    server.stop().await;
}

/// What one of the users asks, each time from another address.
fn call(path: &str, number: usize) -> Call {
    let email = format!("login-{}@example.org", number % USERS);
    let mut call = post(path, json!({ "email": email, "password": PASSWORD }).to_string());
    let [.., a, b, c] = number.to_be_bytes();
    let address = HeaderValue::from_str(&format!("10.{a}.{b}.{c}")).expect("an address is ASCII");
    call.headers_mut().insert("x-forwarded-for", address);
    call
}

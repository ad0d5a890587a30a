//! `POST /login` while every thread of the hashing pool is busy, beside one bare hash.

use std::sync::Arc;

use serde_json::json;

use crate::engine::Bench;
use crate::limits::hash::cpu_of_one;
use crate::load::{Call, ask_with, closed_loop, post, to_f64};
use crate::process::{Server, own_cpu};
use crate::report::{Figure, Report, Verdict, median};

const MOST_RATIO: f64 = 1.08;
/// Twice as many as this machine has cores: one hashes while the other's answer travels.
const CONNECTIONS: usize = 4;
/// Users with a real hash: signing them up costs one each.
const USERS: usize = 8;
const PASSWORD: &str = "correct horse battery";

/// Measures both in turns.
pub(crate) async fn run(bench: &Bench, report: &mut Report) {
    let server = Server::start(&bench.database).await;
    for user in 0..USERS {
        let body = json!({"email": email(user), "password": PASSWORD}).to_string();
        ask_with(server.address, post("/signup", body)).await.expect("anybody may sign up");
    }
    let call: Arc<dyn Fn(usize) -> Call + Send + Sync> =
        Arc::new(|number| post("/login", json!({"email": email(number % USERS), "password": PASSWORD}).to_string()));
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

fn email(user: usize) -> String {
    format!("login-{user}@example.org")
}

//! Three servers on one PostgreSQL beside one: how much they read together, and whether they count together.

use std::sync::Arc;

use domain::throttles::limits::Limit;
use hyper::StatusCode;
use tokio::task::JoinSet;

use crate::callers::{from, readers};
use crate::engine::Bench;
use crate::load::{Answers, Line, Load, post, run_load, to_f64};
use crate::process::{Generator, Server};
use crate::registry::PASSWORD;
use crate::report::{Figure, Report, Verdict, median};
use crate::scenarios::hashing::COUNTED;

const REPLICAS: usize = 3;
/// All connections together, whichever servers they lead to.
const CONNECTIONS: usize = 15;
/// How many log in at a time at each of them from one address, and how often each.
const AT_EACH: usize = 4;

/// Measures both.
pub(crate) async fn run(bench: &Bench, report: &mut Report) {
    // No login that was counted may be refused because its hash waits.
    let settings = [COUNTED[0], COUNTED[1], ("USER_REGISTRY_HASHING_DEADLINE", "60s")];
    let mut servers = Vec::new();
    for _ in 0..REPLICAS {
        servers.push(Server::start_with(&bench.database, &settings).await);
    }
    reads(bench, &servers, report).await;
    throttles(bench, &servers, report).await;
    for server in servers {
        server.stop().await;
    }
}

async fn reads(bench: &Bench, servers: &[Server], report: &mut Report) {
    let calls = readers("/me", bench.signed.iter().map(|user| user.access_token.as_str()));
    let load = |connections| Load::shared(connections, bench.extent.seconds, Arc::clone(&calls));
    let (mut one, mut all, generator) = (Vec::new(), Vec::new(), Generator::from_now());
    // The first round shows the users.
    for round in 0..=bench.extent.rounds {
        let alone = run_load(servers[0].address, load(CONNECTIONS)).await;
        let loads = servers.iter().map(|server| run_load(server.address, load(CONNECTIONS / REPLICAS)));
        let together = Answers::together(e2e::join_all(loads).await);
        if round > 0 {
            one.push(alone);
            all.push(together);
        }
    }
    let told = |turns: &[Answers]| {
        let middle = median(turns.iter().map(Answers::per_second).collect());
        let percentiles = turns.last().map(Answers::percentiles).unwrap_or_default();
        format!("{middle:.0}/s, in the last turn {percentiles}")
    };
    let ratio = median(all.iter().zip(&one).map(|(all, one)| all.per_second() / one.per_second()).collect());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let resident = servers.iter().map(|server| format!("{:.1}", server.resident().0)).collect::<Vec<_>>().join(", ");
    report.add(Figure {
        what: format!("`GET /me` by {REPLICAS} servers on one {}, {CONNECTIONS} connections together", bench.name),
        measured: format!(
            "{}, {ratio:.2} times as many as one, {resident} MiB resident; {}",
            told(&all),
            generator.told()
        ),
        limit: format!("one server {}; all share {cores} cores with PostgreSQL", told(&one)),
        verdict: None,
    });
}

async fn throttles(bench: &Bench, servers: &[Server], report: &mut Report) {
    let most = Limit::LogInAddress.quota().most;
    let most = usize::try_from(most).expect("a small number");
    // A fifth more than are admitted.
    let each = most * 6 / 5 / (REPLICAS * AT_EACH);
    let mut lines = JoinSet::new();
    for (place, server) in servers.iter().enumerate() {
        for line in 0..AT_EACH {
            let address = server.address;
            lines.spawn(async move {
                let mut connection = Line::open(address).await.expect("the server takes connections");
                let mut seen = Vec::new();
                for number in 0..each {
                    let email = format!("counted-{place}-{line}-{number}@example.org");
                    let body = serde_json::json!({ "email": email, "password": PASSWORD }).to_string();
                    let call = from(post("/login", body), [198, 51, 100, 7]);
                    seen.push(connection.ask(call).await.expect("an answer").0);
                }
                seen
            });
        }
    }
    let seen = lines.join_all().await.concat();
    let count = |status: StatusCode| seen.iter().filter(|seen| **seen == status).count();
    let (admitted, refused) = (count(StatusCode::UNAUTHORIZED), count(StatusCode::TOO_MANY_REQUESTS));
    report.add(Figure {
        what: format!("logins from one address at {REPLICAS} servers at once: how far from its limit, {}", bench.name),
        measured: format!(
            "{admitted} admitted, {refused} refused with 429, {} with 503",
            seen.len() - admitted - refused
        ),
        limit: format!("{most} in five minutes"),
        verdict: Some(Verdict::at_most(to_f64(admitted.abs_diff(most)), 0.0, "")),
    });
}

//! `POST /login` and `POST /signup` while every thread of the hashing pool is busy, beside one bare hash.

use std::fs::read_dir;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use hyper::StatusCode;
use serde_json::json;

use crate::callers::{Calls, from};
use crate::engine::Bench;
use crate::limits::hash::cpu_of_one;
use crate::load::{Call, Load, ask_with, post, to_f64};
use crate::process::{Server, idle_cores};
use crate::registry::PASSWORD;
use crate::report::{Figure, Report, Verdict, median};
use crate::turn::{Turns, turn};

const MOST_FOR_LOGIN: f64 = 1.04;
const MOST_FOR_SIGN_UP: f64 = 1.08;
/// The least part of what the machine has left that the hashing threads take.
const LEAST_BUSY: f64 = 0.97;
/// As the server is shipped: all are counted, and none is refused, for each comes from an address of its own.
pub(super) const COUNTED: [(&str, &str); 2] =
    [("USER_REGISTRY_THROTTLES", "on"), ("USER_REGISTRY_TRUSTED_PROXIES", "127.0.0.0/8")];
/// Twice as many as this machine has cores: one hashes while the other's answer travels.
pub(super) const CONNECTIONS: usize = 4;
/// Users with a real hash: signing them up costs one each. So many that no two logins of one meet.
const USERS: usize = 64;

/// Logins of users who are there.
pub(crate) async fn log_in(bench: &Bench, report: &mut Report) {
    let server = Server::start_with(&bench.database, &COUNTED).await;
    let call = |path: &str, number: usize| credentials(path, &format!("login-{}", number % USERS), number);
    for user in 0..USERS {
        ask_with(server.address, call("/signup", user)).await.expect("anybody may sign up");
    }
    let hashes = beside_hashes(bench, &server, StatusCode::OK, Arc::new(move |number| call("/login", number))).await;
    hashes.tell(report, &format!("login, {CONNECTIONS} connections, {}", bench.name), MOST_FOR_LOGIN, "");
    let (busy, others) = (median(hashes.busy), median(hashes.others));
    report.add(Figure {
        what: format!("hashing threads busy, of what is left of the cores in that storm, {}", bench.name),
        measured: format!("{:.1} %; the generator, the database and others took {:.1} %", busy * 1e2, others * 1e2),
        limit: String::new(),
        verdict: Some(Verdict::at_least(busy, LEAST_BUSY, "")),
    });
    server.stop().await;
}

/// Sign-ups, each with an address that is new. Letters go out meanwhile, as they do.
pub(crate) async fn sign_up(bench: &Bench, report: &mut Report) {
    let server = Server::start_with(&bench.database, &COUNTED).await;
    let letters = || read_dir(bench.database.folder().join("mail")).map_or(0, Iterator::count);
    let before = letters();
    let numbers = Arc::new(AtomicUsize::new(0));
    let new = move |_| {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        credentials("/signup", &format!("sign-up-{number}"), number)
    };
    let hashes = beside_hashes(bench, &server, StatusCode::CREATED, Arc::new(new)).await;
    let told = format!("; {} letters went out", letters() - before);
    hashes.tell(report, &format!("sign-up, {CONNECTIONS} connections, {}", bench.name), MOST_FOR_SIGN_UP, &told);
    server.stop().await;
    // What follows is measured without letters beside it.
    bench.database.run("UPDATE deliveries SET state = 'sent'").await;
}

/// What some turns came to beside as many turns of bare hashes.
pub(super) struct Hashes {
    pub(super) turns: Turns,
    /// The CPU of a bare hash, in microseconds, in the turn before each.
    pub(super) bare: Vec<f64>,
    /// The part that the hashing threads took of what was left of the cores.
    busy: Vec<f64>,
    /// The part of the cores that neither the server took nor nobody.
    others: Vec<f64>,
}

/// Lets a load run in turns with bare hashes.
pub(super) async fn beside_hashes(bench: &Bench, server: &Server, expected: StatusCode, calls: Calls) -> Hashes {
    let cores = std::thread::available_parallelism().map_or(1.0, |cores| to_f64(cores.get()));
    let mut hashes = Hashes { turns: Turns::default(), bare: vec![], busy: vec![], others: vec![] };
    for _ in 0..bench.extent.rounds {
        hashes.bare.push(cpu_of_one(bench.extent.seconds) * 1e6);
        let now = || (Instant::now(), server.cpu(), server.cpu_of_threads("passwords-"), idle_cores());
        let before = now();
        let mut load = Load::shared(CONNECTIONS, bench.extent.seconds, Arc::clone(&calls));
        load.expected = expected;
        hashes.turns.0.push(turn(server, load).await);
        let after = now();
        let all = (after.0 - before.0).as_secs_f64() * cores;
        let [ours, hashing, idle] =
            [after.1 - before.1, after.2 - before.2, after.3.saturating_sub(before.3)].map(|time| time.as_secs_f64());
        hashes.busy.push(hashing / (ours + idle));
        hashes.others.push(1.0 - (ours + idle) / all);
    }
    hashes
}

impl Hashes {
    fn tell(&self, report: &mut Report, what: &str, most: f64, more: &str) {
        let ratios = self.turns.0.iter().zip(&self.bare).map(|(turn, bare)| turn.cpu / bare).collect();
        report.add(Figure {
            what: format!("CPU of the server per {what}"),
            measured: format!("{}{more}", self.turns.told()),
            limit: format!("bare hash {:.2} ms", median(self.bare.clone()) / 1e3),
            verdict: Some(Verdict::at_most(median(ratios), most, "")),
        });
    }
}

/// What a user asks by their password, each time from another address.
pub(super) fn credentials(path: &str, name: &str, number: usize) -> Call {
    let body = json!({ "email": format!("{name}@example.org"), "password": PASSWORD }).to_string();
    let [.., a, b, c] = number.to_be_bytes();
    from(post(path, body), [10, a, b, c])
}

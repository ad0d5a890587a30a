//! Whether the time of an answer tells a stranger if an account exists: answers to requests about accounts that
//! are there and about others, in turns.

use hyper::StatusCode;
use serde_json::json;

use crate::engine::Bench;
use crate::limits::hash::cpu_of_one;
use crate::load::{Call, Line, ask_with, post, to_f64};
use crate::process::Server;
use crate::registry::PASSWORD;
use crate::report::{Figure, Report, Verdict, median};

/// The most between both answers of a turn, in the median, as a part of the CPU time of one hash.
const MOST_GAP: f64 = 0.01;
const USERS: usize = 8;

/// Two requests that must be answered alike: the second is about an account that is there.
struct Pair {
    what: &'static str,
    status: StatusCode,
    unknown: fn(usize) -> Call,
    known: fn(usize) -> Call,
    /// How many times as often as the others it is compared: these answers come when they are ready, and differ more
    /// from one another.
    times: usize,
}

const WRONG_PASSWORD: Pair = Pair {
    what: "`POST /login`, nobody or a wrong password",
    status: StatusCode::UNAUTHORIZED,
    unknown: |number| log_in(&nobody(number), PASSWORD),
    known: |number| log_in(&somebody(number), "incorrect horse battery"),
    times: 4,
};
const UNVERIFIED: Pair = Pair {
    what: "`POST /login`, nobody or the right password of an address that is not verified",
    known: |number| log_in(&somebody(number), PASSWORD),
    ..WRONG_PASSWORD
};
const DISABLED: Pair = Pair {
    what: "`POST /login`, nobody or the right password of an account that is disabled",
    known: |number| log_in(&disabled(number), PASSWORD),
    ..WRONG_PASSWORD
};
const VERIFICATION: Pair = Pair {
    what: "`POST /email/verification`, nobody or somebody",
    unknown: |number| verification(&nobody(number)),
    known: |number| verification(&somebody(number)),
    ..FORGOT
};
const FORGOT: Pair = Pair {
    what: "`POST /password/forgot`, nobody or somebody",
    status: StatusCode::ACCEPTED,
    unknown: |number| forgot(&nobody(number)),
    known: |number| forgot(&somebody(number)),
    times: 1,
};
const SIGN_UP: Pair = Pair {
    what: "`POST /signup`, a new address or one that is taken",
    status: StatusCode::ACCEPTED,
    unknown: |number| sign_up(&format!("new-{number}@example.org")),
    known: |number| sign_up(&somebody(number)),
    times: 1,
};

/// What must be answered alike with the answers of the contract, and with hardened ones.
const ANSWERS: [(&str, &[Pair]); 2] = [("contract", &[WRONG_PASSWORD, FORGOT, VERIFICATION]), ("hardened", &HARDENED)];
const HARDENED: [Pair; 6] = [WRONG_PASSWORD, UNVERIFIED, DISABLED, FORGOT, VERIFICATION, SIGN_UP];

/// Measures all pairs.
pub(crate) async fn run(bench: &Bench, report: &mut Report) {
    let hash = cpu_of_one(bench.extent.seconds);
    let server = Server::start(&bench.database).await;
    for user in 0..USERS {
        for email in [somebody(user), disabled(user)] {
            ask_with(server.address, sign_up(&email)).await.expect("anybody may sign up");
        }
    }
    bench.database.run("UPDATE users SET state = 'disabled' WHERE email LIKE 'disabled-%'").await;
    server.stop().await;
    for (answers, pairs) in ANSWERS {
        let server = Server::start_with(&bench.database, &[("USER_REGISTRY_ANSWERS", answers)]).await;
        for pair in pairs {
            report.add(compare(bench, &server, answers, pair, hash).await);
        }
        server.stop().await;
    }
}

async fn compare(bench: &Bench, server: &Server, answers: &str, pair: &Pair, hash: f64) -> Figure {
    let (unknown, known) = answers_to(server, pair, bench.extent.answers * pair.times).await;
    let told_apart = told_apart(&unknown, &known);
    // Both of a turn were answered one right after the other, so the pace of the machine is in neither.
    let gap = median(unknown.iter().zip(&known).map(|(unknown, known)| known - unknown).collect());
    let (one, other) = (median(unknown.clone()), median(known));
    Figure {
        what: format!("{}, {answers} answers: median of the gaps, {}", pair.what, bench.name),
        measured: format!(
            "{:.3} ms; medians {:.2} ms and {:.2} ms, {} answers each; the shorter of two is that of nobody {:.0} % of the time",
            gap * 1e3,
            one * 1e3,
            other * 1e3,
            unknown.len(),
            told_apart * 1e2
        ),
        limit: format!("bare hash {:.2} ms", hash * 1e3),
        verdict: Some(Verdict::at_most(gap.abs() / hash, MOST_GAP, "")),
    }
}

/// What one connection saw of both, in seconds: with several, each would wait for the hashes of the others.
async fn answers_to(server: &Server, pair: &Pair, turns: usize) -> (Vec<f64>, Vec<f64>) {
    let mut line = Line::open(server.address).await.expect("the server takes connections");
    let mut seen = (Vec::new(), Vec::new());
    for number in 0..turns {
        // Each comes first as often as the other, so that no drift of the machine is one's own.
        let order = if number.is_multiple_of(2) { [false, true] } else { [true, false] };
        for is_known in order {
            let call = if is_known { (pair.known)(number) } else { (pair.unknown)(number) };
            let (found, elapsed) = line.ask(call).await.expect("an answer");
            assert_eq!(found, pair.status, "known: {is_known}");
            (if is_known { &mut seen.1 } else { &mut seen.0 }).push(elapsed.as_secs_f64());
        }
    }
    seen
}

/// How often one of the first is shorter than one of the second, of all pairs: a half where nothing tells them
/// apart (the statistic of Mann and Whitney, over its greatest value).
fn told_apart(first: &[f64], second: &[f64]) -> f64 {
    let mut second = second.to_vec();
    second.sort_by(f64::total_cmp);
    let longer = |one: &f64| {
        let (less, equal) = (second.partition_point(|other| other < one), second.partition_point(|other| other <= one));
        to_f64(second.len() - equal) + to_f64(equal - less) / 2.0
    };
    first.iter().map(longer).sum::<f64>() / (to_f64(first.len()) * to_f64(second.len()))
}

fn nobody(number: usize) -> String {
    format!("nobody-{number}@example.org")
}

fn somebody(number: usize) -> String {
    format!("somebody-{}@example.org", number % USERS)
}

fn disabled(number: usize) -> String {
    format!("disabled-{}@example.org", number % USERS)
}

fn verification(email: &str) -> Call {
    post("/email/verification", json!({ "email": email }).to_string())
}

fn log_in(email: &str, password: &str) -> Call {
    post("/login", json!({ "email": email, "password": password }).to_string())
}

fn sign_up(email: &str) -> Call {
    post("/signup", json!({ "email": email, "password": PASSWORD }).to_string())
}

fn forgot(email: &str) -> Call {
    post("/password/forgot", json!({ "email": email }).to_string())
}

#[cfg(test)]
mod tests {
    use super::told_apart;

    #[test]
    fn what_overlaps_is_told_apart_half_of_the_time() {
        for (first, second, expected) in [
            (vec![1.0, 2.0], vec![3.0, 4.0], 1.0),
            (vec![3.0, 4.0], vec![1.0, 2.0], 0.0),
            (vec![1.0, 1.0], vec![1.0], 0.5),
            (vec![1.0, 4.0], vec![2.0, 3.0], 0.5),
        ] {
            assert!((told_apart(&first, &second) - expected).abs() < f64::EPSILON, "{first:?} {second:?}");
        }
    }
}

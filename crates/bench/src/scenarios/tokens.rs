//! What programs of users ask: the authority token of the own domain, and the own account by `token_required`.

use std::process::Stdio;
use std::sync::Arc;

use e2e::database::Engine;

use crate::callers::readers;
use crate::engine::Bench;
use crate::load::Load;
use crate::process::{Server, command};
use crate::registry::Signed;
use crate::report::{Figure, Report, Verdict};
use crate::turn::{Turns, turn};

const CONNECTIONS: usize = 16;
/// The most CPU of the server for an authority token, in microseconds.
const MOST_ON_SQLITE: f64 = 150.0;
const MOST_ON_POSTGRES: f64 = 200.0;
const AUTHORITY_TOKEN: &str = "/authority-token?domain=example.org";

/// Measures each on one server, in turns.
pub(crate) async fn run(bench: &Bench, report: &mut Report) {
    issue_authority_token(bench).await;
    let most = if bench.database.engine == Engine::Sqlite { MOST_ON_SQLITE } else { MOST_ON_POSTGRES };
    let by_session: fn(&Signed) -> &str = |user| &user.access_token;
    let by_user: fn(&Signed) -> &str = |user| &user.user_token;
    let loads = [
        ("`GET /authority-token` by an access token", AUTHORITY_TOKEN, by_session, Some(most)),
        ("`GET /authority-token` by `token_required`", AUTHORITY_TOKEN, by_user, Some(most)),
        ("`GET /me` by `token_required`", "/me", by_user, None),
    ]
    .map(|(what, path, token, most)| (what, readers(path, bench.signed.iter().map(token)), most));
    let server = Server::start(&bench.database).await;
    let mut turns = loads.each_ref().map(|_| Turns::default());
    // The first round shows every user once.
    for round in 0..=bench.extent.rounds {
        for ((_, calls, _), turns) in loads.iter().zip(&mut turns) {
            let turn = turn(&server, Load::shared(CONNECTIONS, bench.extent.seconds, Arc::clone(calls))).await;
            if round > 0 {
                turns.0.push(turn);
            }
        }
    }
    server.stop().await;
    for ((what, _, most), turns) in loads.iter().zip(turns) {
        report.add(Figure {
            what: format!(
                "CPU of the server per {what}, {} users in random order, {CONNECTIONS} connections, {}",
                bench.signed.len(),
                bench.name
            ),
            measured: turns.told(),
            limit: String::new(),
            verdict: most.map(|most| Verdict::at_most(turns.cpu(), most, " µs")),
        });
    }
}

/// Verifies every address, and lets the operator issue a token for the domain of all of them.
pub(super) async fn issue_authority_token(bench: &Bench) {
    let verified = "UPDATE user_emails SET verified_at = (SELECT created_at FROM users WHERE users.id = user_id)";
    bench.database.run(verified).await;
    let mut issue = command(&bench.database);
    issue.args(["domains", "authority", "rotate", "example.org"]).stdin(Stdio::null()).stdout(Stdio::null());
    assert!(issue.status().expect("the program runs").success(), "no authority token was issued");
}

//! A stop by SIGTERM while many ask and one peer has stalled in the middle of a request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::StatusCode;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::callers::{bearer, readers, with_bearer};
use crate::engine::Bench;
use crate::load::{Call, Line, to_f64};
use crate::peers::stall;
use crate::process::Server;
use crate::report::{Figure, Report, Verdict};
use crate::scenarios::writes::preference;

const CLIENTS: usize = 32;
const GRACE: f64 = 3.0;
/// How much later than its grace the server may end, in seconds.
const MORE: f64 = 1.0;
const STALLED: &str =
    "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";

/// What a client has seen.
#[derive(Default)]
struct Seen {
    answered: usize,
    /// Requests that were sent and got no whole answer.
    lost: usize,
    /// Answers with anything but 200.
    wrong: usize,
}

/// Half of what is asked reads, and half writes.
pub(crate) async fn run(bench: &Bench, report: &mut Report) {
    let grace = format!("{GRACE:.0}s");
    let server = Server::start_with(&bench.database, &[("USER_REGISTRY_SHUTDOWN_GRACE", &grace)]).await;
    let address = server.address;
    let peer = tokio::spawn(stall(address, 0, STALLED));
    let stopping = Arc::new(AtomicBool::new(false));
    let read = readers("/me", bench.signed.iter().map(|user| user.access_token.as_str()));
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (read, stopping) = (Arc::clone(&read), Arc::clone(&stopping));
        let own = bearer(&bench.signed[client % bench.signed.len()].access_token);
        let call = move |number: usize| match number % 2 {
            0 => read(client + number * CLIENTS),
            _ => with_bearer(preference(number / 2), own.clone()),
        };
        clients.spawn(ask_until_closed(address, stopping, call));
    }
    sleep(Duration::from_secs_f64(bench.extent.seconds)).await;
    stopping.store(true, Ordering::Relaxed);
    let took = server.stop().await.as_secs_f64();
    let seen = clients.join_all().await;
    let sum = |part: fn(&Seen) -> usize| seen.iter().map(part).sum::<usize>();
    // It has been cut off with the process.
    let _ = peer.await;
    report.add(Figure {
        what: format!("answers lost by a SIGTERM while {CLIENTS} clients read and write, {}", bench.name),
        measured: format!(
            "{} of {}, {} answered otherwise than with 200",
            sum(|seen| seen.lost),
            sum(|seen| seen.answered + seen.lost),
            sum(|seen| seen.wrong)
        ),
        limit: String::new(),
        verdict: Some(Verdict::at_most(to_f64(sum(|seen| seen.lost + seen.wrong)), 0.0, "")),
    });
    report.add(Figure {
        what: format!("its end, with one peer that has stalled in a body, {}", bench.name),
        measured: format!("{took:.2} s"),
        limit: format!("{GRACE:.0} s of grace"),
        verdict: Some(Verdict::at_most(took, GRACE + MORE, " s")),
    });
}

/// Asks until the connection is closed, and opens no other once the server stops.
async fn ask_until_closed(address: SocketAddr, stopping: Arc<AtomicBool>, call: impl Fn(usize) -> Call) -> Seen {
    let (mut seen, mut number) = (Seen::default(), 0);
    while !stopping.load(Ordering::Relaxed) {
        let mut line = Line::open(address).await.expect("the server takes connections");
        loop {
            number += 1;
            match line.ask(call(number)).await {
                Ok((status, _)) => {
                    seen.answered += 1;
                    seen.wrong += usize::from(status != StatusCode::OK);
                }
                // The connection had been closed before the request was sent.
                Err(error) if error.is_canceled() || error.is_closed() => break,
                Err(_) => {
                    seen.lost += 1;
                    break;
                }
            }
        }
    }
    seen
}

//! The server.

use std::sync::Arc;
use std::time::Duration;

use domain::throttles::gate::Gate;
use passwords::hashing::Hashing;
use poem::middleware::CatchPanic;
use poem::{Endpoint, EndpointExt as _, Response};
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use crate::client_address::WithClientAddress;
use crate::config::checked::Config;
use crate::delivery;
use crate::descriptors::{self, connections};
use crate::dispatch::Dispatch;
use crate::failure::{Failure, said};
use crate::key_upkeep::KeyUpkeep;
use crate::listener::tls::Tls;
use crate::listener::watch::Patience;
use crate::listener::{Limits, Listener};
use crate::posture;
use crate::purge;
use crate::start_pages;
use crate::system::SystemEntropy;
use crate::wiring::{Adapters, hashing, post_office};

/// How long the body of a request may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a request waits at most beside the queue of hashes, while the database is well.
const LONGEST_WORK: Duration = Duration::from_secs(6);
/// What the first requests have for themselves.
const FIRST_REQUESTS: Duration = Duration::from_millis(100);
/// How often the refusals of the throttles are recorded.
const REFUSALS_EVERY: Duration = Duration::from_secs(60);
/// How long the last ones may take: a database that does not answer must not keep the program.
const LAST_REFUSALS: Duration = Duration::from_secs(2);

/// Serves until a signal ends it.
pub(crate) async fn run(config: &Config) -> Result<(), Failure> {
    let listener = Listener::bind(&config.listen, tls(config)?).await;
    let listener = listener.map_err(|error| Failure::new(format!("Cannot listen on {}: {error}.", config.listen)))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(said)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(said)?;
    // Since somebody could wait for it, a write beyond the longest file there may be fails as any other does, and the
    // process goes on.
    let _beyond_longest_file = signal(SignalKind::from_raw(Signal::XFSZ.as_raw())).map_err(said)?;
    let post_office = Arc::new(post_office(config)?);
    let adapters = Adapters::open(config).await?;
    let hashing = hashing(config)?;
    let endpoint = endpoint(config, &adapters, Arc::clone(&hashing));
    let connections = connections(config.connections, config.database.max_connections, descriptors::raise());
    let telling = tokio::spawn(tell_refusals(adapters.gate.clone()));
    let (ending, ended_at) = watch::channel(None);
    let upkeep = KeyUpkeep::of(&adapters, config);
    let keeping = tokio::spawn(after_first_requests(upkeep.run(ended_at.clone())));
    let purging = tokio::spawn(purge::run(adapters.purge_leftovers(config), SystemEntropy, ended_at.clone()));
    let delivering = tokio::spawn(after_first_requests(delivery::run(adapters.deliver(post_office), ended_at)));
    tokio::spawn(after_first_requests(async { drop(tokio::task::spawn_blocking(start_pages::give_back)) }));
    posture::tell(config, &adapters, &hashing, connections);
    let (grace, told) = (config.shutdown_grace, ending.clone());
    let ended = async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        told.send_replace(Some(Instant::now() + grace));
        tracing::info!("stopping: requests under way may finish; a second signal ends at once");
        tokio::spawn(async move {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            std::process::exit(130);
        });
    };
    let proxies = config.trusted_proxies.networks.clone();
    let limits = Limits { connections, patience: patience(config), grace: config.shutdown_grace, proxies };
    listener.serve(endpoint, limits, ended).await;
    telling.abort();
    // What is under way is finished by the database; the rest waits for the next time.
    purging.abort();
    finish(delivering, &ending).await;
    keeping.abort();
    match timeout(LAST_REFUSALS, adapters.gate.tell_refusals()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the last refusals of the throttles were not recorded"),
        Err(late) => tracing::warn!(error = %late, "the last refusals of the throttles were not recorded"),
    }
    adapters.database.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// The certificate that the settings name, if they do.
///
/// # Errors
/// When its files cannot be read or used.
pub(crate) fn tls(config: &Config) -> Result<Option<Tls>, Failure> {
    let tls = config.tls.clone().map(Tls::open).transpose();
    tls.map_err(|error| Failure::new(format!("Cannot listen with TLS: {error}.")))
}

/// How long connections may take: a head ten seconds, and a peer that takes no answer as long as a body.
fn patience(config: &Config) -> Patience {
    let (head, idle) = (Duration::from_secs(10), Duration::from_secs(60));
    Patience { head, idle, write: BODY_TIMEOUT, work: config.hashing.queue_deadline + LONGEST_WORK }
}

/// All that is served.
fn endpoint(
    config: &Config,
    adapters: &Adapters,
    hashing: Arc<Hashing>,
) -> impl Endpoint<Output = Response> + 'static + use<> {
    let (api, pages) = adapters.use_cases(config, hashing);
    let options = http_api::options::Options {
        public_url: config.public_url.clone(),
        cors_origins: config.cors_origins.clone(),
        body_timeout: BODY_TIMEOUT,
    };
    let dispatch = Dispatch {
        api: http_api::routes::routes(Arc::new(api), options).boxed(),
        pages: web_ui::routes(pages, config.pages.clone()).boxed(),
    };
    let (proxies, keeper) = (config.trusted_proxies.clone(), adapters.keys.clone());
    // What stands around the operations and pages answers their panics; this one is for its own.
    WithClientAddress { proxies, keeper, inner: dispatch }.with(CatchPanic::new()).map_to_response()
}

/// Begins work a moment later: a connection to the database that is made beside the first one holds up whoever asks
/// whether the server is ready.
async fn after_first_requests(work: impl Future<Output = ()>) {
    tokio::time::sleep(FIRST_REQUESTS).await;
    work.await;
}

/// Lets the letter under way be sent within what is left of the grace; else it goes out once its lease is over.
async fn finish(delivering: JoinHandle<()>, ending: &watch::Sender<Option<Instant>>) {
    let deadline = *ending.borrow();
    let deadline = deadline.unwrap_or_else(Instant::now);
    ending.send_replace(Some(deadline));
    let stop = delivering.abort_handle();
    if timeout_at(deadline, delivering).await.is_err() {
        stop.abort();
        tracing::warn!("a letter was still under way; it goes out later, perhaps once more");
    }
}

/// Refusals become one event for each key and minute.
async fn tell_refusals(gate: Arc<Gate>) {
    loop {
        tokio::time::sleep(REFUSALS_EVERY).await;
        if let Err(error) = gate.tell_refusals().await {
            tracing::warn!(%error, "refusals of the throttles were not recorded; it is tried again");
        }
    }
}

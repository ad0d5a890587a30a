//! The server.

use std::sync::Arc;
use std::time::Duration;

use mailer::post_office::PostOffice;
use passwords::hashing::Hashing;
use poem::middleware::CatchPanic;
use poem::{Endpoint, EndpointExt as _, Response};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::client_address::WithClientAddress;
use crate::config::checked::Config;
use crate::delivery;
use crate::descriptors::{self, connections};
use crate::dispatch::Dispatch;
use crate::failure::Failure;
use crate::key_upkeep::KeyUpkeep;
use crate::listener::tls::Tls;
use crate::listener::watch::Patience;
use crate::listener::{Limits, Listener};
use crate::posture;
use crate::purge;
use crate::refusals;
use crate::signals;
use crate::start_pages;
use crate::system::SystemEntropy;
use crate::wiring::{Adapters, hashing, post_office};

/// How long the body of a request may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a request waits at most beside the queue of hashes, while the database is well.
const LONGEST_WORK: Duration = Duration::from_secs(6);
/// What the first requests have for themselves.
const FIRST_REQUESTS: Duration = Duration::from_millis(100);

/// Serves until a signal ends it.
pub(crate) async fn run(config: &Config) -> Result<(), Failure> {
    let listener = Listener::bind(&config.listen, tls(config)?).await;
    let listener = listener.map_err(|error| Failure::new(format!("Cannot listen on {}: {error}.", config.listen)))?;
    let mut asked_to_end = signals::asked_to_end()?;
    let post_office = Arc::new(post_office(config)?);
    let adapters = tokio::select! {
        opened = Adapters::open(config) => opened?,
        _ = asked_to_end.wait_for(|asked| *asked) => {
            tracing::info!("stopped before it was ready");
            return Ok(());
        }
    };
    let hashing = hashing(config)?;
    let endpoint = endpoint(config, &adapters, Arc::clone(&hashing));
    let connections = connections(config.connections, config.database.max_connections, descriptors::raise());
    let ending = watch::Sender::new(None);
    let beside = Beside::start(config, &adapters, post_office, &ending);
    posture::tell(config, &adapters, &hashing, connections);
    let proxies = config.trusted_proxies.networks.clone();
    let limits = Limits { connections, patience: patience(config), grace: config.shutdown_grace, proxies };
    listener.serve(endpoint, limits, end(asked_to_end, config.shutdown_grace, ending.clone())).await;
    beside.finish(&adapters, &ending).await;
    adapters.database.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Waits for a signal, and says by when all is to end.
async fn end(mut asked: watch::Receiver<bool>, grace: Duration, ending: watch::Sender<Option<Instant>>) {
    // Who asks is there as long as the runtime.
    let _ = asked.wait_for(|asked| *asked).await;
    ending.send_replace(Some(Instant::now() + grace));
    tracing::info!("stopping: requests under way may finish; a second signal ends at once");
}

/// What works beside the requests.
struct Beside {
    refusals: JoinHandle<()>,
    keys: JoinHandle<()>,
    purge: JoinHandle<()>,
    delivery: JoinHandle<()>,
}

impl Beside {
    fn start(
        config: &Config,
        adapters: &Adapters,
        post_office: Arc<PostOffice>,
        ending: &watch::Sender<Option<Instant>>,
    ) -> Self {
        let (upkeep, deliver) = (KeyUpkeep::of(adapters, config), adapters.deliver(post_office));
        tokio::spawn(after_first_requests(async { drop(tokio::task::spawn_blocking(start_pages::give_back)) }));
        Self {
            refusals: tokio::spawn(refusals::run(adapters.gate.clone(), ending.subscribe())),
            keys: tokio::spawn(after_first_requests(upkeep.run(ending.subscribe()))),
            purge: tokio::spawn(purge::run(adapters.purge_leftovers(config), SystemEntropy, ending.subscribe())),
            delivery: tokio::spawn(after_first_requests(delivery::run(deliver, ending.subscribe()))),
        }
    }

    /// Lets what is under way be finished, as far as that goes in time; the rest waits for the next start.
    async fn finish(self, adapters: &Adapters, ending: &watch::Sender<Option<Instant>>) {
        self.purge.abort();
        finish_letters(self.delivery, ending).await;
        self.keys.abort();
        refusals::tell_last(&adapters.gate, self.refusals).await;
    }
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
async fn finish_letters(delivering: JoinHandle<()>, ending: &watch::Sender<Option<Instant>>) {
    let deadline = *ending.borrow();
    let deadline = deadline.unwrap_or_else(Instant::now);
    ending.send_replace(Some(deadline));
    let stop = delivering.abort_handle();
    match timeout_at(deadline, delivering).await {
        Ok(ended) => delivery::tell_panic(ended),
        Err(_) => {
            stop.abort();
            tracing::warn!("a letter was still under way; it goes out later, perhaps once more");
        }
    }
}

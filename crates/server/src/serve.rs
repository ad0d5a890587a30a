//! The server.

use std::sync::Arc;
use std::time::Duration;

use poem::listener::{Listener as _, TcpListener};
use poem::{EndpointExt as _, Server};
use tokens::keys::Keys;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::checked::Config;
use crate::dispatch::Dispatch;
use crate::failure::{Failure, said};
use crate::posture;
use crate::wiring::{Adapters, hashing};

/// How long the body of a request may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// How often the keys are read again, so that a replica sees what another has made.
const KEYS_EVERY: Duration = Duration::from_secs(30);

/// Serves until a signal ends it.
pub(crate) async fn run(config: &Config) -> Result<(), Failure> {
    let address = config.listen;
    let acceptor = TcpListener::bind(address).into_acceptor().await;
    let acceptor = acceptor.map_err(|error| Failure::new(format!("Cannot listen on {address}: {error}.")))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(said)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(said)?;
    let adapters = Adapters::open(config).await?;
    let hashing = hashing(config)?;
    let (api, pages) = adapters.use_cases(config, Arc::clone(&hashing));
    let options = http_api::options::Options {
        public_url: config.public_url.clone(),
        cors_origins: config.cors_origins.clone(),
        body_timeout: BODY_TIMEOUT,
    };
    let endpoint = Dispatch {
        api: http_api::routes::routes(Arc::new(api), options).boxed(),
        pages: web_ui::routes(pages, config.pages.clone()).boxed(),
    };
    let refreshing = tokio::spawn(keep_keys_fresh(adapters.keys.clone()));
    posture::tell(config, &adapters, &hashing);
    let ended = async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        tracing::info!("stopping: requests under way may finish; a second signal ends at once");
        tokio::spawn(async move {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            std::process::exit(130);
        });
    };
    let served = Server::new_with_acceptor(acceptor)
        .run_with_graceful_shutdown(endpoint, ended, Some(config.shutdown_grace))
        .await;
    refreshing.abort();
    adapters.database.close().await;
    tracing::info!("stopped");
    served.map_err(said)
}

async fn keep_keys_fresh(keys: Arc<Keys>) {
    loop {
        tokio::select! { () = tokio::time::sleep(KEYS_EVERY) => {}, () = keys.refresh_wanted() => {} }
        if let Err(error) = keys.refresh().await {
            tracing::warn!(%error, "the keys could not be read again; those of before stay");
        }
    }
}

//! Changing the root secret.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::access::Actor;
use domain::keys::rewrap::{Outcome, RewrapKeys, RewrapKeysError};
use persistence::database::Database;
use tokens::rewrapping::Rewrapping;
use tokens::root_secret::RootSecret;

use crate::config::checked::Config;
use crate::data_directory::DataDirectory;
use crate::failure::{Failure, said};
use crate::root_secret::{self, Found};
use crate::system::{SystemClock, SystemEntropy};
use crate::wiring::open_database;

/// Changes it, and gives what is to be printed.
///
/// A secret that the data directory keeps is changed in three steps, and wherever the program or the
/// machine dies between them, the next start finds the secret that the database needs:
///
/// 1. The new secret is written beside the present one, under a name of its own.
/// 2. The database takes it, in one transaction.
/// 3. It is renamed to `secret.key`.
pub(crate) async fn run(config: &Config) -> Result<String, Failure> {
    let directory = DataDirectory::open(&config.data_dir)?;
    let present = root_secret::given(config)?;
    let database = open_database(config).await?;
    let outcome = change(config, &directory, present, &database).await;
    database.close().await;
    outcome
}

async fn change(
    config: &Config,
    directory: &DataDirectory,
    present: Option<Found>,
    database: &Arc<Database>,
) -> Result<String, Failure> {
    let present = root_secret::settled(config, present, &**database).await?;
    let present = present.ok_or_else(|| said(RewrapKeysError::NoKeys))?;
    let new = new_secret(config, &present)?;
    if new.fingerprint() == present.secret.fingerprint() {
        return Ok("This root secret wraps the keys already: nothing was changed.\n".into());
    }
    let others = if present.is_kept { root_secret::waiting(config) } else { Vec::new() };
    let waiting = if present.is_kept { Some(wait(config, directory, &new)?) } else { None };
    let outcome = rewrap_keys(&present.secret, &new, database).run(&Actor::system()).await;
    let outcome = outcome.map_err(|error| failed(error, waiting.as_deref()))?;
    if let Some(waiting) = waiting {
        root_secret::replace(config, &waiting)?;
        root_secret::remove(&others, &waiting);
    }
    Ok(told(outcome, &new, present.is_kept))
}

fn new_secret(config: &Config, present: &Found) -> Result<RootSecret, Failure> {
    match &config.new_secret {
        Some(text) => RootSecret::parse(text)
            .map_err(|error| Failure::new(format!("The setting new_secret does not hold: {error}"))),
        None if present.is_kept => Ok(RootSecret::generate(&SystemEntropy)),
        None => Err(Failure::usage(vec![
            "The present root secret comes from the configuration: give the new one in USER_REGISTRY_NEW_SECRET or \
             USER_REGISTRY_NEW_SECRET_FILE."
                .into(),
        ])),
    }
}

fn wait(config: &Config, directory: &DataDirectory, new: &RootSecret) -> Result<PathBuf, Failure> {
    directory.must_be_writable(&SystemEntropy)?;
    root_secret::write_waiting(config, new, &SystemEntropy)
}

fn rewrap_keys(present: &RootSecret, new: &RootSecret, database: &Arc<Database>) -> RewrapKeys {
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    let wrapping = Arc::new(Rewrapping::new(present, new, entropy.clone()));
    RewrapKeys { keys: database.clone(), wrapping, ledger: database.clone(), clock, entropy }
}

/// After a failure of the database nobody knows whether it took the new secret, so that must stay; after
/// every other refusal it did not.
fn failed(error: RewrapKeysError, waiting: Option<&Path>) -> Failure {
    if let (false, Some(path)) = (matches!(error, RewrapKeysError::Failed(_)), waiting) {
        root_secret::remove(&[path.into()], Path::new(""));
    }
    said(error)
}

fn told(outcome: Outcome, new: &RootSecret, is_kept: bool) -> String {
    let fingerprint = new.fingerprint();
    let done = match outcome {
        Outcome::Rewrapped(keys) => format!("{keys} keys are wrapped by the root secret {fingerprint} now."),
        Outcome::AlreadyDone => format!("The root secret {fingerprint} wraps the keys already."),
    };
    let then = if is_kept {
        "It is in secret.key; start the servers again, those elsewhere with a copy of it."
    } else {
        "Set USER_REGISTRY_SECRET to it, and start the servers again."
    };
    format!("{done} {then}\n")
}

//! The keys are kept up to date beside the requests, and rotated when it is time.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use domain::access::Actor;
use domain::keys::forget::ForgetKeys;
use domain::keys::rotate::{Outcome, RotateKeys, RotateKeysError, Which};
use domain::ports::failure::PortFailure;
use tokens::keys::Keys;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::config::checked::Config;
use crate::wiring::Adapters;

/// How often it is asked whether the keys were changed: what is revoked must count nowhere a second later.
const ASK_EVERY: Duration = Duration::from_millis(500);
/// How often the keys are read although nobody says that they were changed: a program of a version that
/// does not say so may have added some.
const READ_EVERY: Duration = Duration::from_secs(30);
/// How often it is looked whether keys are to be rotated or forgotten.
const TEND_EVERY: Duration = Duration::from_secs(60);

/// Keeps the keys of this process those of the database, and those of the database fresh.
pub(crate) struct KeyUpkeep {
    keys: Arc<Keys>,
    tending: Arc<Tending>,
}

impl KeyUpkeep {
    pub(crate) fn of(adapters: &Adapters, config: &Config) -> Self {
        let (rotate, forget) = (adapters.rotate_keys(), adapters.forget_keys());
        let tending = Arc::new(Tending { rotate, forget, lifetime: config.signing_key_lifetime });
        Self { keys: adapters.keys.clone(), tending }
    }

    /// Does so until it is told to end.
    pub(crate) async fn run(self, ending: watch::Receiver<Option<Instant>>) {
        tokio::join!(follow(self.keys, ending.clone()), tend(self.tending, ending));
    }
}

/// Reads the keys whenever they were changed. What fails is tried again at the same pace, which hardly costs
/// anything, and told when it begins and when it is over.
async fn follow(keys: Arc<Keys>, mut ending: watch::Receiver<Option<Instant>>) {
    let (mut read_at, mut is_failing) = (Instant::now() + READ_EVERY, false);
    while ending.borrow().is_none() {
        let all = Instant::now() >= read_at;
        match look(&keys, all).await {
            Ok(()) => {
                if all {
                    read_at = Instant::now() + READ_EVERY;
                }
                if is_failing {
                    tracing::info!("the keys are read again");
                }
                is_failing = false;
            }
            Err(error) => {
                if !is_failing {
                    tracing::warn!(error, "the keys could not be read again; those of before stay meanwhile");
                }
                is_failing = true;
            }
        }
        tokio::select! {
            () = sleep(ASK_EVERY) => {}
            () = keys.refresh_wanted() => {}
            _ = ending.wait_for(Option::is_some) => return,
        }
    }
}

/// In a task of its own: a panic costs one look.
async fn look(keys: &Arc<Keys>, all: bool) -> Result<(), String> {
    let keys = Arc::clone(keys);
    let looked = tokio::spawn(async move { if all { keys.refresh().await } else { keys.catch_up().await.map(drop) } });
    looked.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}

/// Rotates and forgets keys when it is time; the first look is at once. Each is in a task of its own, so that
/// a panic costs one of them.
async fn tend(tending: Arc<Tending>, mut ending: watch::Receiver<Option<Instant>>) {
    while ending.borrow().is_none() {
        let tending = Arc::clone(&tending);
        let tended = tokio::spawn(async move { tending.run().await }).await;
        let tended = tended.map_err(|error| error.to_string());
        if let Err(error) = tended.and_then(|tended| tended.map_err(|error| error.to_string())) {
            tracing::warn!(error, "the signing keys could not be looked after; that is tried again in {TEND_EVERY:?}");
        }
        tokio::select! { () = sleep(TEND_EVERY) => {}, _ = ending.wait_for(Option::is_some) => return }
    }
}

struct Tending {
    rotate: RotateKeys,
    forget: ForgetKeys,
    lifetime: TimeDelta,
}

impl Tending {
    async fn run(&self) -> Result<(), PortFailure> {
        match self.rotate.run(&Actor::system(), Which::ActiveFor(self.lifetime)).await {
            Ok(Outcome::Rotated(rotated)) => {
                for keys in rotated {
                    tracing::info!(algorithm = %keys.algorithm, active = keys.active, next = keys.next, "a key was rotated");
                }
            }
            // That the root secret is another one by now was told when the keys were read; processes that
            // have it rotate them.
            Ok(Outcome::Overtaken) | Err(RotateKeysError::OtherRoot(_)) => {}
            Err(RotateKeysError::Failed(failure)) => return Err(failure),
            Err(error) => return Err(PortFailure::lasting(error)),
        }
        let forgotten = self.forget.run().await?;
        if !forgotten.is_empty() {
            tracing::info!(keys = forgotten.join(", "), "retired keys were forgotten: all their tokens have expired");
        }
        Ok(())
    }
}

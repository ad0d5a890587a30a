//! The keys are kept up to date beside the requests, and rotated when it is time.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use domain::access::Actor;
use domain::keys::forget::ForgetKeys;
use domain::keys::rotate::{Outcome, RotateKeys, RotateKeysError, Which};
use domain::keys::seen_retired::SeenRetired;
use domain::ports::failure::PortFailure;
use tokens::keys::Keys;
use tokio::sync::{Mutex, watch};
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
        let tending = Arc::new(Tending::new(rotate, forget, config.signing_key_lifetime));
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
    loop {
        // They were read a moment ago, when the program started.
        tokio::select! {
            () = sleep(ASK_EVERY) => {}
            () = keys.refresh_wanted() => {}
            _ = ending.wait_for(Option::is_some) => return,
        }
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
    started: Instant,
    seen: Mutex<SeenRetired>,
}

impl Tending {
    fn new(rotate: RotateKeys, forget: ForgetKeys, lifetime: TimeDelta) -> Self {
        Self { rotate, forget, lifetime, started: Instant::now(), seen: Mutex::default() }
    }

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
        let uptime = TimeDelta::from_std(self.started.elapsed()).unwrap_or(TimeDelta::MAX);
        let forgotten = self.forget.run(&mut *self.seen.lock().await, uptime).await?;
        if !forgotten.is_empty() {
            tracing::info!(keys = forgotten.join(", "), "retired keys were forgotten: all their tokens have expired");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use domain::keys::ports::{KeyStore, PublishedKeys as _};
    use domain::keys::rows::{StoredDataKey, StoredSigningKey};
    use memory::clock::ManualClock;
    use memory::entropy::SeededEntropy;
    use memory::memory::Memory;
    use tokens::options::Options;
    use tokens::root_secret::RootSecret;
    use tokio::task::JoinHandle;

    use super::*;

    /// A database that works, is away, or makes whoever asks panic.
    #[derive(Default)]
    struct Store {
        memory: Arc<Memory>,
        asked: AtomicUsize,
        trouble: AtomicUsize,
    }

    const AWAY: usize = 1;
    const PANIC: usize = 2;

    #[async_trait]
    impl KeyStore for Store {
        async fn revision(&self) -> Result<i64, PortFailure> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            match self.trouble.load(Ordering::SeqCst) {
                AWAY => Err(PortFailure::passing("away")),
                PANIC => panic!("as it was asked to"),
                _ => self.memory.revision().await,
            }
        }

        async fn root_fingerprint(&self) -> Result<Option<String>, PortFailure> {
            self.memory.root_fingerprint().await
        }

        async fn data_keys(&self) -> Result<Vec<StoredDataKey>, PortFailure> {
            self.memory.data_keys().await
        }

        async fn signing_keys(&self) -> Result<Vec<StoredSigningKey>, PortFailure> {
            self.memory.signing_keys().await
        }
    }

    struct World {
        store: Arc<Store>,
        clock: Arc<ManualClock>,
        keys: Arc<Keys>,
        ending: watch::Sender<Option<Instant>>,
        running: JoinHandle<()>,
    }

    impl World {
        /// Starts the upkeep of keys that are as old as this.
        async fn start(age: TimeDelta) -> Self {
            let (store, clock, entropy) =
                (Arc::new(Store::default()), Arc::new(ManualClock::new()), SeededEntropy::default());
            let (root, entropy) = (RootSecret::generate(&entropy), Arc::new(entropy));
            let (memory, options) = (store.memory.clone(), Options::new("https://registry.example"));
            let keys = Keys::open(&root, store.clone(), memory.clone(), clock.clone(), entropy.clone(), options)
                .await
                .unwrap();
            let keys = Arc::new(keys);
            clock.advance(age);
            let rotate = RotateKeys {
                keys: store.clone(),
                maker: keys.clone(),
                ledger: memory.clone(),
                clock: clock.clone(),
                entropy: entropy.clone(),
            };
            let forget = ForgetKeys { keys: store.clone(), ledger: memory, clock: clock.clone(), entropy };
            let tending = Arc::new(Tending::new(rotate, forget, TimeDelta::days(30)));
            let (ending, ended) = watch::channel(None);
            let running = tokio::spawn(KeyUpkeep { keys: keys.clone(), tending }.run(ended));
            Self { store, clock, keys, ending, running }
        }

        fn published(&self) -> usize {
            self.keys.jwks().matches("\"kid\"").count()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn keys_that_are_due_rotate_and_are_forgotten_later() {
        let world = World::start(TimeDelta::days(30)).await;
        let before = world.keys.active_kids();
        sleep(ASK_EVERY * 2).await;
        assert_eq!(world.published(), 3);
        assert_ne!(world.keys.active_kids(), before);
        world.clock.advance(TimeDelta::hours(2));
        sleep(TEND_EVERY * 64).await;
        assert_eq!(world.published(), 3, "the clock may be put back");
        sleep(TEND_EVERY * 3).await;
        assert_eq!(world.published(), 2);
        world.clock.advance(TimeDelta::days(27));
        sleep(TEND_EVERY * 2).await;
        assert_eq!(world.published(), 2, "they are not due");
    }

    #[tokio::test(start_paused = true)]
    async fn neither_a_failure_nor_a_panic_ends_it() {
        let world = World::start(TimeDelta::days(1)).await;
        sleep(ASK_EVERY).await;
        for trouble in [AWAY, PANIC] {
            world.store.trouble.store(trouble, Ordering::SeqCst);
            let asked = world.store.asked.load(Ordering::SeqCst);
            sleep(TEND_EVERY * 3).await;
            assert!(world.store.asked.load(Ordering::SeqCst) >= asked + 360);
            assert_eq!(world.published(), 2, "those of before stay");
        }
        world.store.trouble.store(0, Ordering::SeqCst);
        world.clock.advance(TimeDelta::days(30));
        sleep(TEND_EVERY + ASK_EVERY * 2).await;
        assert_eq!(world.published(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_when_it_is_told_to() {
        let world = World::start(TimeDelta::days(1)).await;
        sleep(ASK_EVERY).await;
        assert!(!world.running.is_finished());
        world.ending.send_replace(Some(Instant::now()));
        world.running.await.unwrap();
    }
}

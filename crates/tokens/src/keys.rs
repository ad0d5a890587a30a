//! The keys of this installation, opened.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use domain::keys::ports::KeyStore;
use domain::keys::rows::SigningAlgorithm;
use domain::ports::clock::Clock;
use domain::ports::entropy::Entropy;
use domain::ports::failure::PortFailure;
use domain::ports::ledger::{Ledger, Rejected};
use tokio::sync::Mutex;

use crate::open_error::OpenKeysError;
use crate::options::Options;
use crate::refresh_wish::RefreshWish;
use crate::remembered::Remembered;
use crate::ring::{Ring, StoredKeys};
use crate::root_secret::RootSecret;
use crate::sealing_key::SealingKey;
use crate::supply::Lack;

/// The keys of this installation, opened. It implements the ports
/// [`SecretKeeper`](domain::ports::secrets::SecretKeeper),
/// [`TokenSigner`](domain::sessions::ports::TokenSigner),
/// [`PublishedKeys`](domain::keys::ports::PublishedKeys) and
/// [`KeyMaker`](domain::keys::ports::KeyMaker).
///
/// It holds the keys as they were last read. What another replica adds or takes away shows at the
/// next [`Self::refresh`] or [`Self::catch_up`], which the program calls from time to time and whenever
/// [`Self::refresh_wanted`] answers.
pub struct Keys {
    pub(crate) options: Options,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) remembered: Remembered,
    pub(crate) refresh_wish: RefreshWish,
    store: Arc<dyn KeyStore>,
    pub(crate) root: SealingKey,
    has_told_other_root: AtomicBool,
    ring: RwLock<Arc<Ring>>,
    reading: Mutex<()>,
}

impl Keys {
    /// Opens the keys. It makes those that are missing: in a new database all of them, and later those
    /// of an algorithm that was configured meanwhile. Replicas may do so at the same time: one of them
    /// makes the keys, and all use the same.
    ///
    /// # Errors
    /// When the database belongs to another root secret, when a key in it was altered, and when the
    /// database fails.
    pub async fn open(
        root: &RootSecret,
        store: Arc<dyn KeyStore>,
        ledger: Arc<dyn Ledger>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        options: Options,
    ) -> Result<Self, OpenKeysError> {
        let root = root.wrapping_key();
        let supplied = Supply { root: &root, store: &*store, ledger: &*ledger, clock: &*clock, entropy: &*entropy };
        let ring = supplied.ring(&options).await?;
        Ok(Self {
            options,
            clock,
            entropy,
            remembered: Remembered::new(),
            refresh_wish: RefreshWish::new(),
            store,
            root,
            has_told_other_root: AtomicBool::new(false),
            ring: RwLock::new(Arc::new(ring)),
            reading: Mutex::new(()),
        })
    }

    /// Reads the keys again. When that fails, the keys stay as they were.
    ///
    /// When another root secret wraps the keys by now, this process goes on with those that it knows, and
    /// says so once in the log.
    ///
    /// # Errors
    /// When the database fails, or holds a key that cannot be used.
    pub async fn refresh(&self) -> Result<(), PortFailure> {
        // One at a time: an older reading must never replace a newer one.
        let turn = self.reading.lock().await;
        let stored = StoredKeys::read(&*self.store).await?;
        let ring = self
            .ring()
            .followed_by(stored, &self.root)
            .and_then(|ring| ring.complete(self.options.algorithm))
            .map_err(PortFailure::lasting)?;
        self.tell_other_root(&ring);
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        drop(turn);
        Ok(())
    }

    /// Reads the keys again if they were changed since; tells whether they were. That costs next to nothing
    /// while they were not.
    ///
    /// # Errors
    /// As for [`Self::refresh`].
    pub async fn catch_up(&self) -> Result<bool, PortFailure> {
        if self.store.revision().await? == self.ring().revision() {
            return Ok(false);
        }
        self.refresh().await.map(|()| true)
    }

    /// Waits until somebody has shown a token, or a sealed secret, of a key that is not known here; at
    /// most once a second. Another replica may have made it: call [`Self::catch_up`].
    pub async fn refresh_wanted(&self) {
        self.refresh_wish.made().await;
    }

    /// The algorithms in the ring and the ids of their active keys, the signing one first.
    #[must_use]
    pub fn active_kids(&self) -> Vec<(SigningAlgorithm, String)> {
        let ring = self.ring();
        let kid = |algorithm| ring.active(algorithm).map(|key| (algorithm, key.kid.clone()));
        self.options.algorithms().into_iter().filter_map(kid).collect()
    }

    fn tell_other_root(&self, ring: &Ring) {
        let Some(needed) = ring.other_root() else { return };
        if !self.has_told_other_root.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                needed,
                "the root secret was changed: this process goes on with the keys that it knows; start it again \
                 with the root secret of this fingerprint before the signing keys rotate"
            );
        }
    }

    /// The keys as they were last read.
    pub(crate) fn ring(&self) -> Arc<Ring> {
        // A ring is replaced whole, so one that a panic left behind is as good as any.
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("options", &self.options).finish_non_exhaustive()
    }
}

/// What it takes to have the keys.
struct Supply<'a> {
    root: &'a SealingKey,
    store: &'a dyn KeyStore,
    ledger: &'a dyn Ledger,
    clock: &'a dyn Clock,
    entropy: &'a dyn Entropy,
}

impl Supply<'_> {
    /// How often the keys are read again when another process was faster.
    const ATTEMPTS: usize = 8;

    /// The stored keys, opened; those that are missing are made first.
    async fn ring(&self, options: &Options) -> Result<Ring, OpenKeysError> {
        for _ in 0..Self::ATTEMPTS {
            let stored = StoredKeys::read(self.store).await?;
            let (is_new, revision) = (self.is_new_database().await?, stored.revision);
            let lack = Lack::of(&stored, is_new, &options.algorithms());
            if !lack.is_none() {
                self.make(&lack, revision).await?;
                continue;
            }
            match Ring::first(stored, self.root).and_then(|ring| ring.complete(options.algorithm)) {
                // They were changed while they were read, one table after the other.
                Err(_) if self.store.revision().await? != revision => {}
                opened => return opened,
            }
        }
        Err(OpenKeysError::Unsettled)
    }

    async fn is_new_database(&self) -> Result<bool, OpenKeysError> {
        match self.store.root_fingerprint().await? {
            None => Ok(true),
            Some(needed) if needed == self.root.id() => Ok(false),
            Some(needed) => Err(OpenKeysError::OtherRoot { needed, given: self.root.id().into() }),
        }
    }

    /// Makes what is lacking, unless another process changes the keys at the same time.
    async fn make(&self, lack: &Lack, revision: i64) -> Result<(), OpenKeysError> {
        let plan = lack.plan(revision, self.root, self.clock.now(), self.entropy).map_err(OpenKeysError::NotMade)?;
        match self.ledger.apply(plan).await {
            Ok(_) => {
                let (root, data_keys, signing_keys) = (self.root.id(), lack.purposes(), lack.signing());
                tracing::info!(root, data_keys, signing_keys, "keys were made");
                Ok(())
            }
            Err(Rejected::Stale | Rejected::Conflict(_)) => Ok(()),
            Err(Rejected::Failed(failure)) => Err(failure.into()),
            Err(other) => Err(PortFailure::lasting(other).into()),
        }
    }
}

#[cfg(test)]
mod rotation;
#[cfg(test)]
mod tests;

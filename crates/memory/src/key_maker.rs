//! Signing keys that only look like such.

use std::sync::atomic::{AtomicU32, Ordering};

use domain::keys::ports::KeyMaker;
use domain::keys::rows::{KeyState, SigningAlgorithm, StoredSigningKey};
use domain::ports::clock::Timestamp;
use domain::ports::failure::PortFailure;
use domain::ports::secrets::SealedSecret;

/// Makes keys whose ids are `kid-1`, `kid-2`, and so on. For tests only.
#[derive(Debug)]
pub struct FakeKeyMaker {
    root: String,
    made: AtomicU32,
}

impl FakeKeyMaker {
    /// A maker whose keys are wrapped by the root secret of this fingerprint.
    #[must_use]
    pub fn new(root: impl Into<String>) -> Self {
        Self { root: root.into(), made: AtomicU32::new(0) }
    }
}

impl KeyMaker for FakeKeyMaker {
    fn root(&self) -> String {
        self.root.clone()
    }

    fn make(
        &self,
        algorithm: SigningAlgorithm,
        state: KeyState,
        now: Timestamp,
    ) -> Result<StoredSigningKey, PortFailure> {
        let kid = format!("kid-{}", self.made.fetch_add(1, Ordering::Relaxed) + 1);
        let sealed = SealedSecret::restore(format!("{}:{kid}", self.root));
        Ok(StoredSigningKey { kid, algorithm, state, sealed, created_at: now, changed_at: now })
    }
}

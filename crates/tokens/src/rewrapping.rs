//! Taking the keys from one root secret to another.

use std::fmt;
use std::sync::Arc;

use domain::keys::ports::KeyWrapping;
use domain::keys::rows::{StoredDataKey, StoredSigningKey};
use domain::ports::entropy::Entropy;
use domain::ports::failure::PortFailure;
use domain::ports::secrets::SealedSecret;

use crate::open_error::{OpenKeysError, UnusableKey};
use crate::root_secret::RootSecret;
use crate::sealing_key::{SealError, SealingKey};
use crate::{data_key, signing_key};

/// Takes the keys from one root secret to another. It knows no key for longer than it takes.
pub struct Rewrapping {
    from: SealingKey,
    to: SealingKey,
    entropy: Arc<dyn Entropy>,
}

impl Rewrapping {
    /// From one root secret to another.
    #[must_use]
    pub fn new(from: &RootSecret, to: &RootSecret, entropy: Arc<dyn Entropy>) -> Self {
        Self { from: from.wrapping_key(), to: to.wrapping_key(), entropy }
    }
}

impl KeyWrapping for Rewrapping {
    fn from(&self) -> String {
        self.from.id().into()
    }

    fn to(&self) -> String {
        self.to.id().into()
    }

    fn data(&self, key: &StoredDataKey) -> Result<SealedSecret, PortFailure> {
        let sealed = data_key::rewrap(key, &self.from, &self.to, &*self.entropy);
        sealed.map_err(|error| unusable(&key.id, error))
    }

    fn signing(&self, key: &StoredSigningKey) -> Result<SealedSecret, PortFailure> {
        let sealed = signing_key::rewrap(key, &self.from, &self.to, &*self.entropy);
        sealed.map_err(|error| unusable(&key.kid, error))
    }
}

impl fmt::Debug for Rewrapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rewrapping").finish_non_exhaustive()
    }
}

fn unusable(id: &str, error: SealError) -> PortFailure {
    PortFailure::lasting(OpenKeysError::Unusable { id: id.into(), reason: UnusableKey::from(error) })
}

//! The key ring: every key of the installation as it was last read, ready for use.

use std::sync::Arc;

use domain::keys::ports::KeyStore;
use domain::keys::rows::{KeyState, SigningAlgorithm, StoredDataKey, StoredSigningKey};
use domain::ports::failure::PortFailure;
use domain::ports::secrets::SecretPurpose;
use jsonwebtoken::jwk::{Jwk, JwkSet};

use crate::data_key::DataKey;
use crate::open_error::{OpenKeysError, UnusableKey};
use crate::remembered::KeyMark;
use crate::sealing_key::SealingKey;
use crate::signing_key::SigningKey;

/// The keys as they are stored.
#[derive(Default)]
pub(crate) struct StoredKeys {
    pub(crate) data: Vec<StoredDataKey>,
    pub(crate) signing: Vec<StoredSigningKey>,
}

impl StoredKeys {
    /// Reads them.
    pub(crate) async fn read(store: &dyn KeyStore) -> Result<Self, PortFailure> {
        Ok(Self { data: store.data_keys().await?, signing: store.signing_keys().await? })
    }
}

/// The keys, ready for use. A ring never changes: the next reading makes another one.
#[derive(Default)]
pub(crate) struct Ring {
    /// The newest of each purpose first.
    data: Vec<Arc<DataKey>>,
    signing: Vec<(KeyState, Arc<SigningKey>)>,
    jwks: String,
}

impl Ring {
    /// Opens the stored keys. Those that the ring `before` holds already are taken from it.
    pub(crate) fn of(mut stored: StoredKeys, root: &SealingKey, before: &Self) -> Result<Self, OpenKeysError> {
        stored.data.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| b.id.cmp(&a.id)));
        let data: Vec<_> = stored.data.iter().map(|key| before.data_key(key, root)).collect::<Result<_, _>>()?;
        let mut signing: Vec<_> = stored
            .signing
            .iter()
            .map(|key| Ok((key.state, before.signing_key(key, root)?)))
            .collect::<Result<_, OpenKeysError>>()?;
        signing.sort_by_key(|(state, key)| (place(*state), key.algorithm, key.kid.clone()));
        let jwks = jwks(signing.iter().map(|(_, key)| key.jwk.clone()).collect());
        Ok(Self { data, signing, jwks })
    }

    /// The same ring, if it has what the installation cannot work without.
    pub(crate) fn complete(self, algorithm: SigningAlgorithm) -> Result<Self, OpenKeysError> {
        if let Some(purpose) = SecretPurpose::ALL.into_iter().find(|purpose| self.of_purpose(*purpose).next().is_none())
        {
            return Err(OpenKeysError::NoDataKey(purpose));
        }
        if self.active(algorithm).is_none() {
            return Err(OpenKeysError::NoSigningKey(algorithm));
        }
        Ok(self)
    }

    /// The data keys of a purpose, the newest first.
    pub(crate) fn of_purpose(&self, purpose: SecretPurpose) -> impl Iterator<Item = &DataKey> {
        self.data.iter().map(Arc::as_ref).filter(move |key| key.purpose == purpose)
    }

    /// The key that signs with this algorithm.
    pub(crate) fn active(&self, algorithm: SigningAlgorithm) -> Option<&SigningKey> {
        let mut active = self.signing.iter().filter(|(state, _)| *state == KeyState::Active);
        active.find(|(_, key)| key.algorithm == algorithm).map(|(_, key)| key.as_ref())
    }

    /// The signing key of this id, in whatever state: a replica that is ahead may already sign with
    /// what is next here, and one that is behind may still sign with what is retired.
    pub(crate) fn by_kid(&self, kid: &str) -> Option<&SigningKey> {
        self.signing_keys().find(|key| key.kid == kid)
    }

    /// The signing keys in this state.
    #[cfg(test)]
    pub(crate) fn in_state(&self, state: KeyState) -> impl Iterator<Item = &SigningKey> {
        self.signing.iter().filter(move |(its, _)| *its == state).map(|(_, key)| key.as_ref())
    }

    /// Whether the signing key with this mark is in the ring.
    pub(crate) fn counts(&self, mark: KeyMark) -> bool {
        self.signing_keys().any(|key| KeyMark::of(&key.kid) == mark)
    }

    /// The public signing keys as a JWK Set (RFC 7517): the active ones first.
    pub(crate) fn jwks(&self) -> &str {
        &self.jwks
    }

    fn signing_keys(&self) -> impl Iterator<Item = &SigningKey> {
        self.signing.iter().map(|(_, key)| key.as_ref())
    }

    fn data_key(&self, stored: &StoredDataKey, root: &SealingKey) -> Result<Arc<DataKey>, OpenKeysError> {
        let known = self.data.iter().find(|key| key.id == stored.id && key.purpose == stored.purpose);
        known.map_or_else(
            || DataKey::unwrap(stored, root).map(Arc::new).map_err(|error| unusable(&stored.id, error.into())),
            |key| Ok(Arc::clone(key)),
        )
    }

    fn signing_key(&self, stored: &StoredSigningKey, root: &SealingKey) -> Result<Arc<SigningKey>, OpenKeysError> {
        let mut known = self.signing.iter().map(|(_, key)| key);
        known.find(|key| key.kid == stored.kid && key.algorithm == stored.algorithm).map_or_else(
            || SigningKey::unwrap(stored, root).map(Arc::new).map_err(|error| unusable(&stored.kid, error)),
            |key| Ok(Arc::clone(key)),
        )
    }
}

fn unusable(id: &str, reason: UnusableKey) -> OpenKeysError {
    OpenKeysError::Unusable { id: id.into(), reason }
}

fn jwks(keys: Vec<Jwk>) -> String {
    serde_json::to_string(&JwkSet { keys }).expect("a JWK Set has only text for its keys")
}

const fn place(state: KeyState) -> u8 {
    match state {
        KeyState::Active => 0,
        KeyState::Next => 1,
        KeyState::Retired => 2,
    }
}

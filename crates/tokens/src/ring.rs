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
use crate::sealing_key::{SealingKey, key_id};
use crate::signing_key::SigningKey;

/// The keys as they are stored.
#[derive(Default)]
pub(crate) struct StoredKeys {
    /// How often they were changed.
    pub(crate) revision: i64,
    pub(crate) data: Vec<StoredDataKey>,
    pub(crate) signing: Vec<StoredSigningKey>,
}

impl StoredKeys {
    /// Reads them; the revision first, so that they are never older than it says.
    pub(crate) async fn read(store: &dyn KeyStore) -> Result<Self, PortFailure> {
        let revision = store.revision().await?;
        Ok(Self { revision, data: store.data_keys().await?, signing: store.signing_keys().await? })
    }

    /// The fingerprint of another root secret than this one that wraps one of them.
    fn other_root(&self, root: &SealingKey) -> Option<String> {
        let sealed = self.data.iter().map(|key| &key.sealed).chain(self.signing.iter().map(|key| &key.sealed));
        sealed.filter_map(key_id).find(|id| *id != root.id()).map(Into::into)
    }
}

/// The keys, ready for use. A ring never changes: the next reading makes another one.
#[derive(Default)]
pub(crate) struct Ring {
    /// The newest of each purpose first.
    data: Vec<Arc<DataKey>>,
    signing: Vec<(KeyState, Arc<SigningKey>)>,
    jwks: String,
    revision: i64,
    other_root: Option<String>,
}

impl Ring {
    /// Opens the stored keys.
    pub(crate) fn first(stored: StoredKeys, root: &SealingKey) -> Result<Self, OpenKeysError> {
        Self::default().opened(stored, root, false)
    }

    /// What comes after this ring. Keys that it holds already are taken from it, whatever wraps them by now;
    /// new ones that another root secret wraps cannot be opened here, and are left out.
    pub(crate) fn followed_by(&self, stored: StoredKeys, root: &SealingKey) -> Result<Self, OpenKeysError> {
        self.opened(stored, root, true)
    }

    fn opened(&self, mut stored: StoredKeys, root: &SealingKey, may_lack: bool) -> Result<Self, OpenKeysError> {
        let other_root = stored.other_root(root).filter(|_| may_lack);
        stored.data.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| b.id.cmp(&a.id)));
        let is_lost = |sealed| may_lack && key_id(sealed).is_some_and(|id| id != root.id());
        let (mut data, mut signing) = (Vec::new(), Vec::new());
        for key in &stored.data {
            match self.known_data_key(key) {
                Some(known) => data.push(known),
                None if is_lost(&key.sealed) => {}
                None => data.push(data_key(key, root)?),
            }
        }
        for key in &stored.signing {
            match self.known_signing_key(key) {
                Some(known) => signing.push((key.state, known)),
                None if is_lost(&key.sealed) => {}
                None => signing.push((key.state, signing_key(key, root)?)),
            }
        }
        signing.sort_by_key(|(state, key)| (place(*state), key.algorithm, key.kid.clone()));
        let jwks = jwks(signing.iter().map(|(_, key)| key.jwk.clone()).collect());
        Ok(Self { data, signing, jwks, revision: stored.revision, other_root })
    }

    /// The same ring, if it has what the installation cannot work without. One whose new keys cannot be
    /// opened any more is better than the one before, although it may lack the one that signs: what was
    /// revoked is not in it.
    pub(crate) fn complete(self, algorithm: SigningAlgorithm) -> Result<Self, OpenKeysError> {
        if self.other_root.is_some() {
            return Ok(self);
        }
        if let Some(purpose) = SecretPurpose::ALL.into_iter().find(|purpose| self.of_purpose(*purpose).next().is_none())
        {
            return Err(OpenKeysError::NoDataKey(purpose));
        }
        if self.active(algorithm).is_none() {
            return Err(OpenKeysError::NoSigningKey(algorithm));
        }
        Ok(self)
    }

    /// The revision of the stored keys that it was made of.
    pub(crate) const fn revision(&self) -> i64 {
        self.revision
    }

    /// The fingerprint of another root secret that wraps the keys by now.
    pub(crate) fn other_root(&self) -> Option<&str> {
        self.other_root.as_deref()
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

    fn known_data_key(&self, stored: &StoredDataKey) -> Option<Arc<DataKey>> {
        self.data.iter().find(|key| key.id == stored.id && key.purpose == stored.purpose).map(Arc::clone)
    }

    fn known_signing_key(&self, stored: &StoredSigningKey) -> Option<Arc<SigningKey>> {
        let mut known = self.signing.iter().map(|(_, key)| key);
        known.find(|key| key.kid == stored.kid && key.algorithm == stored.algorithm).map(Arc::clone)
    }
}

fn data_key(stored: &StoredDataKey, root: &SealingKey) -> Result<Arc<DataKey>, OpenKeysError> {
    DataKey::unwrap(stored, root).map(Arc::new).map_err(|error| unusable(&stored.id, error.into()))
}

fn signing_key(stored: &StoredSigningKey, root: &SealingKey) -> Result<Arc<SigningKey>, OpenKeysError> {
    SigningKey::unwrap(stored, root).map(Arc::new).map_err(|error| unusable(&stored.kid, error))
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

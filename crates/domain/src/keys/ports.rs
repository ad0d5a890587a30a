//! The ports of the keys.

use async_trait::async_trait;

use crate::keys::rows::{KeyState, SigningAlgorithm, StoredDataKey, StoredSigningKey};
use crate::ports::clock::Timestamp;
use crate::ports::failure::PortFailure;
use crate::ports::secrets::SealedSecret;

/// Reads the stored keys.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait KeyStore: Send + Sync {
    /// How often the keys were changed: it moves on with each plan of
    /// [`KeyChange::Revise`](crate::changes::KeyChange::Revise). It is asked for twice a second, so it
    /// MUST cost next to nothing.
    async fn revision(&self) -> Result<i64, PortFailure>;

    /// The fingerprint of the root secret that wraps the keys; `None` in a new database.
    async fn root_fingerprint(&self) -> Result<Option<String>, PortFailure>;

    /// Every data key, the newest of each purpose first.
    async fn data_keys(&self) -> Result<Vec<StoredDataKey>, PortFailure>;

    /// Every signing key.
    async fn signing_keys(&self) -> Result<Vec<StoredSigningKey>, PortFailure>;
}

/// Publishes the public signing keys.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait PublishedKeys: Send + Sync {
    /// The JWK Set (RFC 7517) of every key that is next, active or retired, as its JSON text.
    fn jwks(&self) -> String;
}

/// Makes signing keys.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait KeyMaker: Send + Sync {
    /// The fingerprint of the root secret that wraps what is made here.
    fn root(&self) -> String;

    /// A fresh key, wrapped.
    ///
    /// # Errors
    /// When the cryptographic library fails.
    fn make(
        &self,
        algorithm: SigningAlgorithm,
        state: KeyState,
        now: Timestamp,
    ) -> Result<StoredSigningKey, PortFailure>;
}

/// Takes keys from one root secret to another.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait KeyWrapping: Send + Sync {
    /// The fingerprint of the root secret that wraps the keys.
    fn from(&self) -> String;

    /// The fingerprint of the one that is to wrap them.
    fn to(&self) -> String;

    /// The same data key, wrapped by the other root secret.
    ///
    /// # Errors
    /// When the key does not open.
    fn data(&self, key: &StoredDataKey) -> Result<SealedSecret, PortFailure>;

    /// The same signing key, wrapped by the other root secret.
    ///
    /// # Errors
    /// When the key does not open.
    fn signing(&self, key: &StoredSigningKey) -> Result<SealedSecret, PortFailure>;
}

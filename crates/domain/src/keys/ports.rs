//! The ports of the keys.

use async_trait::async_trait;

use crate::keys::rows::{StoredDataKey, StoredSigningKey};
use crate::ports::failure::PortFailure;

/// Reads the stored keys.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait KeyStore: Send + Sync {
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

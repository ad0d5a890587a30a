//! Why the keys cannot be opened.

use domain::keys::rows::SigningAlgorithm;
use domain::ports::failure::PortFailure;
use domain::ports::secrets::SecretPurpose;
use thiserror::Error;

use crate::sealing_key::SealError;
use crate::signing_key::BadSigningKey;

/// Why the keys cannot be opened: one sentence for the operator, without any secret.
#[derive(Debug, Error)]
pub enum OpenKeysError {
    /// The database belongs to another root secret.
    #[error(
        "This database was made with another root secret: bring the one with the fingerprint {needed} (the given one has {given})."
    )]
    OtherRoot {
        /// The fingerprint of the secret that is needed.
        needed: String,
        /// The fingerprint of the secret that was given.
        given: String,
    },
    /// A stored key does not open.
    #[error("The key {id} in the database cannot be used: {reason}. Restore it from a backup.")]
    Unusable {
        /// The key's id.
        id: String,
        /// What is wrong with it.
        reason: UnusableKey,
    },
    /// A purpose has no data key.
    #[error("The database holds no data key for {}.", .0.name())]
    NoDataKey(SecretPurpose),
    /// The signing algorithm has no active key.
    #[error("The database holds no active signing key for {0}.")]
    NoSigningKey(SigningAlgorithm),
    /// A new key could not be made.
    #[error("A new key could not be made: {0}.")]
    NotMade(UnusableKey),
    /// Other replicas changed the keys each time that this one had read them.
    #[error("The keys kept changing while they were read: start again.")]
    Unsettled,
    /// The database could not be read or written.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// What is wrong with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(transparent)]
pub struct UnusableKey(#[from] Reason);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
enum Reason {
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Signing(#[from] BadSigningKey),
}

impl From<SealError> for UnusableKey {
    fn from(error: SealError) -> Self {
        Self(error.into())
    }
}

impl From<BadSigningKey> for UnusableKey {
    fn from(error: BadSigningKey) -> Self {
        Self(error.into())
    }
}

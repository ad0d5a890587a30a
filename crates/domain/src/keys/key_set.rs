//! The signing keys as they were read, to decide on.

use thiserror::Error;

use crate::access::{Actor, Operation};
use crate::changes::{Changes, KeyChange};
use crate::events::Event;
use crate::keys::ports::KeyStore;
use crate::keys::rows::{KeyState, SigningAlgorithm, StoredSigningKey};
use crate::ports::failure::PortFailure;

/// How often a use case of the keys reads and decides again when others change them at the same time.
pub(crate) const ATTEMPTS: usize = 3;

/// Another root secret wraps the keys by now than this process was started with.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("The root secret was changed: start this program again with the one with the fingerprint {needed}.")]
pub struct OtherRoot {
    /// The fingerprint of the root secret that is needed.
    pub needed: String,
}

/// The signing keys of one revision.
pub(crate) struct KeySet {
    revision: i64,
    root: Option<String>,
    pub(crate) signing: Vec<StoredSigningKey>,
}

impl KeySet {
    /// Reads them.
    ///
    /// The revision comes first: keys that changed while they were read are newer than it says, and a plan
    /// on them is refused as `Stale`.
    pub(crate) async fn read(keys: &dyn KeyStore) -> Result<Self, PortFailure> {
        let revision = keys.revision().await?;
        Ok(Self { revision, root: keys.root_fingerprint().await?, signing: keys.signing_keys().await? })
    }

    /// Fails when another root secret than this one wraps the keys: what it would wrap, nobody could open.
    pub(crate) fn must_be_of(&self, root: &str) -> Result<(), OtherRoot> {
        match &self.root {
            Some(needed) if needed != root => Err(OtherRoot { needed: needed.clone() }),
            _ => Ok(()),
        }
    }

    /// The key of this algorithm in this state: of next and active ones there is one at most.
    pub(crate) fn of(&self, algorithm: SigningAlgorithm, state: KeyState) -> Option<&StoredSigningKey> {
        self.signing.iter().find(|key| key.algorithm == algorithm && key.state == state)
    }

    /// A plan on these keys, which is only carried out while they are as they were read.
    pub(crate) fn plan(&self, actor: &Actor, event: Event) -> Changes {
        Changes::of(actor, Operation::ChangeKeys, event).with(KeyChange::Revise { from: self.revision })
    }
}

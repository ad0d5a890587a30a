//! The operator changes the root secret.

use std::sync::Arc;

use thiserror::Error;

use crate::access::{Actor, Denied, Operation};
use crate::changes::{Changes, KeyChange};
use crate::events::{Event, EventKind, EventSubject};
use crate::keys::key_set::{ATTEMPTS, OtherRoot};
use crate::keys::ports::{KeyStore, KeyWrapping};
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::ports::ledger::{Ledger, Rejected};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// So many keys are wrapped by the new root secret now.
    Rewrapped(usize),
    /// The new root secret wraps them already.
    AlreadyDone,
}

/// Why nothing was changed.
#[derive(Debug, Error)]
pub enum RewrapKeysError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The database has no keys yet.
    #[error("The database has no keys yet: start the server with the new root secret.")]
    NoKeys,
    /// Neither the present nor the new root secret wraps the keys.
    #[error("Neither root secret is that of the database: the present one must have the fingerprint {}.", .0.needed)]
    OtherRoot(OtherRoot),
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Wraps every key by another root secret, in one transaction. The keys stay what they are, so everything
/// that was made with them stays good.
pub struct RewrapKeys {
    /// Reads the keys.
    pub keys: Arc<dyn KeyStore>,
    /// Takes them from one root secret to the other.
    pub wrapping: Arc<dyn KeyWrapping>,
    /// Writes.
    pub ledger: Arc<dyn Ledger>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

impl RewrapKeys {
    /// Wraps the keys.
    ///
    /// # Errors
    /// When the actor may not, the keys are of a third root secret or none, or a port fails.
    pub async fn run(&self, actor: &Actor) -> Result<Outcome, RewrapKeysError> {
        actor.may(Operation::ChangeKeys)?;
        for _ in 0..ATTEMPTS {
            let revision = self.keys.revision().await?;
            match self.keys.root_fingerprint().await? {
                None => return Err(RewrapKeysError::NoKeys),
                Some(root) if root == self.wrapping.to() => return Ok(Outcome::AlreadyDone),
                Some(root) if root == self.wrapping.from() => {}
                Some(needed) => return Err(RewrapKeysError::OtherRoot(OtherRoot { needed })),
            }
            let keys = self.rewrapped().await?;
            let count = keys.len();
            match self.ledger.apply(self.plan(actor, revision, keys)).await {
                Ok(_) => return Ok(Outcome::Rewrapped(count)),
                // Others have changed the keys since the revision was read.
                Err(Rejected::Stale) => {}
                Err(other) => return Err(other.denied()?.into()),
            }
        }
        Err(PortFailure::passing(Rejected::Stale).into())
    }

    /// Every key, wrapped anew.
    async fn rewrapped(&self) -> Result<Vec<KeyChange>, PortFailure> {
        let mut changes = Vec::new();
        for key in self.keys.data_keys().await? {
            changes.push(KeyChange::SealData(key.id.clone(), self.wrapping.data(&key)?));
        }
        for key in self.keys.signing_keys().await? {
            changes.push(KeyChange::SealSigning(key.kid.clone(), self.wrapping.signing(&key)?));
        }
        Ok(changes)
    }

    fn plan(&self, actor: &Actor, revision: i64, keys: Vec<KeyChange>) -> Changes {
        let (now, from, to) = (self.clock.now(), self.wrapping.from(), self.wrapping.to());
        let subject = EventSubject::new("keys", &to);
        let event = Event::now(EventKind::KeysRewrapped, actor, subject, now, &*self.entropy);
        let event = event.with("from", &from).with("keys", keys.len());
        Changes::of(actor, Operation::ChangeKeys, event)
            .with(KeyChange::Revise { from: revision })
            .with(KeyChange::ChangeRoot { from, to, at: now })
            .with_all(keys)
    }
}

//! The operator revokes a signing key.

use std::sync::Arc;

use thiserror::Error;

use crate::access::{Actor, Denied, Operation};
use crate::changes::{Changes, KeyChange};
use crate::events::{Event, EventKind, EventSubject};
use crate::keys::key_set::{ATTEMPTS, KeySet, OtherRoot};
use crate::keys::ports::{KeyMaker, KeyStore};
use crate::keys::rows::{KeyState, SigningAlgorithm, StoredSigningKey};
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::ports::ledger::{Ledger, Rejected};

/// What was revoked, and what took its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// What it signed with.
    pub algorithm: SigningAlgorithm,
    /// Where it was in its life.
    pub state: KeyState,
    /// What signs from now on, if the key did until now.
    pub active: Option<String>,
    /// What was made for the next rotation, if the key was active or next.
    pub next: Option<String>,
}

/// Why nothing was revoked.
#[derive(Debug, Error)]
pub enum RevokeKeyError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such key.
    #[error("There is no signing key {0}.")]
    Unknown(String),
    /// This process has another root secret than the keys.
    #[error(transparent)]
    OtherRoot(#[from] OtherRoot),
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Takes a signing key away, and with it all its tokens. What was next takes the place of one that was
/// active, at once, and a new next one is made.
pub struct RevokeKey {
    /// Reads the keys.
    pub keys: Arc<dyn KeyStore>,
    /// Makes the next one.
    pub maker: Arc<dyn KeyMaker>,
    /// Writes.
    pub ledger: Arc<dyn Ledger>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

impl RevokeKey {
    /// Revokes the key of this id.
    ///
    /// # Errors
    /// When the actor may not, there is no such key, the root secret was changed, or a port fails.
    pub async fn run(&self, actor: &Actor, kid: &str) -> Result<Revoked, RevokeKeyError> {
        actor.may(Operation::ChangeKeys)?;
        for _ in 0..ATTEMPTS {
            let set = KeySet::read(&*self.keys).await?;
            let key = set.signing.iter().find(|key| key.kid == kid);
            let key = key.ok_or_else(|| RevokeKeyError::Unknown(kid.into()))?;
            set.must_be_of(&self.maker.root())?;
            let (plan, revoked) = self.plan(actor, &set, key)?;
            match self.ledger.apply(plan).await {
                Ok(_) => return Ok(revoked),
                // It may be in another state by now.
                Err(Rejected::Stale) => {}
                Err(other) => return Err(other.denied()?.into()),
            }
        }
        Err(PortFailure::passing(Rejected::Stale).into())
    }

    fn plan(&self, actor: &Actor, set: &KeySet, key: &StoredSigningKey) -> Result<(Changes, Revoked), PortFailure> {
        let (now, algorithm, state) = (self.clock.now(), key.algorithm, key.state);
        let mut changes = vec![KeyChange::Remove(key.kid.clone(), state)];
        let mut revoked = Revoked { algorithm, state, active: None, next: None };
        if state == KeyState::Active {
            let active = match set.of(algorithm, KeyState::Next) {
                Some(next) => {
                    changes.push(KeyChange::Promote { kid: next.kid.clone(), at: now });
                    next.kid.clone()
                }
                None => add(&mut changes, self.maker.make(algorithm, KeyState::Active, now)?),
            };
            revoked.active = Some(active);
        }
        if state != KeyState::Retired {
            revoked.next = Some(add(&mut changes, self.maker.make(algorithm, KeyState::Next, now)?));
        }
        let subject = EventSubject::new("signing-key", &key.kid);
        let event = Event::now(EventKind::KeyRevoked, actor, subject, now, &*self.entropy)
            .with("algorithm", algorithm)
            .with("state", state.name())
            .with("active", revoked.active.as_deref().unwrap_or_default())
            .with("next", revoked.next.as_deref().unwrap_or_default());
        Ok((set.plan(actor, event).with_all(changes), revoked))
    }
}

/// Adds a key to the plan, and gives its id.
fn add(changes: &mut Vec<KeyChange>, key: StoredSigningKey) -> String {
    let kid = key.kid.clone();
    changes.push(KeyChange::AddSigning(key));
    kid
}

//! The next signing keys become active.

use std::sync::Arc;

use chrono::TimeDelta;
use thiserror::Error;

use crate::access::{Actor, Denied, Operation};
use crate::changes::{Changes, KeyChange};
use crate::events::{Event, EventKind, EventSubject};
use crate::keys::key_set::{ATTEMPTS, KeySet, OtherRoot};
use crate::keys::ports::{KeyMaker, KeyStore};
use crate::keys::published::known_from;
use crate::keys::rows::{KeyState, SigningAlgorithm, StoredSigningKey};
use crate::ports::clock::{Clock, Timestamp};
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::ports::ledger::{Ledger, Rejected};

/// Which keys to rotate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those of every algorithm, if everybody knows the next ones.
    All,
    /// Those of every algorithm, although somebody may not know the next ones yet.
    AllAtOnce,
    /// Those that have signed for so long, as soon as everybody knows the next ones.
    ActiveFor(TimeDelta),
}

/// What became of the keys of one algorithm: their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// The algorithm.
    pub algorithm: SigningAlgorithm,
    /// What signed until now.
    pub retired: String,
    /// What signs from now on.
    pub active: String,
    /// What was made for the next time.
    pub next: String,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// These were rotated: none when none was due.
    Rotated(Vec<Rotated>),
    /// Another process rotated them at the same time.
    Overtaken,
}

/// Why nothing was rotated.
#[derive(Debug, Error)]
pub enum RotateKeysError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// A next key is so young that somebody may not know it yet.
    #[error("The next signing key {kid} is so new that others may not know it before {known_from}.")]
    TooYoung {
        /// Which.
        kid: String,
        /// From when everybody knows it.
        known_from: Timestamp,
    },
    /// This process has another root secret than the keys.
    #[error(transparent)]
    OtherRoot(#[from] OtherRoot),
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Rotates the signing keys: what is active retires, what is next becomes active, and a new next one is
/// made. Of several processes that do so at once, one does.
pub struct RotateKeys {
    /// Reads the keys.
    pub keys: Arc<dyn KeyStore>,
    /// Makes the next ones.
    pub maker: Arc<dyn KeyMaker>,
    /// Writes.
    pub ledger: Arc<dyn Ledger>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

impl RotateKeys {
    /// Rotates the keys.
    ///
    /// # Errors
    /// When the actor may not, a next key is too young, the root secret was changed, or a port fails.
    pub async fn run(&self, actor: &Actor, which: Which) -> Result<Outcome, RotateKeysError> {
        actor.may(Operation::ChangeKeys)?;
        let mut wanted: Vec<Rotated> = Vec::new();
        for _ in 0..ATTEMPTS {
            let set = KeySet::read(&*self.keys).await?;
            if wanted.iter().any(|key| set.of(key.algorithm, KeyState::Active).is_none_or(|now| now.kid != key.retired))
            {
                return Ok(Outcome::Overtaken);
            }
            set.must_be_of(&self.maker.root())?;
            let now = self.clock.now();
            let due = due(&set, which, now)?;
            if due.is_empty() {
                return Ok(Outcome::Rotated(Vec::new()));
            }
            let (plan, rotated) = self.plan(actor, &set, due, now)?;
            match self.ledger.apply(plan).await {
                Ok(_) => return Ok(Outcome::Rotated(rotated)),
                Err(Rejected::Stale) => wanted = rotated,
                Err(other) => return Err(other.denied()?.into()),
            }
        }
        Err(PortFailure::passing(Rejected::Stale).into())
    }

    fn plan(
        &self,
        actor: &Actor,
        set: &KeySet,
        due: Vec<(&StoredSigningKey, &StoredSigningKey)>,
        now: Timestamp,
    ) -> Result<(Changes, Vec<Rotated>), PortFailure> {
        let (mut changes, mut rotated) = (Vec::new(), Vec::new());
        for (active, next) in due {
            let fresh = self.maker.make(active.algorithm, KeyState::Next, now)?;
            rotated.push(Rotated {
                algorithm: active.algorithm,
                retired: active.kid.clone(),
                active: next.kid.clone(),
                next: fresh.kid.clone(),
            });
            changes.extend([
                KeyChange::Retire { kid: active.kid.clone(), at: now },
                KeyChange::Promote { kid: next.kid.clone(), at: now },
                KeyChange::AddSigning(fresh),
            ]);
        }
        let list = |kid: fn(&Rotated) -> &str| rotated.iter().map(kid).collect::<Vec<_>>().join(", ");
        let algorithms = rotated.iter().map(|keys| keys.algorithm.name()).collect::<Vec<_>>().join(", ");
        let subject = EventSubject::new("keys", algorithms);
        let event = Event::now(EventKind::KeysRotated, actor, subject, now, &*self.entropy)
            .with("retired", list(|keys| &keys.retired))
            .with("active", list(|keys| &keys.active))
            .with("next", list(|keys| &keys.next));
        Ok((set.plan(actor, event).with_all(changes), rotated))
    }
}

/// The active and the next key of each algorithm whose turn it is. An algorithm that lacks one of them gets
/// it when a program that is configured for it starts.
fn due(
    set: &KeySet,
    which: Which,
    now: Timestamp,
) -> Result<Vec<(&StoredSigningKey, &StoredSigningKey)>, RotateKeysError> {
    let mut due = Vec::new();
    for algorithm in SigningAlgorithm::ALL {
        let (Some(active), Some(next)) = (set.of(algorithm, KeyState::Active), set.of(algorithm, KeyState::Next))
        else {
            continue;
        };
        let known_from = known_from(next);
        match which {
            Which::All if now < known_from => {
                return Err(RotateKeysError::TooYoung { kid: next.kid.clone(), known_from });
            }
            Which::ActiveFor(lifetime) if now < known_from || now < active.changed_at + lifetime => {}
            Which::All | Which::AllAtOnce | Which::ActiveFor(_) => due.push((active, next)),
        }
    }
    Ok(due)
}

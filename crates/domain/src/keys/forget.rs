//! Retired signing keys go, once no token of theirs lives any more.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::access::Actor;
use crate::changes::KeyChange;
use crate::events::{Event, EventKind, EventSubject};
use crate::keys::key_set::KeySet;
use crate::keys::ports::KeyStore;
use crate::keys::published::needed_until;
use crate::keys::rows::{KeyState, StoredSigningKey};
use crate::keys::seen_retired::SeenRetired;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::ports::ledger::{Ledger, Rejected};

/// Removes retired signing keys, so that they do not gather in the JWK Set for ever.
pub struct ForgetKeys {
    /// Reads the keys.
    pub keys: Arc<dyn KeyStore>,
    /// Writes.
    pub ledger: Arc<dyn Ledger>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

impl ForgetKeys {
    /// Removes those whose tokens have all expired; gives their ids. It gives none when another process
    /// changes the keys at the same time: the next time is early enough.
    ///
    /// The clock alone does not tell: it may have been put forward, and be put back while tokens of the key live. So
    /// the caller keeps what it has seen retired, and says for how long its process has run.
    ///
    /// # Errors
    /// When a port fails.
    pub async fn run(&self, seen: &mut SeenRetired, uptime: TimeDelta) -> Result<Vec<String>, PortFailure> {
        let (set, now) = (KeySet::read(&*self.keys).await?, self.clock.now());
        seen.note(&set.signing, uptime);
        let is_over = |key: &&StoredSigningKey| {
            key.state == KeyState::Retired && needed_until(key) <= now && seen.for_long(&key.kid, uptime)
        };
        let kids: Vec<_> = set.signing.iter().filter(is_over).map(|key| key.kid.clone()).collect();
        if kids.is_empty() {
            return Ok(kids);
        }
        let (actor, subject) = (Actor::system(), EventSubject::new("keys", kids.join(", ")));
        let event = Event::now(EventKind::KeysForgotten, &actor, subject, now, &*self.entropy);
        let removed = kids.iter().map(|kid| KeyChange::Remove(kid.clone(), KeyState::Retired));
        match self.ledger.apply(set.plan(&actor, event).with_all(removed)).await {
            Ok(_) => Ok(kids),
            Err(Rejected::Stale) => Ok(Vec::new()),
            Err(other) => Err(other.unexpected()),
        }
    }
}

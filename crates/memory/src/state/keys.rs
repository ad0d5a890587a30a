//! The root's fingerprint, data keys and signing keys.

use domain::changes::{KeyChange, UniqueKey};
use domain::keys::rows::{KeyState, StoredDataKey, StoredSigningKey};
use domain::ports::clock::Timestamp;
use domain::ports::ledger::Rejected;

#[derive(Clone, Debug, Default)]
pub(crate) struct KeyRows {
    root: Option<String>,
    revision: i64,
    data: Vec<StoredDataKey>,
    signing: Vec<StoredSigningKey>,
}

impl KeyRows {
    pub(crate) fn write(&mut self, change: KeyChange) -> Result<u64, Rejected> {
        match change {
            KeyChange::SetRoot { fingerprint, at: _ } => self.set_root(fingerprint),
            KeyChange::AddData(key) => self.add_data(key),
            KeyChange::AddSigning(key) => self.add_signing(key),
            KeyChange::Revise { from } => self.revise(from),
            KeyChange::Promote { kid, at } => self.promote(&kid, at),
            KeyChange::Retire { kid, at } => {
                let key = self.in_state(&kid, KeyState::Active)?;
                (key.state, key.changed_at) = (KeyState::Retired, at);
                Ok(1)
            }
            KeyChange::Remove(kid, state) => {
                self.in_state(&kid, state)?;
                self.signing.retain(|key| key.kid != kid);
                Ok(1)
            }
            KeyChange::ChangeRoot { from, to, at: _ } => self.change_root(&from, to),
            KeyChange::SealData(id, sealed) => {
                let key = self.data.iter_mut().find(|key| key.id == id).ok_or(Rejected::Stale)?;
                key.sealed = sealed;
                Ok(1)
            }
            KeyChange::SealSigning(kid, sealed) => {
                let key = self.signing.iter_mut().find(|key| key.kid == kid).ok_or(Rejected::Stale)?;
                key.sealed = sealed;
                Ok(1)
            }
        }
    }

    pub(crate) const fn revision(&self) -> i64 {
        self.revision
    }

    pub(crate) fn root(&self) -> Option<String> {
        self.root.clone()
    }

    /// Every data key, the newest of each purpose first.
    pub(crate) fn data(&self) -> Vec<StoredDataKey> {
        let mut keys = self.data.clone();
        keys.sort_by(|one, other| (one.purpose, other.created_at).cmp(&(other.purpose, one.created_at)));
        keys
    }

    pub(crate) fn signing(&self) -> Vec<StoredSigningKey> {
        self.signing.clone()
    }

    fn set_root(&mut self, fingerprint: String) -> Result<u64, Rejected> {
        if self.root.is_some() {
            return Err(Rejected::Conflict(UniqueKey::Root));
        }
        self.root = Some(fingerprint);
        Ok(1)
    }

    fn add_data(&mut self, key: StoredDataKey) -> Result<u64, Rejected> {
        if self.data.iter().any(|row| row.id == key.id) {
            return Err(Rejected::Conflict(UniqueKey::Random));
        }
        self.data.push(key);
        Ok(1)
    }

    fn add_signing(&mut self, key: StoredSigningKey) -> Result<u64, Rejected> {
        if self.signing.iter().any(|row| row.kid == key.kid) {
            return Err(Rejected::Conflict(UniqueKey::Random));
        }
        let rivals = |row: &StoredSigningKey| row.algorithm == key.algorithm && row.state == key.state;
        if key.state != KeyState::Retired && self.signing.iter().any(rivals) {
            return Err(Rejected::Conflict(UniqueKey::SigningKey));
        }
        self.signing.push(key);
        Ok(1)
    }

    fn revise(&mut self, from: i64) -> Result<u64, Rejected> {
        if self.revision != from {
            return Err(Rejected::Stale);
        }
        self.revision += 1;
        Ok(1)
    }

    fn promote(&mut self, kid: &str, at: Timestamp) -> Result<u64, Rejected> {
        let algorithm = self.in_state(kid, KeyState::Next)?.algorithm;
        if self.signing.iter().any(|key| key.algorithm == algorithm && key.state == KeyState::Active) {
            return Err(Rejected::Conflict(UniqueKey::SigningKey));
        }
        let key = self.in_state(kid, KeyState::Next)?;
        (key.state, key.changed_at) = (KeyState::Active, at);
        Ok(1)
    }

    fn change_root(&mut self, from: &str, to: String) -> Result<u64, Rejected> {
        if self.root.as_deref() != Some(from) {
            return Err(Rejected::Stale);
        }
        self.root = Some(to);
        Ok(1)
    }

    fn in_state(&mut self, kid: &str, state: KeyState) -> Result<&mut StoredSigningKey, Rejected> {
        self.signing.iter_mut().find(|key| key.kid == kid && key.state == state).ok_or(Rejected::Stale)
    }
}

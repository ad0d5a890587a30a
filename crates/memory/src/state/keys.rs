//! The root's fingerprint, data keys and signing keys.

use domain::changes::{KeyChange, UniqueKey};
use domain::keys::rows::{KeyState, StoredDataKey, StoredSigningKey};
use domain::ports::ledger::Rejected;

#[derive(Clone, Debug, Default)]
pub(crate) struct KeyRows {
    root: Option<String>,
    data: Vec<StoredDataKey>,
    signing: Vec<StoredSigningKey>,
}

impl KeyRows {
    pub(crate) fn write(&mut self, change: KeyChange) -> Result<u64, Rejected> {
        match change {
            KeyChange::SetRoot { fingerprint, at: _ } => self.set_root(fingerprint),
            KeyChange::AddData(key) => self.add_data(key),
            KeyChange::AddSigning(key) => self.add_signing(key),
        }
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
}

//! The operator sees the signing keys.

use std::sync::Arc;

use thiserror::Error;

use crate::access::{Actor, Denied, Operation};
use crate::keys::ports::KeyStore;
use crate::keys::rows::{KeyState, StoredSigningKey};
use crate::ports::failure::PortFailure;

/// Why they are not shown.
#[derive(Debug, Error)]
pub enum ListKeysError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Lists the signing keys.
pub struct ListKeys {
    /// Reads the keys.
    pub keys: Arc<dyn KeyStore>,
}

impl ListKeys {
    /// All of them, by algorithm: what is active, what is next, and what is retired, the latest first.
    ///
    /// # Errors
    /// When the actor may not, or a port fails.
    pub async fn run(&self, actor: &Actor) -> Result<Vec<StoredSigningKey>, ListKeysError> {
        actor.may(Operation::ListKeys)?;
        let mut keys = self.keys.signing_keys().await?;
        keys.sort_by(|one, other| {
            let place = |key: &StoredSigningKey| (key.algorithm, place(key.state));
            place(one).cmp(&place(other)).then(other.changed_at.cmp(&one.changed_at)).then(one.kid.cmp(&other.kid))
        });
        Ok(keys)
    }
}

const fn place(state: KeyState) -> u8 {
    match state {
        KeyState::Active => 0,
        KeyState::Next => 1,
        KeyState::Retired => 2,
    }
}

//! Writes to the keys.

use domain::changes::{KeyChange, UniqueKey};
use domain::keys::rows::{KeyState, StoredSigningKey};
use domain::ports::clock::Timestamp;
use domain::ports::ledger::Rejected;
use domain::ports::secrets::SealedSecret;

use crate::failure::Unwritten;
use crate::sql::{Sql, execute, statements};
use crate::transaction::Transaction;
use crate::writes::touched;

statements! {
    SET_ROOT = "UPDATE installation SET root_fingerprint = $1, root_noted_at = $2 \
                WHERE id = 1 AND root_fingerprint IS NULL";
    ADD_DATA = "INSERT INTO data_keys (id, purpose, sealed, created_at) VALUES ($1, $2, $3, $4)";
    ADD_SIGNING = "INSERT INTO signing_keys (kid, algorithm, state, sealed, created_at, changed_at) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
    REVISE = "UPDATE installation SET keys_revision = keys_revision + 1 WHERE id = 1 AND keys_revision = $1";
    MOVE = "UPDATE signing_keys SET state = $1, changed_at = $2 WHERE kid = $3 AND state = $4";
    REMOVE = "DELETE FROM signing_keys WHERE kid = $1 AND state = $2";
    CHANGE_ROOT = "UPDATE installation SET root_fingerprint = $1, root_noted_at = $2 \
                   WHERE id = 1 AND root_fingerprint = $3";
    SEAL_DATA = "UPDATE data_keys SET sealed = $1 WHERE id = $2";
    SEAL_SIGNING = "UPDATE signing_keys SET sealed = $1 WHERE kid = $2";
}

pub(super) async fn write(transaction: &Transaction, change: &KeyChange) -> Result<u64, Unwritten> {
    match change {
        KeyChange::SetRoot { fingerprint, at } => {
            match execute(transaction, SET_ROOT, [fingerprint.as_str().into(), (*at).into()]).await? {
                0 => Err(Rejected::Conflict(UniqueKey::Root).into()),
                rows => Ok(rows),
            }
        }
        KeyChange::AddData(key) => {
            let values =
                [key.id.as_str().into(), key.purpose.name().into(), key.sealed.as_str().into(), key.created_at.into()];
            Ok(execute(transaction, ADD_DATA, values).await?)
        }
        KeyChange::AddSigning(key) => add_signing(transaction, key).await,
        KeyChange::Revise { from } => touched(execute(transaction, REVISE, [(*from).into()]).await?),
        KeyChange::Promote { kid, at } => put(transaction, kid, KeyState::Next, KeyState::Active, *at).await,
        KeyChange::Retire { kid, at } => put(transaction, kid, KeyState::Active, KeyState::Retired, *at).await,
        KeyChange::Remove(kid, state) => {
            touched(execute(transaction, REMOVE, [kid.as_str().into(), state.name().into()]).await?)
        }
        KeyChange::ChangeRoot { from, to, at } => {
            let values = [to.as_str().into(), (*at).into(), from.as_str().into()];
            touched(execute(transaction, CHANGE_ROOT, values).await?)
        }
        KeyChange::SealData(id, sealed) => seal(transaction, SEAL_DATA, id, sealed).await,
        KeyChange::SealSigning(kid, sealed) => seal(transaction, SEAL_SIGNING, kid, sealed).await,
    }
}

async fn add_signing(transaction: &Transaction, key: &StoredSigningKey) -> Result<u64, Unwritten> {
    let values = [
        key.kid.as_str().into(),
        key.algorithm.name().into(),
        key.state.name().into(),
        key.sealed.as_str().into(),
        key.created_at.into(),
        key.changed_at.into(),
    ];
    Ok(execute(transaction, ADD_SIGNING, values).await?)
}

/// From one state into another.
async fn put(
    transaction: &Transaction,
    kid: &str,
    from: KeyState,
    to: KeyState,
    at: Timestamp,
) -> Result<u64, Unwritten> {
    let values = [to.name().into(), at.into(), kid.into(), from.name().into()];
    touched(execute(transaction, MOVE, values).await?)
}

async fn seal(transaction: &Transaction, sql: Sql, id: &str, sealed: &SealedSecret) -> Result<u64, Unwritten> {
    touched(execute(transaction, sql, [sealed.as_str().into(), id.into()]).await?)
}

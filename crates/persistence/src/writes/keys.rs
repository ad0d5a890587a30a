//! Writes to the keys.

use domain::changes::{KeyChange, UniqueKey};
use domain::ports::ledger::Rejected;
use sea_orm::DatabaseTransaction;

use crate::failure::Unwritten;
use crate::sql::{execute, statements};

statements! {
    SET_ROOT = "UPDATE installation SET root_fingerprint = $1, root_noted_at = $2 \
                WHERE id = 1 AND root_fingerprint IS NULL";
    ADD_DATA = "INSERT INTO data_keys (id, purpose, sealed, created_at) VALUES ($1, $2, $3, $4)";
    ADD_SIGNING = "INSERT INTO signing_keys (kid, algorithm, state, sealed, created_at, changed_at) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
}

pub(super) async fn write(transaction: &DatabaseTransaction, change: &KeyChange) -> Result<u64, Unwritten> {
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
        KeyChange::AddSigning(key) => {
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
    }
}

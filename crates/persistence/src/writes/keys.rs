//! Writes to the keys.

use domain::changes::{KeyChange, UniqueKey};
use domain::ports::ledger::Rejected;
use sea_orm::DatabaseTransaction;

use crate::failure::Unwritten;
use crate::sql::execute;

pub(super) async fn write(transaction: &DatabaseTransaction, change: &KeyChange) -> Result<u64, Unwritten> {
    match change {
        KeyChange::SetRoot { fingerprint, at } => {
            let sql = "UPDATE installation SET root_fingerprint = $1, root_noted_at = $2 \
                       WHERE id = 1 AND root_fingerprint IS NULL";
            match execute(transaction, sql, [fingerprint.as_str().into(), (*at).into()]).await? {
                0 => Err(Rejected::Conflict(UniqueKey::Root).into()),
                rows => Ok(rows),
            }
        }
        KeyChange::AddData(key) => {
            let sql = "INSERT INTO data_keys (id, purpose, sealed, created_at) VALUES ($1, $2, $3, $4)";
            let values =
                [key.id.as_str().into(), key.purpose.name().into(), key.sealed.as_str().into(), key.created_at.into()];
            Ok(execute(transaction, sql, values).await?)
        }
        KeyChange::AddSigning(key) => {
            let sql = "INSERT INTO signing_keys (kid, algorithm, state, sealed, created_at, changed_at) \
                       VALUES ($1, $2, $3, $4, $5, $6)";
            let values = [
                key.kid.as_str().into(),
                key.algorithm.name().into(),
                key.state.name().into(),
                key.sealed.as_str().into(),
                key.created_at.into(),
                key.changed_at.into(),
            ];
            Ok(execute(transaction, sql, values).await?)
        }
    }
}

//! The root's fingerprint, data keys and signing keys.

use std::cmp::Reverse;

use async_trait::async_trait;
use domain::keys::ports::KeyStore;
use domain::keys::rows::{KeyState, SigningAlgorithm, StoredDataKey, StoredSigningKey};
use domain::ports::failure::PortFailure;
use domain::ports::secrets::{SealedSecret, SecretPurpose};
use sea_orm::QueryResult;

use crate::database::Database;
use crate::failure::port_failure;
use crate::sql::{all, column, corrupt, one, statements};

statements! {
    ROOT = "SELECT root_fingerprint FROM installation WHERE id = 1";
    REVISION = "SELECT keys_revision FROM installation WHERE id = 1";
    DATA_KEYS = "SELECT id, purpose, sealed, created_at FROM data_keys ORDER BY id";
    SIGNING_KEYS = "SELECT kid, algorithm, state, sealed, created_at, changed_at FROM signing_keys \
                    ORDER BY created_at, kid";
}

#[async_trait]
impl KeyStore for Database {
    async fn root_fingerprint(&self) -> Result<Option<String>, PortFailure> {
        match one(self.reader(), ROOT, []).await.map_err(port_failure)? {
            Some(row) => column(&row, "root_fingerprint"),
            None => Err(corrupt("installation", "program", 1)),
        }
    }

    async fn revision(&self) -> Result<i64, PortFailure> {
        match one(self.reader(), REVISION, []).await.map_err(port_failure)? {
            Some(row) => column(&row, "keys_revision"),
            None => Err(corrupt("installation", "program", 1)),
        }
    }

    async fn data_keys(&self) -> Result<Vec<StoredDataKey>, PortFailure> {
        let rows = all(self.reader(), DATA_KEYS, []).await.map_err(port_failure)?;
        let mut keys = rows.iter().map(data_key).collect::<Result<Vec<_>, _>>()?;
        keys.sort_by_key(|key| (key.purpose, Reverse(key.created_at)));
        Ok(keys)
    }

    async fn signing_keys(&self) -> Result<Vec<StoredSigningKey>, PortFailure> {
        all(self.reader(), SIGNING_KEYS, []).await.map_err(port_failure)?.iter().map(signing_key).collect()
    }
}

fn data_key(row: &QueryResult) -> Result<StoredDataKey, PortFailure> {
    let id = column::<String>(row, "id")?;
    let purpose = SecretPurpose::of_name(&column::<String>(row, "purpose")?);
    Ok(StoredDataKey {
        purpose: purpose.ok_or_else(|| corrupt("data_keys", "purpose", &id))?,
        sealed: SealedSecret::restore(column::<String>(row, "sealed")?),
        created_at: column(row, "created_at")?,
        id,
    })
}

fn signing_key(row: &QueryResult) -> Result<StoredSigningKey, PortFailure> {
    let kid = column::<String>(row, "kid")?;
    let wrong = |name| corrupt("signing_keys", name, &kid);
    let algorithm = SigningAlgorithm::of_name(&column::<String>(row, "algorithm")?);
    let state = KeyState::of_name(&column::<String>(row, "state")?);
    Ok(StoredSigningKey {
        algorithm: algorithm.ok_or_else(|| wrong("algorithm"))?,
        state: state.ok_or_else(|| wrong("state"))?,
        sealed: SealedSecret::restore(column::<String>(row, "sealed")?),
        created_at: column(row, "created_at")?,
        changed_at: column(row, "changed_at")?,
        kid,
    })
}

//! Writes to the table of domains and to authority tokens.

use domain::authority::authority_token::StoredAuthorityToken;
use domain::changes::{AuthorityChange, DomainChange};
use domain::domains::name::DomainName;
use domain::domains::policy::DomainRule;
use sea_orm::{DatabaseTransaction, DbErr};

use crate::failure::Unwritten;
use crate::sql::{all, execute};
use crate::writes::touched;
use crate::writes::work::needs_locks;

pub(super) async fn write(transaction: &DatabaseTransaction, change: &DomainChange) -> Result<u64, Unwritten> {
    match change {
        DomainChange::Put(rule) => Ok(put(transaction, rule).await?),
        DomainChange::Remove(domain) => {
            let sql = "DELETE FROM domain_checks WHERE domains = $1";
            touched(execute(transaction, sql, [domain.as_str().into()]).await?)
        }
    }
}

pub(super) async fn write_authority(
    transaction: &DatabaseTransaction,
    change: &AuthorityChange,
) -> Result<u64, Unwritten> {
    match change {
        AuthorityChange::Issue(token) => Ok(add_token(transaction, token, "").await?),
        AuthorityChange::Put(token) => {
            let replace = "ON CONFLICT (domain) DO UPDATE \
                           SET sealed = excluded.sealed, digest = excluded.digest, issued_at = excluded.issued_at";
            Ok(add_token(transaction, token, replace).await?)
        }
        AuthorityChange::Revoke(domain) => {
            let sql = "DELETE FROM authority_tokens WHERE domain = $1";
            touched(execute(transaction, sql, [domain.as_str().into()]).await?)
        }
    }
}

/// How a transaction means to use what the table says of a domain.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lock {
    /// It relies on it.
    Shared,
    /// It changes it.
    Exclusive,
}

/// Locks what the table says of a domain until the transaction ends: also that it says nothing,
/// which no lock of a row can hold.
pub(super) async fn lock(transaction: &DatabaseTransaction, domain: &DomainName, lock: Lock) -> Result<(), DbErr> {
    if !needs_locks(transaction) {
        return Ok(());
    }
    let function = match lock {
        Lock::Shared => "pg_advisory_xact_lock_shared",
        Lock::Exclusive => "pg_advisory_xact_lock",
    };
    let sql = format!("SELECT CAST({function}(hashtextextended($1, 0)) AS text)");
    all(transaction, &sql, [format!("domain {domain}").into()]).await.map(|_| ())
}

async fn put(transaction: &DatabaseTransaction, rule: &DomainRule) -> Result<u64, DbErr> {
    lock(transaction, &rule.domain, Lock::Exclusive).await?;
    let sql = "INSERT INTO domain_checks (id, belongs_to, domains, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT (domains) DO UPDATE \
               SET belongs_to = excluded.belongs_to, updated_at = excluded.updated_at";
    let values = [
        rule.id.uuid().into(),
        rule.belongs_to.number().into(),
        rule.domain.as_str().into(),
        rule.created_at.into(),
        rule.updated_at.into(),
    ];
    execute(transaction, sql, values).await
}

async fn add_token(
    transaction: &DatabaseTransaction,
    token: &StoredAuthorityToken,
    on_conflict: &str,
) -> Result<u64, DbErr> {
    let sql = format!(
        "INSERT INTO authority_tokens (domain, sealed, digest, issued_at) VALUES ($1, $2, $3, $4) {on_conflict}"
    );
    let values = [
        token.domain.as_str().into(),
        token.sealed.as_str().into(),
        token.digest.as_str().into(),
        token.issued_at.into(),
    ];
    execute(transaction, &sql, values).await
}

//! Writes to the table of domains and to authority tokens.

use domain::authority::authority_token::StoredAuthorityToken;
use domain::changes::{AuthorityChange, DomainChange};
use domain::domains::name::DomainName;
use domain::domains::policy::DomainRule;
use sea_orm::DbErr;

use crate::failure::Unwritten;
use crate::sql::{Sql, all, execute, statements};
use crate::transaction::Transaction;
use crate::writes::touched;
use crate::writes::work::needs_locks;

macro_rules! add_token {
    ($on_conflict:literal) => {
        concat!(
            "INSERT INTO authority_tokens (domain, sealed, digest, issued_at) VALUES ($1, $2, $3, $4) ",
            $on_conflict
        )
    };
}

statements! {
    PUT = "INSERT INTO domain_checks (id, belongs_to, domains, created_at, updated_at) \
           VALUES ($1, $2, $3, $4, $5) ON CONFLICT (domains) DO UPDATE \
           SET belongs_to = excluded.belongs_to, updated_at = excluded.updated_at";
    REMOVE = "DELETE FROM domain_checks WHERE domains = $1";
    ISSUE_TOKEN = add_token!("");
    PUT_TOKEN = add_token!(
        "ON CONFLICT (domain) DO UPDATE \
         SET sealed = excluded.sealed, digest = excluded.digest, issued_at = excluded.issued_at"
    );
    REVOKE_TOKEN = "DELETE FROM authority_tokens WHERE domain = $1";
    /// Of the engine that lets several transactions write at once.
    LOCK_SHARED = "SELECT 1 WHERE $1 IS NULL",
        postgres: "SELECT CAST(pg_advisory_xact_lock_shared(hashtextextended($1, 0)) AS text)";
    LOCK_EXCLUSIVE = "SELECT 1 WHERE $1 IS NULL",
        postgres: "SELECT CAST(pg_advisory_xact_lock(hashtextextended($1, 0)) AS text)";
}

pub(super) async fn write(transaction: &Transaction, change: &DomainChange) -> Result<u64, Unwritten> {
    match change {
        DomainChange::Put(rule) => Ok(put(transaction, rule).await?),
        DomainChange::Remove(domain) => touched(execute(transaction, REMOVE, [domain.as_str().into()]).await?),
    }
}

pub(super) async fn write_authority(transaction: &Transaction, change: &AuthorityChange) -> Result<u64, Unwritten> {
    match change {
        AuthorityChange::Issue(token) => Ok(add_token(transaction, token, ISSUE_TOKEN).await?),
        AuthorityChange::Put(token) => Ok(add_token(transaction, token, PUT_TOKEN).await?),
        AuthorityChange::Revoke(domain) => touched(execute(transaction, REVOKE_TOKEN, [domain.as_str().into()]).await?),
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
pub(super) async fn lock(transaction: &Transaction, domain: &DomainName, lock: Lock) -> Result<(), DbErr> {
    if !needs_locks(transaction) {
        return Ok(());
    }
    let sql = match lock {
        Lock::Shared => LOCK_SHARED,
        Lock::Exclusive => LOCK_EXCLUSIVE,
    };
    all(transaction, sql, [format!("domain {domain}").into()]).await.map(|_| ())
}

async fn put(transaction: &Transaction, rule: &DomainRule) -> Result<u64, DbErr> {
    lock(transaction, &rule.domain, Lock::Exclusive).await?;
    let values = [
        rule.id.uuid().into(),
        rule.belongs_to.number().into(),
        rule.domain.as_str().into(),
        rule.created_at.into(),
        rule.updated_at.into(),
    ];
    execute(transaction, PUT, values).await
}

async fn add_token(transaction: &Transaction, token: &StoredAuthorityToken, sql: Sql) -> Result<u64, DbErr> {
    let values = [
        token.domain.as_str().into(),
        token.sealed.as_str().into(),
        token.digest.as_str().into(),
        token.issued_at.into(),
    ];
    execute(transaction, sql, values).await
}

//! Rules over several rows: first the lock, then the question.

use domain::changes::Invariant;
use domain::domains::name::DomainName;
use domain::domains::policy::BelongsTo;
use domain::ids::UserId;
use domain::land::field::MAX_FIELDS;
use domain::ports::ledger::Rejected;
use sea_orm::{DbErr, Value};

use crate::failure::Unwritten;
use crate::sql::{Sql, all, one, statements};
use crate::transaction::Transaction;
use crate::writes::domains::{Lock, lock};
use crate::writes::work::needs_locks;

macro_rules! active {
    ($lock:literal) => {
        concat!("SELECT 1 FROM users WHERE id = $1 AND state = 'active'", $lock)
    };
}

macro_rules! session_stands {
    ($lock:literal) => {
        concat!(
            "SELECT 1 FROM users u JOIN sessions s ON s.user_id = u.id \
             WHERE u.id = $1 AND s.id = $2 AND u.state = 'active' AND s.ended_at IS NULL",
            $lock
        )
    };
}

macro_rules! user_token_stands {
    ($lock:literal) => {
        concat!("SELECT 1 FROM users WHERE id = $1 AND token_required = $2 AND state = 'active'", $lock)
    };
}

macro_rules! administrator {
    ($lock:literal) => {
        concat!("SELECT 1 FROM users WHERE id = $1 AND administrator", $lock)
    };
}

statements! {
    /// Not `FOR UPDATE`: a field that is being added shares the row's key, and two that are added at
    /// once would wait for each other.
    LOCK_USER = "SELECT 1 FROM users WHERE id = $1", postgres: "SELECT 1 FROM users WHERE id = $1 FOR NO KEY UPDATE";
    ACTIVE = active!(""), postgres: active!(" FOR NO KEY UPDATE");
    /// Both rows, the user's first: whoever waits for one of them holds the other nowhere.
    SESSION_STANDS = session_stands!(""), postgres: session_stands!(" FOR NO KEY UPDATE");
    USER_TOKEN_STANDS = user_token_stands!(""), postgres: user_token_stands!(" FOR NO KEY UPDATE");
    ADMINISTRATOR = administrator!(""), postgres: administrator!(" FOR NO KEY UPDATE");
    /// One more than there may be answers the question, however many there are.
    FIELDS = "SELECT COUNT(*) AS fields FROM (SELECT 1 FROM land_fields WHERE user_id = $1 LIMIT $2) AS counted";
    BLOCKED = "SELECT 1 FROM domain_checks WHERE domains = $1 AND belongs_to = $2";
}

pub(super) async fn require(transaction: &Transaction, invariant: &Invariant) -> Result<u64, Unwritten> {
    let holds = match invariant {
        Invariant::FieldLimit(user) => keeps_limit(transaction, *user).await?,
        Invariant::Active(user) => is_found(transaction, ACTIVE, [user.uuid().into()]).await?,
        Invariant::SessionStands(user, session) => {
            is_found(transaction, SESSION_STANDS, [user.uuid().into(), session.uuid().into()]).await?
        }
        Invariant::UserTokenStands(user, digest) => {
            is_found(transaction, USER_TOKEN_STANDS, [user.uuid().into(), digest.as_str().into()]).await?
        }
        Invariant::Administrator(user) => is_found(transaction, ADMINISTRATOR, [user.uuid().into()]).await?,
        Invariant::NotBlocked(domain) => is_not_blocked(transaction, domain).await?,
    };
    if holds { Ok(0) } else { Err(Rejected::Broken(invariant.clone()).into()) }
}

async fn is_found<const N: usize>(transaction: &Transaction, sql: Sql, values: [Value; N]) -> Result<bool, DbErr> {
    Ok(!all(transaction, sql, values).await?.is_empty())
}

/// Whoever writes to what is a user's waits for others who do, where several transactions write at once.
pub(super) async fn lock_user(transaction: &Transaction, user: UserId) -> Result<(), DbErr> {
    if needs_locks(transaction) {
        all(transaction, LOCK_USER, [user.uuid().into()]).await?;
    }
    Ok(())
}

async fn keeps_limit(transaction: &Transaction, user: UserId) -> Result<bool, DbErr> {
    lock_user(transaction, user).await?;
    let most = i64::from(MAX_FIELDS);
    let row = one(transaction, FIELDS, [user.uuid().into(), (most + 1).into()]).await?;
    let fields = row.map(|row| row.try_get::<i64>("", "fields")).transpose()?;
    Ok(fields.is_some_and(|fields| fields <= most))
}

async fn is_not_blocked(transaction: &Transaction, domain: &DomainName) -> Result<bool, DbErr> {
    lock(transaction, domain, Lock::Shared).await?;
    let values = [domain.as_str().into(), BelongsTo::Blocked.number().into()];
    Ok(all(transaction, BLOCKED, values).await?.is_empty())
}

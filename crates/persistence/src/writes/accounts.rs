//! Writes to accounts.

use domain::accounts::email::{EmailAddress, EmailKey};
use domain::accounts::password_hash::PasswordHash;
use domain::accounts::user::User;
use domain::changes::UniqueKey;
use domain::changes::account::AccountChange;
use domain::ids::UserId;
use domain::ports::clock::Timestamp;
use domain::ports::ledger::Rejected;
use domain::ports::secrets::SecretDigest;
use sea_orm::{ConnectionTrait, DbErr, Value};

use crate::failure::Unwritten;
use crate::sql::{Sql, all, execute, statements};
use crate::transaction::Transaction;
use crate::writes::touched;
use crate::writes::work::needs_locks;

/// Sets a column of the version that was read.
macro_rules! set {
    ($column:literal) => {
        concat!(
            "UPDATE users SET ",
            $column,
            " = $3, version = version + 1, updated_at = $4 WHERE id = $1 AND version = $2"
        )
    };
}

statements! {
    ADD = "INSERT INTO users (id, email, phone_number, password, token_required, discoverable, administrator, \
           state, locale, version, created_at, updated_at) \
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    /// An address that was left is taken once it is not reserved any more, and by its user at any time.
    TAKE_ADDRESS = "INSERT INTO user_emails (email_key, user_id, kind, verified_at) VALUES ($1, $2, 'primary', $3) \
                    ON CONFLICT (email_key) DO UPDATE SET user_id = excluded.user_id, kind = 'primary', \
                    verified_at = excluded.verified_at, reserved_until = NULL \
                    WHERE user_emails.kind = 'former' \
                    AND (user_emails.reserved_until <= $4 OR user_emails.user_id = excluded.user_id)";
    SET_EMAIL = set!("email");
    LOCK_ADDRESSES = "SELECT 1 FROM user_emails WHERE email_key IN ($1, $2) ORDER BY email_key",
        postgres: "SELECT 1 FROM user_emails WHERE email_key IN ($1, $2) ORDER BY email_key FOR UPDATE";
    RESPELL_ADDRESS = "UPDATE user_emails SET verified_at = $3 \
                       WHERE email_key = $1 AND user_id = $2 AND kind = 'primary'";
    RESERVE_ADDRESS = "UPDATE user_emails SET kind = 'former', reserved_until = $3 \
                       WHERE email_key = $1 AND user_id = $2 AND kind = 'primary'";
    FREE_ADDRESS = "DELETE FROM user_emails WHERE email_key = $1 AND user_id = $2 AND kind = 'primary'";
    REMOVE_SECRETS = "UPDATE users SET password = NULL, token_required = NULL, version = version + 1, updated_at = $3 \
                      WHERE id = $1 AND version = $2";
    SET_PHONE = set!("phone_number");
    SET_DISCOVERABLE = set!("discoverable");
    SET_LOCALE = set!("locale");
    SET_STATE = set!("state");
    SET_USER_TOKEN = "UPDATE users SET token_required = $3, token_expires_at = $4, token_last_used_at = NULL, \
                      version = version + 1, updated_at = $5 WHERE id = $1 AND version = $2";
    USE_USER_TOKEN = "UPDATE users SET token_last_used_at = $2 WHERE token_required = $1 \
                      AND (token_last_used_at IS NULL OR token_last_used_at < $2)";
    SET_PASSWORD = "UPDATE users SET password = $3, token_required = NULL, version = version + 1, updated_at = $4 \
                    WHERE id = $1 AND version = $2";
    /// The user first: whoever writes to a user locks that row first.
    TOUCH = "UPDATE users SET version = version + 1, updated_at = $3 WHERE id = $1 AND version = $2";
    VERIFY_ADDRESS = "UPDATE user_emails SET verified_at = COALESCE(verified_at, $3) \
                      WHERE email_key = $1 AND user_id = $2 AND kind = 'primary'";
    REHASH = "UPDATE users SET password = $3 WHERE id = $1 AND password = $2";
}

pub(super) async fn write(transaction: &Transaction, change: &AccountChange) -> Result<u64, Unwritten> {
    match change {
        AccountChange::Add { user, password, user_token } => {
            add(transaction, user, password, user_token.as_ref()).await
        }
        AccountChange::SetPhone { user, version, phone_number, at } => {
            let number = phone_number.as_ref().map(ToString::to_string);
            set(transaction, (*user, *version, *at), SET_PHONE, number.into()).await
        }
        AccountChange::SetDiscoverable { user, version, discoverable, at } => {
            set(transaction, (*user, *version, *at), SET_DISCOVERABLE, (*discoverable).into()).await
        }
        AccountChange::SetLocale { user, version, locale, at } => {
            let tag = locale.as_ref().map(ToString::to_string);
            set(transaction, (*user, *version, *at), SET_LOCALE, tag.into()).await
        }
        AccountChange::SetState { user, version, state, at } => {
            set(transaction, (*user, *version, *at), SET_STATE, state.name().into()).await
        }
        AccountChange::SetUserToken { user, version, digest, expires_at, at } => {
            let digest = digest.as_ref().map(|digest| digest.as_str().to_owned());
            let (digest, end) = (digest.into(), (*expires_at).into());
            let values = [user.uuid().into(), (*version).into(), digest, end, (*at).into()];
            touched(execute(transaction, SET_USER_TOKEN, values).await?)
        }
        AccountChange::SetPassword { user, version, password, at } => {
            set(transaction, (*user, *version, *at), SET_PASSWORD, password.as_str().into()).await
        }
        AccountChange::VerifyAddress { user, version, address, at } => {
            let values = [user.uuid().into(), (*version).into(), (*at).into()];
            touched(execute(transaction, TOUCH, values).await?)?;
            let values = [address.as_str().into(), user.uuid().into(), (*at).into()];
            touched(execute(transaction, VERIFY_ADDRESS, values).await?)
        }
        AccountChange::SetAddress { user, version, from, to, reserved_until, at } => {
            set(transaction, (*user, *version, *at), SET_EMAIL, to.as_str().into()).await?;
            set_address(transaction, *user, (from, to), *reserved_until, *at).await
        }
        AccountChange::RemoveSecrets { user, version, at } => {
            let values = [user.uuid().into(), (*version).into(), (*at).into()];
            touched(execute(transaction, REMOVE_SECRETS, values).await?)
        }
        AccountChange::Rehash { user, from, to } => {
            let values = [user.uuid().into(), from.as_str().into(), to.as_str().into()];
            Ok(execute(transaction, REHASH, values).await?)
        }
    }
}

/// Moves the last use of a `token_required` on, never back.
pub(super) async fn note_use<C: ConnectionTrait>(
    connection: &C,
    digest: &SecretDigest,
    at: Timestamp,
) -> Result<u64, DbErr> {
    execute(connection, USE_USER_TOKEN, [digest.as_str().into(), at.into()]).await
}

async fn add(
    transaction: &Transaction,
    user: &User,
    password: &PasswordHash,
    user_token: Option<&SecretDigest>,
) -> Result<u64, Unwritten> {
    let values = [
        user.id.uuid().into(),
        user.email.as_str().into(),
        user.phone_number.as_ref().map(ToString::to_string).into(),
        password.as_str().into(),
        user_token.map(|digest| digest.as_str().to_owned()).into(),
        user.discoverable.into(),
        user.administrator.into(),
        user.state.name().into(),
        user.locale.as_ref().map(ToString::to_string).into(),
        user.version.into(),
        user.created_at.into(),
        user.updated_at.into(),
    ];
    execute(transaction, ADD, values).await?;
    take_address(transaction, user.id, user.email.key(), user.email_verified_at, user.created_at).await
}

/// Two users who swap their addresses at once must not wait for each other: both lock both rows in one order.
async fn lock_addresses(transaction: &Transaction, one: &EmailKey, other: &EmailKey) -> Result<(), DbErr> {
    if needs_locks(transaction) {
        all(transaction, LOCK_ADDRESSES, [one.as_str().into(), other.as_str().into()]).await?;
    }
    Ok(())
}

/// The address that is left first: a user has one primary address at any time.
async fn set_address(
    transaction: &Transaction,
    user: UserId,
    (from, to): (&EmailKey, &EmailAddress),
    reserved_until: Option<Timestamp>,
    at: Timestamp,
) -> Result<u64, Unwritten> {
    let (left, owner) = (Value::from(from.as_str()), Value::from(user.uuid()));
    if from == to.key() {
        return touched(execute(transaction, RESPELL_ADDRESS, [left, owner, at.into()]).await?);
    }
    lock_addresses(transaction, from, to.key()).await?;
    touched(match reserved_until {
        Some(until) => execute(transaction, RESERVE_ADDRESS, [left, owner, until.into()]).await?,
        None => execute(transaction, FREE_ADDRESS, [left, owner]).await?,
    })?;
    take_address(transaction, user, to.key(), Some(at), at).await
}

async fn take_address(
    transaction: &Transaction,
    user: UserId,
    address: &EmailKey,
    verified_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<u64, Unwritten> {
    let values = [address.as_str().into(), user.uuid().into(), verified_at.into(), now.into()];
    let rows = execute(transaction, TAKE_ADDRESS, values).await?;
    if rows == 0 { Err(Rejected::Conflict(UniqueKey::Address).into()) } else { Ok(rows) }
}

async fn set(
    transaction: &Transaction,
    (user, version, at): (UserId, i64, Timestamp),
    sql: Sql,
    value: Value,
) -> Result<u64, Unwritten> {
    touched(execute(transaction, sql, [user.uuid().into(), version.into(), value, at.into()]).await?)
}

//! Writes to mailed tokens, and letters on their way.

use domain::changes::MailChange;
use domain::ids::{DeliveryId, MailedTokenId, UserId};
use domain::mail::delivery::{Delivery, DeliveryOutcome};
use domain::mail::mailed_token::{MailedToken, MailedTokenPurpose};
use domain::ports::clock::Timestamp;
use domain::ports::ledger::Rejected;
use sea_orm::{ConnectionTrait, DbErr};

use crate::failure::Unwritten;
use crate::letters;
use crate::sql::{execute, one, statements, written};
use crate::transaction::Transaction;
use crate::writes::invariants::lock_user;
use crate::writes::work::needs_locks;

/// How often a letter that cannot be read comes back: about a day, by the time that it is claimed for.
const MOST_READINGS: i32 = 120;

macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE deliveries SET due_at = $2, leased_until = $2, attempts = attempts + 1, updated_at = $1 \
             WHERE id = (SELECT id FROM deliveries WHERE state = 'waiting' AND due_at <= $1 \
             ORDER BY due_at, id LIMIT 1",
            $lock,
            ") RETURNING id, intent, attempts, created_at"
        )
    };
}

statements! {
    ADD_TOKEN = "INSERT INTO mailed_tokens (id, user_id, purpose, address, created_at, expires_at) \
                 VALUES ($1, $2, $3, $4, $5, $6)";
    USE_TOKEN = "UPDATE mailed_tokens SET ended_at = $3 \
                 WHERE id = $1 AND purpose = $2 AND ended_at IS NULL AND expires_at > $3";
    END_TOKENS = "UPDATE mailed_tokens SET ended_at = $3 WHERE user_id = $1 AND purpose = $2 AND ended_at IS NULL";
    END_NEWER_TOKENS = "UPDATE mailed_tokens SET ended_at = $4 \
                        WHERE user_id = $1 AND purpose = $2 AND created_at > $3 AND ended_at IS NULL";
    QUEUE = "INSERT INTO deliveries (id, channel, intent, state, due_at, attempts, created_at, updated_at) \
             VALUES ($1, 'mail', $2, 'waiting', $3, 0, $3, $3)";
    /// The row of the user whose token it is.
    LOCK_HOLDER = "SELECT 1 FROM users WHERE id = (SELECT user_id FROM mailed_tokens WHERE id = $1)",
        postgres: "SELECT 1 FROM users WHERE id = (SELECT user_id FROM mailed_tokens WHERE id = $1) FOR NO KEY UPDATE";
    /// The time until when it is somebody's is the time when it is due again: a process that dies needs nobody
    /// to tidy up after it.
    CLAIM = claim!(""), postgres: claim!(" FOR UPDATE SKIP LOCKED");
    SETTLE = "UPDATE deliveries SET state = $3, due_at = $4, leased_until = NULL, updated_at = $5 \
              WHERE id = $1 AND attempts = $2 AND state = 'waiting'";
}

pub(super) async fn write(transaction: &Transaction, change: &MailChange) -> Result<u64, Unwritten> {
    match change {
        MailChange::AddToken(token) => Ok(add_token(transaction, token).await?),
        MailChange::UseToken { token, purpose, at } => {
            lock_holder(transaction, *token).await?;
            let values = [token.uuid().into(), purpose.name().into(), (*at).into()];
            let rows = execute(transaction, USE_TOKEN, values).await?;
            if rows == 0 { Err(Rejected::AlreadyUsed.into()) } else { Ok(rows) }
        }
        MailChange::EndTokens { user, purpose, made_after: None, at } => {
            Ok(end_tokens(transaction, *user, *purpose, *at).await?)
        }
        MailChange::EndTokens { user, purpose, made_after: Some(time), at } => {
            let values = [user.uuid().into(), purpose.name().into(), (*time).into(), (*at).into()];
            Ok(execute(transaction, END_NEWER_TOKENS, values).await?)
        }
        MailChange::Queue(delivery) => Ok(queue(transaction, delivery).await?),
    }
}

/// Takes the letter that is due longest.
pub(super) async fn claim<C: ConnectionTrait>(
    connection: &C,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<Delivery>, DbErr> {
    let Some(row) = written(connection, CLAIM, [now.into(), until.into()]).await? else { return Ok(None) };
    let id = DeliveryId::restore(row.try_get("", "id")?);
    let attempts = row.try_get::<i32>("", "attempts")?;
    let Some(letter) = letters::read(&row.try_get::<String>("", "intent")?) else {
        // A newer program, which still runs beside this one, may have written it: it comes back when its time is
        // over, as often as any other.
        tracing::error!(delivery = %id, "the row of deliveries holds no intent that this program can read");
        if attempts > MOST_READINGS {
            let values = [id.uuid().into(), attempts.into(), "given-up".into(), now.into(), now.into()];
            execute(connection, SETTLE, values).await?;
        }
        return Ok(None);
    };
    let attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
    Ok(Some(Delivery { id, letter, attempts, created_at: row.try_get("", "created_at")? }))
}

/// Notes what became of a letter, unless it was claimed again since.
pub(super) async fn settle<C: ConnectionTrait>(
    connection: &C,
    delivery: &Delivery,
    outcome: DeliveryOutcome,
    at: Timestamp,
) -> Result<u64, DbErr> {
    let (state, due_at) = match outcome {
        DeliveryOutcome::Sent => ("sent", at),
        DeliveryOutcome::Postponed(due_at) => ("waiting", due_at),
        DeliveryOutcome::GivenUp => ("given-up", at),
        DeliveryOutcome::Dropped => ("dropped", at),
    };
    let attempts = i32::try_from(delivery.attempts).unwrap_or(i32::MAX);
    let values = [delivery.id.uuid().into(), attempts.into(), state.into(), due_at.into(), at.into()];
    execute(connection, SETTLE, values).await
}

/// Whoever uses a token locks its user first, as whoever adds one does: else the two wait for each other.
async fn lock_holder(transaction: &Transaction, token: MailedTokenId) -> Result<(), DbErr> {
    if needs_locks(transaction) {
        one(transaction, LOCK_HOLDER, [token.uuid().into()]).await?;
    }
    Ok(())
}

async fn add_token(transaction: &Transaction, token: &MailedToken) -> Result<u64, DbErr> {
    // Two tokens of one user and purpose that are added at once end one another in turn.
    lock_user(transaction, token.user).await?;
    if token.purpose.is_one_at_a_time() {
        end_tokens(transaction, token.user, token.purpose, token.created_at).await?;
    }
    let values = [
        token.id.uuid().into(),
        token.user.uuid().into(),
        token.purpose.name().into(),
        token.address.as_str().into(),
        token.created_at.into(),
        token.expires_at.into(),
    ];
    execute(transaction, ADD_TOKEN, values).await
}

async fn end_tokens(
    transaction: &Transaction,
    user: UserId,
    purpose: MailedTokenPurpose,
    at: Timestamp,
) -> Result<u64, DbErr> {
    execute(transaction, END_TOKENS, [user.uuid().into(), purpose.name().into(), at.into()]).await
}

async fn queue(transaction: &Transaction, delivery: &Delivery) -> Result<u64, DbErr> {
    let values = [delivery.id.uuid().into(), letters::write(&delivery.letter).into(), delivery.created_at.into()];
    execute(transaction, QUEUE, values).await
}

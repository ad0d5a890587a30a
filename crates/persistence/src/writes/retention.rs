//! Rows that are too old to be kept.

use domain::ports::clock::Timestamp;
use domain::retention::Leftover;
use sea_orm::{ConnectionTrait, DbErr};

use crate::sql::{Sql, execute, limit, statements};

/// Removes the rows of a table that were over first.
macro_rules! purge {
    ($table:literal, $key:literal, $over:literal, $which:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE ",
            $key,
            " IN (SELECT ",
            $key,
            " FROM ",
            $table,
            " WHERE ",
            $which,
            $over,
            " < $1 ORDER BY ",
            $over,
            " LIMIT $2)"
        )
    };
}

/// The same where another process may be at it: its rows are passed by. The keys are listed first, so that the
/// rows are found by the index of the key, however many there seem to be.
macro_rules! purge_beside_others {
    ($table:literal, $key:literal, $over:literal, $which:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE ",
            $key,
            " = ANY(ARRAY(SELECT ",
            $key,
            " FROM ",
            $table,
            " WHERE ",
            $which,
            $over,
            " < $1 ORDER BY ",
            $over,
            " LIMIT $2 FOR UPDATE SKIP LOCKED))"
        )
    };
}

statements! {
    EVENTS = purge!("events", "id", "at", ""), postgres: purge_beside_others!("events", "id", "at", "");
    /// A letter that is settled is due at the time when it was.
    SENT = purge!("deliveries", "id", "due_at", "state = 'sent' AND "),
        postgres: purge_beside_others!("deliveries", "id", "due_at", "state = 'sent' AND ");
    GIVEN_UP = purge!("deliveries", "id", "due_at", "state = 'given-up' AND "),
        postgres: purge_beside_others!("deliveries", "id", "due_at", "state = 'given-up' AND ");
    DROPPED = purge!("deliveries", "id", "due_at", "state = 'dropped' AND "),
        postgres: purge_beside_others!("deliveries", "id", "due_at", "state = 'dropped' AND ");
    ENDED_TOKENS = purge!("mailed_tokens", "id", "ended_at", ""),
        postgres: purge_beside_others!("mailed_tokens", "id", "ended_at", "");
    EXPIRED_TOKENS = purge!("mailed_tokens", "id", "expires_at", ""),
        postgres: purge_beside_others!("mailed_tokens", "id", "expires_at", "");
    /// Their grants go with them.
    ENDED_SESSIONS = purge!("sessions", "id", "ended_at", ""),
        postgres: purge_beside_others!("sessions", "id", "ended_at", "");
    EXPIRED_SESSIONS = purge!("sessions", "id", "expires_at", ""),
        postgres: purge_beside_others!("sessions", "id", "expires_at", "");
    /// Only an address that was left is reserved until a time.
    ADDRESSES = purge!("user_emails", "email_key", "reserved_until", ""),
        postgres: purge_beside_others!("user_emails", "email_key", "reserved_until", "");
}

/// Removes rows, and tells how many.
pub(super) async fn purge<C: ConnectionTrait>(
    connection: &C,
    what: Leftover,
    before: Timestamp,
    most: usize,
) -> Result<u64, DbErr> {
    let ways: &[Sql] = match what {
        Leftover::Events => &[EVENTS],
        Leftover::Deliveries => &[SENT, GIVEN_UP, DROPPED],
        Leftover::MailedTokens => &[ENDED_TOKENS, EXPIRED_TOKENS],
        Leftover::Sessions => &[ENDED_SESSIONS, EXPIRED_SESSIONS],
        Leftover::Addresses => &[ADDRESSES],
    };
    let mut rows = 0;
    for way in ways {
        let removed = usize::try_from(rows).unwrap_or(most);
        if removed >= most {
            break;
        }
        rows += execute(connection, *way, [before.into(), limit(most - removed)]).await?;
    }
    Ok(rows)
}

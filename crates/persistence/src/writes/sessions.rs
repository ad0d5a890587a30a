//! Writes to sessions and grants.

use domain::accounts::password_hash::PasswordHash;
use domain::changes::SessionChange;
use domain::ids::{GrantId, SessionId};
use domain::ports::clock::Timestamp;
use domain::ports::secrets::SecretDigest;
use domain::sessions::grant::Grant;
use domain::sessions::session::{AuthenticationMethod, EndReason, MOST_SESSIONS, Session};
use sea_orm::{ConnectionTrait, DbErr, Value};
use uuid::Uuid;

use crate::failure::Unwritten;
use crate::sql::{execute, limit, statements};
use crate::transaction::Transaction;
use crate::writes::touched;

/// How many sessions one statement ends at most: some 0.1 s of work.
const AT_A_TIME: usize = 5_000;

/// A session that is opened if the password is still the one that was verified.
macro_rules! open_session {
    ($lock:literal) => {
        concat!(
            "INSERT INTO sessions (id, user_id, channel, page_secret, auth_time, amr, last_seen_at, expires_at, \
             ended_at, created_at, network, device) SELECT $1, u.id, $3, $4, $5, $6, $7, $8, $9, $5, $10, $11 \
             FROM users u WHERE u.id = $2 AND u.state = 'active' AND u.password = $12",
            $lock
        )
    };
}
pub(super) use open_session;

/// Ends some of what is beyond the newest sessions of a user, once one more is opened. Where there are many, of a time
/// when there was no such limit, the next logins go on with it: none takes longer for that.
macro_rules! crowd_out {
    ($others:literal, $reason:literal, $opened:literal) => {
        concat!(
            "UPDATE sessions SET ended_at = $5, end_reason = ",
            $reason,
            " WHERE ended_at IS NULL AND id IN (SELECT id FROM sessions \
             WHERE user_id = $2 AND ended_at IS NULL AND id <> $1 ORDER BY id DESC LIMIT 500 OFFSET ",
            $others,
            ") AND EXISTS (SELECT 1 FROM ",
            $opened,
            ")"
        )
    };
}
pub(super) use crowd_out;

statements! {
    /// A change of the password that is about to commit is waited for, and one that comes later
    /// waits for this session. A shared lock would not do: two logins that both replace an outdated
    /// hash afterwards would wait for each other.
    OPEN = open_session!(""), postgres: open_session!(" FOR NO KEY UPDATE");
    CROWD_OUT = crowd_out!("$3", "$4", "sessions WHERE id = $1");
    ADD_GRANT = "INSERT INTO grants (id, session_id, generation, rotated_at, created_at) VALUES ($1, $2, $3, $4, $5)";
    SEE_ROTATED = "UPDATE sessions SET last_seen_at = $2 WHERE id = $1 AND ended_at IS NULL \
                   AND EXISTS (SELECT 1 FROM users u WHERE u.id = sessions.user_id AND u.state = 'active')";
    ROTATE = "UPDATE grants SET generation = $4, rotated_at = $5 \
              WHERE id = $1 AND session_id = $2 AND generation = $3";
    END_ALL = "UPDATE sessions SET ended_at = $3, end_reason = $4 WHERE ended_at IS NULL AND id IN \
               (SELECT id FROM sessions WHERE user_id = $1 AND id <> $2 AND ended_at IS NULL ORDER BY id LIMIT $5)";
    END_OWN = "UPDATE sessions SET ended_at = $2, end_reason = $3 \
               WHERE id = $1 AND user_id = $4 AND ended_at IS NULL";
    END = "UPDATE sessions SET ended_at = $2, end_reason = $3 WHERE id = $1 AND ended_at IS NULL";
    SEE = "UPDATE sessions SET last_seen_at = $2 WHERE id = $1 AND ended_at IS NULL AND last_seen_at < $2";
}

pub(super) async fn write(transaction: &Transaction, change: &SessionChange) -> Result<u64, Unwritten> {
    match change {
        SessionChange::Open { session, page_secret, verified } => {
            open(transaction, session, page_secret.as_ref(), verified).await
        }
        SessionChange::AddGrant { grant, at } => Ok(add_grant(transaction, grant, *at).await?),
        SessionChange::Rotate { grant, session, from, to, at } => {
            rotate(transaction, (*grant, *session), (*from, *to), *at).await
        }
        SessionChange::EndAll { user, except, reason, at } => {
            // No session has the id of zeros.
            let except = except.map_or(Uuid::nil(), |session| session.uuid());
            let values = [user.uuid().into(), except.into(), (*at).into(), reason.name().into(), limit(AT_A_TIME)];
            end_all(transaction, values).await
        }
        SessionChange::EndOwn { session, user, reason, at } => {
            let values = [session.uuid().into(), (*at).into(), reason.name().into(), user.uuid().into()];
            touched(execute(transaction, END_OWN, values).await?)
        }
        SessionChange::End { session, reason, at } => {
            let values = [session.uuid().into(), (*at).into(), reason.name().into()];
            touched(execute(transaction, END, values).await?)
        }
    }
}

/// Moves `last_seen_at` on, never back, and never of an ended session.
pub(super) async fn note_last_seen<C: ConnectionTrait>(
    connection: &C,
    session: SessionId,
    at: Timestamp,
) -> Result<u64, DbErr> {
    execute(connection, SEE, [session.uuid().into(), at.into()]).await
}

/// Ends the sessions of a user part by part: an engine that bounds the time of a statement ends any number of them.
async fn end_all(transaction: &Transaction, values: [Value; 5]) -> Result<u64, Unwritten> {
    let mut ended = 0;
    loop {
        let part = execute(transaction, END_ALL, values.clone()).await?;
        ended += part;
        if part < AT_A_TIME as u64 {
            return Ok(ended);
        }
    }
}

async fn open(
    transaction: &Transaction,
    session: &Session,
    page_secret: Option<&SecretDigest>,
    verified: &PasswordHash,
) -> Result<u64, Unwritten> {
    let rows = touched(execute(transaction, OPEN, values(session, page_secret, verified)).await?)?;
    let [others, reason] = crowding();
    let values = [session.id.uuid().into(), session.user.uuid().into(), others, reason, session.auth_time.into()];
    execute(transaction, CROWD_OUT, values).await?;
    Ok(rows)
}

/// How many others of the user stay, and why those before them end.
pub(super) fn crowding() -> [Value; 2] {
    [limit(MOST_SESSIONS - 1), EndReason::CrowdedOut.name().into()]
}

/// The values of the statement that opens a session.
pub(super) fn values(session: &Session, page_secret: Option<&SecretDigest>, verified: &PasswordHash) -> [Value; 12] {
    let methods = session.methods.iter().copied().map(AuthenticationMethod::name).collect::<Vec<_>>();
    [
        session.id.uuid().into(),
        session.user.uuid().into(),
        session.channel.name().into(),
        page_secret.map(|digest| digest.as_str().to_owned()).into(),
        session.auth_time.into(),
        methods.join(" ").into(),
        session.last_seen_at.into(),
        session.expires_at.into(),
        session.ended_at.into(),
        session.network.as_ref().map(|network| network.as_str().to_owned()).into(),
        session.device.as_ref().map(|device| device.as_str().to_owned()).into(),
        verified.as_str().into(),
    ]
}

async fn add_grant(transaction: &Transaction, grant: &Grant, at: Timestamp) -> Result<u64, DbErr> {
    let values = [
        grant.id.uuid().into(),
        grant.session.uuid().into(),
        i64::from(grant.generation).into(),
        grant.rotated_at.into(),
        at.into(),
    ];
    execute(transaction, ADD_GRANT, values).await
}

/// The session first: whoever ends it locks the same row first.
async fn rotate(
    transaction: &Transaction,
    (grant, session): (GrantId, SessionId),
    (from, to): (u32, u32),
    at: Timestamp,
) -> Result<u64, Unwritten> {
    touched(execute(transaction, SEE_ROTATED, [session.uuid().into(), at.into()]).await?)?;
    let values = [grant.uuid().into(), session.uuid().into(), i64::from(from).into(), i64::from(to).into(), at.into()];
    touched(execute(transaction, ROTATE, values).await?)
}

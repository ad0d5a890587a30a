//! What an error of the database means.

use domain::changes::UniqueKey;
use domain::ports::failure::PortFailure;
use domain::ports::ledger::Rejected;
use sea_orm::DbErr;
use sea_orm::sqlx::Error as SqlxError;
use sea_orm::sqlx::error::{DatabaseError, ErrorKind};

use crate::told::{Told, sqlx_error};

/// Why a plan was not written: a rule refused it, or the database failed.
#[derive(Debug)]
pub(crate) enum Unwritten {
    /// A rule refused it.
    Refused(Rejected),
    /// The database failed.
    Failed(DbErr),
}

impl From<DbErr> for Unwritten {
    fn from(error: DbErr) -> Self {
        unique_key(&error).map_or(Self::Failed(error), |key| Self::Refused(Rejected::Conflict(key)))
    }
}

impl From<Rejected> for Unwritten {
    fn from(rejected: Rejected) -> Self {
        Self::Refused(rejected)
    }
}

impl Unwritten {
    /// Whether another transaction stood in the way, so that the same plan may go through at once.
    pub(crate) fn may_repeat(&self) -> bool {
        matches!(self, Self::Failed(error) if code(error).is_some_and(|code| code == "40001" || code == "40P01"))
    }

    /// Whether the whole transaction is in doubt, and not only what this plan has written.
    pub(crate) fn spoils_transaction(&self) -> bool {
        let Self::Failed(error) = self else { return false };
        !database_error(error).is_some_and(|error| {
            matches!(
                error.kind(),
                ErrorKind::ForeignKeyViolation | ErrorKind::NotNullViolation | ErrorKind::CheckViolation
            )
        })
    }

    /// The same for the caller.
    pub(crate) fn into_rejected(self) -> Rejected {
        match self {
            Self::Refused(rejected) => rejected,
            Self::Failed(error) => Rejected::Failed(port_failure(error)),
        }
    }
}

/// A failed statement, as a port fails.
pub(crate) fn port_failure(error: DbErr) -> PortFailure {
    if passes(&error) { PortFailure::passing(Told(error)) } else { PortFailure::lasting(Told(error)) }
}

/// Whether the error is gone when the database is less busy, or back.
fn passes(error: &DbErr) -> bool {
    // Whatever keeps a connection from being made, a database that is shut, renamed or full, a role whose
    // password was changed: somebody mends it without this program, and the same call goes through.
    if is_of_connecting(error) {
        return true;
    }
    let Some(sqlx) = sqlx_error(error) else { return false };
    match sqlx {
        SqlxError::Io(_) | SqlxError::PoolTimedOut | SqlxError::PoolClosed | SqlxError::WorkerCrashed => true,
        SqlxError::Database(database) => database.code().is_some_and(|code| passing_code(&code)),
        _ => false,
    }
}

/// Whether a statement that failed like this may have been carried out all the same: it was sent, and the server
/// has not said what became of it.
pub(crate) fn may_be_done(error: &DbErr) -> bool {
    let is_refused = database_error(error).is_some_and(|error| !error.code().is_some_and(|code| leaves_open(&code)));
    !is_of_connecting(error) && !is_refused
}

/// A server that is stopped or broken may say so after it has committed, and what stands before it when it is gone.
fn leaves_open(code: &str) -> bool {
    ["57P", "08", "58", "XX"].iter().any(|class| code.starts_with(class))
}

/// Whether somebody else kept what a statement on `PostgreSQL` wanted to lock.
pub(crate) fn is_locked(error: &DbErr) -> bool {
    database_error(error).is_some_and(|error| error.code().is_some_and(|code| code == "55P03"))
}

/// Whether no connection was to be had, so that no statement was sent.
const fn is_of_connecting(error: &DbErr) -> bool {
    matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_))
}

/// What `SQLite` says of a disk that takes no more, other than that it is full: so it calls only ENOSPC of a write. A
/// quota (EDQUOT), the longest file there may be (EFBIG), and a system that looks for room only when it syncs are
/// SQLITE_IOERR_WRITE, _FSYNC, _DIR_FSYNC, _TRUNCATE and _SHMSIZE. A disk that is broken says the same; of that, too,
/// somebody else must take care, and nothing was written that was not taken back.
const NO_ROOM: [u32; 5] = [778, 1034, 1290, 1546, 4874];

/// `SQLite` gives decimal numbers, `PostgreSQL` five characters.
fn passing_code(code: &str) -> bool {
    if code.len() < 5
        && let Ok(number) = code.parse::<u32>()
    {
        // SQLITE_BUSY, SQLITE_LOCKED and SQLITE_FULL, whatever their extension says.
        return matches!(number & 0xff, 5 | 6 | 13) || NO_ROOM.contains(&number);
    }
    // Connections, resources, transactions that met, time-outs, a server that starts or stops.
    ["08", "53", "40", "57P0", "57014", "55P03", "25P0"].iter().any(|class| code.starts_with(class))
}

/// Which key another row holds, when it is that.
fn unique_key(error: &DbErr) -> Option<UniqueKey> {
    let error = database_error(error)?;
    if error.kind() != ErrorKind::UniqueViolation {
        return None;
    }
    // `PostgreSQL` names the constraint; `SQLite` lists its columns at the end of its message.
    let columns = || error.message().rsplit(": ").next().unwrap_or_default();
    Some(key_of_constraint(error.constraint().unwrap_or_else(columns)))
}

fn key_of_constraint(constraint: &str) -> UniqueKey {
    match constraint {
        "user_emails_pkey" | "user_emails.email_key" => UniqueKey::Address,
        "authority_tokens_pkey" | "authority_tokens.domain" => UniqueKey::Authority,
        "land_fields_user_id_geo_id_key" | "land_fields.user_id, land_fields.geo_id" => UniqueKey::GeoId,
        "signing_keys_next_key" | "signing_keys_active_key" | "signing_keys.algorithm" => UniqueKey::SigningKey,
        _ => UniqueKey::Random,
    }
}

/// Whether `SQLite` says that a file is damaged, or was never one of its own: SQLITE_CORRUPT and SQLITE_NOTADB.
pub(crate) fn is_damaged(error: &DbErr) -> bool {
    let number = code(error).and_then(|code| code.parse::<u32>().ok());
    number.is_some_and(|number| matches!(number & 0xff, 11 | 26))
}

fn code(error: &DbErr) -> Option<String> {
    database_error(error)?.code().map(Into::into)
}

fn database_error(error: &DbErr) -> Option<&dyn DatabaseError> {
    match sqlx_error(error)? {
        SqlxError::Database(error) => Some(&**error),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn codes_that_pass_are_told_from_those_that_last() {
        for code in [
            "5", "517", "6", "13", "778", "1034", "1546", "4874", "08006", "53300", "40001", "40P01", "57P01", "57014",
            "55P03", "25P03",
        ] {
            assert!(passing_code(code), "{code}");
        }
        for code in ["1", "10", "266", "522", "11", "787", "2067", "42P01", "23503", "28P01", "XX001"] {
            assert!(!passing_code(code), "{code}");
        }
    }

    #[test]
    fn what_was_sent_and_not_answered_may_be_done() {
        let exec = |error| DbErr::Exec(sea_orm::RuntimeErr::SqlxError(Arc::new(error)));
        assert!(may_be_done(&exec(SqlxError::WorkerCrashed)));
        assert!(!may_be_done(&DbErr::Conn(sea_orm::RuntimeErr::Internal("refused".into()))));
        assert!(!may_be_done(&DbErr::ConnectionAcquire(sea_orm::ConnAcquireErr::Timeout)));
        for (code, open) in [("57P01", true), ("08006", true), ("XX000", true), ("23505", false), ("55P03", false)] {
            assert_eq!(leaves_open(code), open, "{code}");
        }
    }

    #[test]
    fn what_is_unknown_is_taken_for_random() {
        assert_eq!(key_of_constraint("sessions.page_secret"), UniqueKey::Random);
        assert_eq!(key_of_constraint("users_pkey"), UniqueKey::Random);
    }
}

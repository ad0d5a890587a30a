//! What an error of the database says to people: one clause, in words of their own trade.

use std::error::Error;
use std::fmt;

use sea_orm::sqlx::Error as SqlxError;
use sea_orm::sqlx::error::DatabaseError;
use sea_orm::{DbErr, RuntimeErr};

/// An error that shows itself as [`reason`] says. What the library says is its source.
#[derive(Debug)]
pub(crate) struct Told(pub(crate) DbErr);

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&reason(&self.0))
    }
}

impl Error for Told {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// What went wrong, on one line. Neither engine repeats a password.
pub(crate) fn reason(error: &DbErr) -> String {
    let connecting = matches!(error, DbErr::Conn(_));
    let text = match (error, sqlx_error(error)) {
        (DbErr::ConnectionAcquire(_), _) | (_, Some(SqlxError::PoolTimedOut)) => "it does not answer".into(),
        (_, Some(SqlxError::Io(_))) => "the server cannot be reached".into(),
        (_, Some(SqlxError::Tls(_))) => "the server makes no connection by TLS that can be trusted".into(),
        (_, Some(SqlxError::Database(error))) => of_engine(&**error, connecting),
        (_, Some(error)) => error.to_string(),
        (error, None) => error.to_string(),
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What keeps a new connection out, by its code; of everything else the message of the engine.
fn of_engine(error: &dyn DatabaseError, connecting: bool) -> String {
    let code = error.code().unwrap_or_default();
    match (&*code, connecting) {
        ("28P01" | "28000", true) => "the server refuses this user or this password".into(),
        ("3D000", true) => "the server has no database of this name".into(),
        ("53300", true) => "the server has too many connections already".into(),
        ("55000", true) => "the server lets nobody connect to this database".into(),
        ("42501", true) => "this user may not connect to this database".into(),
        ("57P01" | "57P02" | "57P03", true) => "the server is starting or stopping".into(),
        _ => error.message().into(),
    }
}

/// The error of the driver inside, when there is one.
pub(crate) fn sqlx_error(error: &DbErr) -> Option<&SqlxError> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_words_of_a_library_are_told() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        for (error, told) in [
            (SqlxError::Io(refused), "the server cannot be reached"),
            (SqlxError::PoolTimedOut, "it does not answer"),
            (SqlxError::Tls("handshake".into()), "the server makes no connection by TLS that can be trusted"),
        ] {
            assert_eq!(Told(DbErr::Conn(RuntimeErr::SqlxError(error.into()))).to_string(), told);
        }
    }
}

//! How a database is opened: connections, tables, settings.

mod data_file;
pub(crate) mod place;
mod postgres;
mod sqlite;
mod tables;

use sea_orm::sqlx::Error as SqlxError;
use sea_orm::{DbErr, RuntimeErr};

use crate::database::Database;
use crate::open_error::OpenError;
use crate::options::Options;

/// What there is to say when nobody listens, or nobody answers.
const SILENT: &str = "it does not answer";

/// Opens the database that `options` name.
pub(crate) async fn open(options: &Options) -> Result<Database, OpenError> {
    match options.url.split_once(':') {
        Some(("sqlite", rest)) => sqlite::open(rest, options).await,
        Some(("postgres" | "postgresql", _)) => postgres::open(options).await,
        _ => Err(OpenError::Address),
    }
}

/// What the engine says, on one line. Neither engine repeats a password.
fn reason(error: &DbErr) -> String {
    let text = match error {
        DbErr::ConnectionAcquire(_) => SILENT.into(),
        DbErr::Conn(RuntimeErr::SqlxError(error)) if matches!(**error, SqlxError::PoolTimedOut) => SILENT.into(),
        DbErr::Conn(RuntimeErr::SqlxError(error)) => error.to_string(),
        error => error.to_string(),
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn unreachable(error: DbErr) -> OpenError {
    OpenError::Unreachable(reason(&error))
}

fn not_up_to_date(error: DbErr) -> OpenError {
    OpenError::Migration(reason(&error))
}

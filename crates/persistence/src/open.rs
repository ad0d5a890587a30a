//! How a database is opened: connections, tables, settings.

mod data_file;
pub(crate) mod place;
mod postgres;
mod sqlite;
mod tables;

use std::time::Duration;

use sea_orm::DbErr;

use crate::database::Database;
use crate::open_error::OpenError;
use crate::options::Options;
use crate::told::reason;

/// How long a start waits for a connection: many may start at once, on a machine that has other work. A request has no
/// such time.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);

/// Opens the database that `options` name.
pub(crate) async fn open(options: &Options) -> Result<Database, OpenError> {
    match options.url.split_once(':') {
        Some(("sqlite", rest)) => sqlite::open(rest, options).await,
        Some(("postgres" | "postgresql", _)) => postgres::open(options).await,
        _ => Err(OpenError::Address),
    }
}

fn unreachable(error: DbErr) -> OpenError {
    OpenError::Unreachable(reason(&error))
}

fn not_up_to_date(error: DbErr) -> OpenError {
    OpenError::Migration(reason(&error))
}

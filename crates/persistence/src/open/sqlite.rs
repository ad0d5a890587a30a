//! How a data file of `SQLite` is opened.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{ConnectOptions as _, Connection as _, Error as SqlxError};
use sea_orm::{ConnectOptions, DatabaseConnection, DbErr, RuntimeErr};
use tokio::time::timeout;

use crate::counters::Counters;
use crate::database::Database;
use crate::failure::is_damaged;
use crate::lock::FileLock;
use crate::open::data_file::{self, Found};
use crate::open::{OPEN_TIMEOUT, tables, unreachable};
use crate::open_error::OpenError;
use crate::options::Options;
use crate::pool::{ACQUIRE_TIMEOUT, Pool};
use crate::sql::{Sql, execute, one};
use crate::sqlite::Writer;
use crate::told::sqlx_error;

/// How long one program waits for another that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a program waits for others that bring the tables up to date.
const LOCK_TIMEOUT: Duration = Duration::from_secs(60);

/// The table in the file of what counts, which stands in no step: a file that is lost begins anew.
const COUNTERS: [Sql; 2] = [
    Sql::new(
        "CREATE TABLE IF NOT EXISTS throttles (key TEXT NOT NULL PRIMARY KEY, recent TEXT NOT NULL, \
         failures INTEGER NOT NULL, next_at INTEGER NOT NULL, over_at INTEGER NOT NULL) WITHOUT ROWID",
    ),
    // Programs before this one made that index.
    Sql::new("DROP INDEX IF EXISTS throttles_over_at_idx"),
];

pub(super) async fn open(address: &str, options: &Options) -> Result<Database, OpenError> {
    let file = file(address)?;
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !directory.is_dir() {
        return Err(OpenError::MissingDirectory(directory.into()));
    }
    let found = data_file::look(&file).map_err(no_access)?;
    if found == Found::NoDatabase {
        return Err(OpenError::Unreachable("the file is not a database".into()));
    }
    let lock = timeout(LOCK_TIMEOUT, FileLock::of(&file)).await;
    let lock =
        lock.map_err(|_| OpenError::Migration("another program keeps them locked".into()))?.map_err(no_access)?;
    if let Err(error) = refuse_foreign(&file).await {
        if error == OpenError::Foreign {
            lock.take_back();
        }
        return Err(error);
    }
    data_file::make_private(&file).map_err(no_access)?;
    let writer = connect(&file, 1, writing).await.map_err(unreachable)?;
    check_settings(&writer).await?;
    tables::bring_up_to_date(&writer).await?;
    let counters = open_counters(&data_file::beside(&file, "-throttles")).await?;
    drop(lock);
    let readers = options.max_connections.max(1);
    let pool = connect(&file, readers, reading).await.map_err(unreachable)?;
    let (pool, counters) = (Pool::new(pool, readers), Pool::new(counters, 1));
    Ok(Database::new(pool, Some(Writer::start(writer)), Counters::new(counters)))
}

/// Opens the file of what counts for the throttles. One that is damaged holds nothing worth keeping.
async fn open_counters(file: &Path) -> Result<DatabaseConnection, OpenError> {
    let unusable = |error: OpenError| OpenError::Unreachable(format!("{error} ({})", file.display()));
    match try_counters(file).await {
        // Whatever else stands in the way, such as a disk that is busy or full, takes nothing from what was counted.
        Err(error) if is_damaged(&error) => {
            tracing::warn!(%error, file = %file.display(), "what the throttles had counted is lost: its file is damaged");
            data_file::remove(file).map_err(no_access).map_err(unusable)?;
            try_counters(file).await.map_err(unreachable).map_err(unusable)
        }
        outcome => outcome.map_err(unreachable).map_err(unusable),
    }
}

async fn try_counters(file: &Path) -> Result<DatabaseConnection, DbErr> {
    data_file::make_private(file).map_err(|error| DbErr::Custom(error.to_string()))?;
    let counters = connect(file, 1, counting).await?;
    for sql in COUNTERS {
        execute(&counters, sql, []).await?;
    }
    Ok(counters)
}

/// Looks whose database it is by a connection that changes nothing: to connect for writing would
/// already change the journal mode of another program's database.
async fn refuse_foreign(file: &Path) -> Result<(), OpenError> {
    if data_file::look(file).map_err(no_access)? == Found::Nothing {
        return Ok(());
    }
    // Without a log nobody has it open who would change it meanwhile, and nothing lies beside it
    // that belongs to it; to read it as an immutable file makes no file either.
    let settings = if data_file::has_log(file) { reading } else { reading_immutable };
    let database = connect(file, 1, settings).await.map_err(unreachable)?;
    let outcome = tables::missing_steps(&database).await;
    let _ = database.close().await;
    outcome.map(|_| ())
}

fn no_access(error: std::io::Error) -> OpenError {
    OpenError::Unreachable(error.to_string())
}

/// The file of an address: `sqlite:data/registry.db` and `sqlite:///var/lib/registry.db`.
pub(super) fn file(address: &str) -> Result<PathBuf, OpenError> {
    let path = address.strip_prefix("//").unwrap_or(address);
    // A database in memory is gone with its connection, and options belong to this program.
    if path.is_empty() || path.starts_with(':') || path.contains('?') {
        return Err(OpenError::Address);
    }
    Ok(path.into())
}

/// Connections for as many at a time. The first one may have to make the file, or to go through what a crash has left in
/// its log, on a disk that others keep busy: where that takes longer than a request may wait, it is done by a connection
/// of its own first, which has the time of a start.
async fn connect(
    file: &Path,
    connections: u32,
    settings: fn(SqliteConnectOptions) -> SqliteConnectOptions,
) -> Result<DatabaseConnection, DbErr> {
    let file = file.to_owned();
    let settings = move |options: SqliteConnectOptions| settings(options.filename(&file)).busy_timeout(BUSY_TIMEOUT);
    let alone = settings(SqliteConnectOptions::new()).disable_statement_logging();
    let mut options = ConnectOptions::new("sqlite:");
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(settings);
    match sea_orm::Database::connect(options.clone()).await {
        Err(late) if is_late(&late) => {
            let alone = timeout(OPEN_TIMEOUT, alone.connect()).await.map_err(|_| late)?;
            let alone = alone.map_err(|error| DbErr::Conn(RuntimeErr::SqlxError(error.into())))?;
            let connected = sea_orm::Database::connect(options).await;
            // How it closes makes no difference: nothing was asked of it.
            let _ = alone.close().await;
            connected
        }
        connected => connected,
    }
}

/// Whether no connection was made in time.
fn is_late(error: &DbErr) -> bool {
    matches!(error, DbErr::ConnectionAcquire(_)) || matches!(sqlx_error(error), Some(SqlxError::PoolTimedOut))
}

fn writing(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .in_memory(false)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
}

/// Nothing is lost but counts when the machine is cut off.
fn counting(options: SqliteConnectOptions) -> SqliteConnectOptions {
    writing(options).synchronous(SqliteSynchronous::Normal)
}

fn reading(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options.in_memory(false).read_only(true)
}

fn reading_immutable(options: SqliteConnectOptions) -> SqliteConnectOptions {
    reading(options).immutable(true)
}

/// `SQLite` ignores what it cannot set, so it is asked.
async fn check_settings(writer: &DatabaseConnection) -> Result<(), OpenError> {
    let journal = pragma::<String>(writer, Sql::new("PRAGMA journal_mode")).await?;
    if journal != "wal" {
        return Err(OpenError::Setting("journal_mode = WAL"));
    }
    if pragma::<i32>(writer, Sql::new("PRAGMA synchronous")).await? < 2 {
        return Err(OpenError::Setting("synchronous = FULL"));
    }
    if pragma::<i32>(writer, Sql::new("PRAGMA foreign_keys")).await? != 1 {
        return Err(OpenError::Setting("foreign_keys = ON"));
    }
    if pragma::<i64>(writer, Sql::new("PRAGMA busy_timeout")).await? != BUSY_TIMEOUT.as_millis() as i64 {
        return Err(OpenError::Setting("busy_timeout"));
    }
    Ok(())
}

async fn pragma<T: sea_orm::TryGetable>(writer: &DatabaseConnection, sql: Sql) -> Result<T, OpenError> {
    let row = one(writer, sql, []).await.map_err(unreachable)?;
    let missing = || OpenError::Unreachable("it does not tell its settings".into());
    row.ok_or_else(missing)?.try_get_by_index(0).map_err(unreachable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_files() {
        for (address, path) in [
            ("registry.db", "registry.db"),
            ("//data/registry.db", "data/registry.db"),
            ("/var/lib/registry.db", "/var/lib/registry.db"),
            ("///var/lib/registry.db", "/var/lib/registry.db"),
        ] {
            assert_eq!(file(address), Ok(PathBuf::from(path)), "{address}");
        }
        for address in ["", "//", ":memory:", "//:memory:", "registry.db?mode=ro"] {
            assert_eq!(file(address), Err(OpenError::Address), "{address}");
        }
    }
}

//! Whose tables these are, and which are missing.

use std::time::Duration;

use migrations::{PROGRAM, STEPS_TABLE, steps, take_missing_steps};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};
use tokio::time::sleep;

use crate::failure::is_locked;
use crate::open::{not_up_to_date, unreachable};
use crate::open_error::OpenError;
use crate::sql::{Sql, all};

/// How often steps are tried whose tables others use, and what lies between: less in all than others wait for the lock.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_secs(1);

/// The tables; on `PostgreSQL` those of the schema that new tables go to. What an extension owns is
/// nobody's: it came with the server.
const TABLES: Sql = Sql::of_engines(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    "SELECT CAST(c.relname AS text) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'f') AND NOT EXISTS ( \
         SELECT 1 FROM pg_depend d WHERE d.classid = CAST('pg_class' AS regclass) AND d.objid = c.oid \
         AND d.deptype = 'e')",
);
/// The steps that were taken, of [`STEPS_TABLE`].
const STEPS_TAKEN: Sql = Sql::new("SELECT version FROM seaql_migrations ORDER BY version");
/// A table `installation` with other columns is another program's as well.
const WHOSE: Sql = Sql::new("SELECT program FROM installation");

/// Brings the tables up to date, if they are ours to touch. The caller holds the lock.
pub(super) async fn bring_up_to_date(database: &DatabaseConnection) -> Result<(), OpenError> {
    let missing = missing_steps(database).await?;
    if missing > 0 {
        tracing::info!(steps = missing, "bringing the tables of the database up to date");
        take_steps(database).await.map_err(not_up_to_date)?;
    }
    Ok(())
}

/// Takes the missing steps. One that finds a table in use gives way, as all who come later wait behind it; it is tried
/// again.
async fn take_steps(database: &DatabaseConnection) -> Result<(), DbErr> {
    for _ in 1..TRIES {
        match take_missing_steps(database).await {
            Err(error) if is_locked(&error) => sleep(PAUSE).await,
            outcome => return outcome,
        }
    }
    take_missing_steps(database).await
}

/// How many steps the database lacks. It only reads; a database that is not ours, or newer than this
/// program, is refused.
pub(super) async fn missing_steps(database: &impl ConnectionTrait) -> Result<usize, OpenError> {
    let tables = tables(database).await.map_err(unreachable)?;
    let has = |name: &str| tables.iter().any(|table| table == name);
    let taken = if has(STEPS_TABLE) { texts(database, STEPS_TAKEN).await.map_err(unreachable)? } else { Vec::new() };
    // The table of steps alone is what a first start leaves that was cut off.
    let is_new = tables.iter().all(|table| table == STEPS_TABLE) && taken.is_empty();
    let ours = is_new || (has("installation") && is_ours(database).await.map_err(unreachable)?);
    if !ours {
        return Err(OpenError::Foreign);
    }
    let known = steps();
    match taken.iter().find(|step| !known.contains(step)) {
        Some(step) => Err(OpenError::Newer(step.clone())),
        None => Ok(known.len() - taken.len()),
    }
}

async fn tables(database: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    texts(database, TABLES).await
}

async fn is_ours(database: &impl ConnectionTrait) -> Result<bool, DbErr> {
    match texts(database, WHOSE).await {
        Ok(programs) => Ok(programs == [PROGRAM]),
        Err(error) if is_locked(&error) => Err(error),
        // It has other columns.
        Err(_) => Ok(false),
    }
}

/// The texts of the first column.
async fn texts(database: &impl ConnectionTrait, sql: Sql) -> Result<Vec<String>, DbErr> {
    all(database, sql, []).await?.iter().map(|row| row.try_get_by_index(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_are_read_from_their_table() {
        assert!(STEPS_TAKEN.text(sea_orm::DbBackend::Sqlite).contains(STEPS_TABLE));
    }
}

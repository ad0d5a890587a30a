//! Whose tables these are, and which are missing.

use migrations::{PROGRAM, STEPS_TABLE, steps, take_missing_steps};
use sea_orm::{DatabaseConnection, DbBackend, DbErr};

use crate::open::{not_up_to_date, unreachable};
use crate::open_error::OpenError;
use crate::sql::all;

/// The tables of the schema that new tables go to. Those of an extension came with the server.
const TABLES_ON_POSTGRES: &str = "SELECT CAST(c.relname AS text) FROM pg_class c \
    JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'f') AND NOT EXISTS ( \
        SELECT 1 FROM pg_depend d WHERE d.classid = CAST('pg_class' AS regclass) AND d.objid = c.oid \
        AND d.deptype = 'e')";

/// Brings the tables up to date, if they are ours to touch. The caller holds the lock.
pub(super) async fn bring_up_to_date(database: &DatabaseConnection) -> Result<(), OpenError> {
    let missing = missing_steps(database).await?;
    if missing > 0 {
        tracing::info!(steps = missing, "bringing the tables of the database up to date");
        take_missing_steps(database).await.map_err(not_up_to_date)?;
    }
    Ok(())
}

/// How many steps the database lacks. It only reads; a database that is not ours, or newer than this
/// program, is refused.
pub(super) async fn missing_steps(database: &DatabaseConnection) -> Result<usize, OpenError> {
    let tables = tables(database).await.map_err(unreachable)?;
    let has = |name: &str| tables.iter().any(|table| table == name);
    let taken = if has(STEPS_TABLE) { texts(database, &steps_taken()).await.map_err(unreachable)? } else { Vec::new() };
    // The table of steps alone is what a first start leaves that was cut off.
    let is_new = tables.iter().all(|table| table == STEPS_TABLE) && taken.is_empty();
    let ours = is_new || (has("installation") && is_ours(database).await);
    if !ours {
        return Err(OpenError::Foreign);
    }
    let known = steps();
    match taken.iter().find(|step| !known.contains(step)) {
        Some(step) => Err(OpenError::Newer(step.clone())),
        None => Ok(known.len() - taken.len()),
    }
}

fn steps_taken() -> String {
    format!("SELECT version FROM {STEPS_TABLE} ORDER BY version")
}

async fn tables(database: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let sql = match database.get_database_backend() {
        DbBackend::Postgres => TABLES_ON_POSTGRES,
        _ => "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    };
    texts(database, sql).await
}

/// A table `installation` with other columns is another program's as well.
async fn is_ours(database: &DatabaseConnection) -> bool {
    texts(database, "SELECT program FROM installation").await.is_ok_and(|programs| programs == [PROGRAM])
}

/// The texts of the first column.
async fn texts(database: &DatabaseConnection, sql: &str) -> Result<Vec<String>, DbErr> {
    all(database, sql, []).await?.iter().map(|row| row.try_get_by_index(0)).collect()
}

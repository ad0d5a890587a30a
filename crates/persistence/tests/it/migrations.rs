//! Steps take no table and no column away: a program of the version before must be able to work on with what they
//! make.

use std::collections::BTreeSet;

use migrations::{Migrator, steps};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};
use sea_orm_migration::MigratorTrait as _;

use crate::fixture::{Place, on_both_engines};

on_both_engines!(no_step_takes_anything_away, what_is_taken_away_is_seen);

/// Each column of each table: its type, whether it may be empty, and what it is when it is left out.
const COLUMNS_OF_SQLITE: &str = "SELECT m.name || '.' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || \
    coalesce(c.dflt_value, '') AS line, m.name AS place, c.\"notnull\" = 1 AND c.dflt_value IS NULL AS needed \
    FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'";
const COLUMNS_OF_POSTGRES: &str = "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable \
    || ' ' || coalesce(column_default, '') AS line, CAST(table_name AS text) AS place, \
    is_nullable = 'NO' AND column_default IS NULL AS needed \
    FROM information_schema.columns WHERE table_schema = current_schema()";

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Column {
    line: String,
    place: String,
    needed: bool,
}

async fn no_step_takes_anything_away(place: &Place) {
    let raw = place.raw().await;
    let mut before = columns(&raw).await;
    for step in steps() {
        Migrator::up(&raw, Some(1)).await.expect("taken");
        let after = columns(&raw).await;
        assert_eq!(taken_away(&before, &after), Vec::<String>::new(), "{step}");
        before = after;
    }
    assert!(before.iter().any(|column| column.line.starts_with("users.email ")), "the columns are seen");
    // All of them were taken, so opening finds nothing to do.
    place.open().await.close().await;
    assert_eq!(columns(&raw).await, before);
}

async fn what_is_taken_away_is_seen(place: &Place) {
    place.open().await.close().await;
    let raw = place.raw().await;
    let before = columns(&raw).await;
    for (sql, expected) in [
        ("ALTER TABLE users ADD COLUMN nickname text", ""),
        ("ALTER TABLE users ADD COLUMN points integer NOT NULL DEFAULT 0", ""),
        ("ALTER TABLE events RENAME COLUMN data TO more", "events.data "),
        ("ALTER TABLE users DROP COLUMN locale", "users.locale "),
        ("DROP TABLE deliveries", "deliveries.attempts "),
    ] {
        raw.execute_unprepared(sql).await.expect("done");
        let lines = taken_away(&before, &columns(&raw).await);
        assert_eq!(expected.is_empty(), lines.is_empty(), "{sql}: {lines:?}");
        assert!(expected.is_empty() || lines.iter().any(|line| line.starts_with(expected)), "{sql}: {lines:?}");
    }
}

/// What a program that knows the tables as they were would miss, or not know to give.
fn taken_away(before: &BTreeSet<Column>, after: &BTreeSet<Column>) -> Vec<String> {
    let tables = before.iter().map(|column| &column.place).collect::<BTreeSet<_>>();
    let missing = before.difference(after);
    let demanded = after.difference(before).filter(|column| column.needed && tables.contains(&column.place));
    missing.chain(demanded).map(|column| column.line.clone()).collect()
}

async fn columns(raw: &DatabaseConnection) -> BTreeSet<Column> {
    let engine = raw.get_database_backend();
    let sql = if engine == DbBackend::Postgres { COLUMNS_OF_POSTGRES } else { COLUMNS_OF_SQLITE };
    let rows = raw.query_all_raw(Statement::from_string(engine, sql)).await.expect("read");
    let column = |row: &sea_orm::QueryResult| Column {
        line: row.try_get("", "line").expect("a text"),
        place: row.try_get("", "place").expect("a text"),
        needed: row.try_get("", "needed").expect("a truth"),
    };
    rows.iter().map(column).collect()
}

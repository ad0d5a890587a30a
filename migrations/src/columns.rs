//! Columns and tables as every step makes them.

use sea_orm_migration::SchemaManager;
use sea_orm_migration::sea_orm::DbBackend;
use sea_orm_migration::sea_query::{ColumnDef, ForeignKey, ForeignKeyAction, ForeignKeyCreateStatement};
use sea_orm_migration::sea_query::{Table, TableCreateStatement};

/// A table of small rows that are looked up by their key.
///
/// On SQLite the rows then lie in the tree of the key itself, so that a look-up is one descent, not
/// two. On PostgreSQL every table is the same.
pub(crate) fn keyed_table(manager: &SchemaManager<'_>, name: &'static str) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name);
    if manager.get_database_backend() == DbBackend::Sqlite {
        table.extra("WITHOUT ROWID");
    }
    table
}

/// A UUID: sixteen bytes, in their order on both engines.
pub(crate) fn id(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().not_null().take()
}

/// A text in the order of its bytes, whatever the language of the database is.
pub(crate) fn text(manager: &SchemaManager<'_>, name: &'static str) -> ColumnDef {
    let mut column = optional_text(manager, name);
    column.not_null().take()
}

/// The same, where there may be none.
pub(crate) fn optional_text(manager: &SchemaManager<'_>, name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.text();
    // SQLite compares bytes unless it is told otherwise.
    if manager.get_database_backend() == DbBackend::Postgres {
        column.extra("COLLATE \"C\"");
    }
    column.take()
}

/// A moment in UTC, to the microsecond.
pub(crate) fn time(name: &'static str) -> ColumnDef {
    optional_time(name).not_null().take()
}

/// The same, where there may be none.
pub(crate) fn optional_time(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).timestamp_with_time_zone().take()
}

/// The rows of `table` go with the row of `to` that they belong to.
pub(crate) fn belongs_to(
    table: &'static str,
    column: &'static str,
    (to, key): (&'static str, &'static str),
) -> ForeignKeyCreateStatement {
    ForeignKey::create().from(table, column).to(to, key).on_delete(ForeignKeyAction::Cascade).take()
}

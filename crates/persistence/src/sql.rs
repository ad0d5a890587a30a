//! Statements and rows, with less ceremony.

use std::fmt::Display;

use domain::ports::failure::PortFailure;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, TryGetable, Value};

use crate::failure::port_failure;

/// A statement as each engine reads it: a text that never varies, so that an engine prepares it once
/// per connection and finds it again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sql {
    sqlite: &'static str,
    postgres: &'static str,
}

impl Sql {
    /// A statement that both engines read; values stand in it as `$1`.
    pub(crate) const fn new(text: &'static str) -> Self {
        Self { sqlite: text, postgres: text }
    }

    /// A statement that each engine needs in its own words.
    pub(crate) const fn of_engines(sqlite: &'static str, postgres: &'static str) -> Self {
        Self { sqlite, postgres }
    }

    /// What this engine reads.
    pub(crate) const fn text(self, engine: DbBackend) -> &'static str {
        match engine {
            DbBackend::Postgres => self.postgres,
            _ => self.sqlite,
        }
    }

    fn with(self, engine: DbBackend, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(engine, self.text(engine), values)
    }
}

/// Names the statements of a module, and lists them all.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sqlite:expr $(, postgres: $postgres:expr)?;)*) => {
        $($(#[$doc])* const $name: $crate::sql::Sql = $crate::sql::statements!(@one $sqlite $(, $postgres)?);)*

        /// Every statement of this module.
        pub(crate) const STATEMENTS: &[$crate::sql::Sql] = &[$($name),*];
    };
    (@one $both:expr) => { $crate::sql::Sql::new($both) };
    (@one $sqlite:expr, $postgres:expr) => { $crate::sql::Sql::of_engines($sqlite, $postgres) };
}
pub(crate) use statements;

/// Executes a statement, and tells how many rows it touched.
pub(crate) async fn execute<C: ConnectionTrait>(
    connection: &C,
    sql: Sql,
    values: impl IntoIterator<Item = Value> + Send,
) -> Result<u64, DbErr> {
    let statement = sql.with(connection.get_database_backend(), values);
    Ok(connection.execute_raw(statement).await?.rows_affected())
}

/// The rows that a statement gives.
pub(crate) async fn all<C: ConnectionTrait>(
    connection: &C,
    sql: Sql,
    values: impl IntoIterator<Item = Value> + Send,
) -> Result<Vec<QueryResult>, DbErr> {
    connection.query_all_raw(sql.with(connection.get_database_backend(), values)).await
}

/// The row of a statement that writes one, once the statement has ended: where it is its own commit, only the end tells
/// whether that went well.
pub(crate) async fn written<C: ConnectionTrait>(
    connection: &C,
    sql: Sql,
    values: impl IntoIterator<Item = Value> + Send,
) -> Result<Option<QueryResult>, DbErr> {
    Ok(all(connection, sql, values).await?.into_iter().next())
}

/// The first row that a statement gives, if any. Of one that writes it MUST NOT be asked for outside a transaction: the
/// driver of `SQLite` leaves off at the first row, and keeps to itself how the commit went that follows.
pub(crate) async fn one<C: ConnectionTrait>(
    connection: &C,
    sql: Sql,
    values: impl IntoIterator<Item = Value> + Send,
) -> Result<Option<QueryResult>, DbErr> {
    connection.query_one_raw(sql.with(connection.get_database_backend(), values)).await
}

/// A column of a row.
pub(crate) fn column<T: TryGetable>(row: &QueryResult, name: &str) -> Result<T, PortFailure> {
    row.try_get("", name).map_err(port_failure)
}

/// A value that no rule of the domain allows: somebody else has written to the table.
pub(crate) fn corrupt(table: &str, column: &str, id: impl Display) -> PortFailure {
    PortFailure::lasting(format!("the row {id} of {table} holds no valid {column}"))
}

/// How many rows are asked for, as the engines count.
pub(crate) fn limit(rows: usize) -> Value {
    i64::try_from(rows).unwrap_or(i64::MAX).into()
}

//! Statements and rows, with less ceremony.
//!
//! Both engines read `$1`, so that one text serves both.

use std::fmt::Display;

use domain::ports::failure::PortFailure;
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement, TryGetable, Value};

use crate::failure::port_failure;

/// Executes a statement, and tells how many rows it touched.
pub(crate) async fn execute<C: ConnectionTrait>(
    connection: &C,
    sql: &str,
    values: impl IntoIterator<Item = Value> + Send,
) -> Result<u64, DbErr> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(connection.execute_raw(statement).await?.rows_affected())
}

/// The rows that a statement gives.
pub(crate) async fn all<C: ConnectionTrait>(
    connection: &C,
    sql: &str,
    values: impl IntoIterator<Item = Value> + Send,
) -> Result<Vec<QueryResult>, DbErr> {
    connection.query_all_raw(Statement::from_sql_and_values(connection.get_database_backend(), sql, values)).await
}

/// The first row that a statement gives, if any.
pub(crate) async fn one<C: ConnectionTrait>(
    connection: &C,
    sql: &str,
    values: impl IntoIterator<Item = Value> + Send,
) -> Result<Option<QueryResult>, DbErr> {
    connection.query_one_raw(Statement::from_sql_and_values(connection.get_database_backend(), sql, values)).await
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

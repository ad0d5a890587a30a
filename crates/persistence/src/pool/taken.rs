//! A connection in use.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::postgres::{PgDatabaseError, PgSeverity};
use sea_orm::sqlx::{AssertSqlSafe, Error as SqlxError, Executor as _, query_with, raw_sql};
use sea_orm::{DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use sea_query_sqlx::SqlxValues;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use crate::pool::{Connection, Kept, OfDriver};

/// How long a statement may take: a server that is there ends it before that by itself.
pub(super) const STATEMENT_TIMEOUT: Duration = Duration::from_secs(7);

/// The right to a connection.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) _connection: OwnedSemaphorePermit,
    pub(super) _writer: Option<OwnedSemaphorePermit>,
}

/// A connection in use. When its statement is broken off, it is asked whether it is alive, and kept then.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(super) held: Option<(Connection, Place)>,
    pub(super) kept: Arc<Kept>,
    /// Whether a statement has shown that it is of no use any more.
    pub(super) is_broken: bool,
}

impl Drop for Taken {
    fn drop(&mut self) {
        if self.is_broken {
            self.end();
        } else if let Some((mut connection, place)) = self.held.take() {
            let kept = Arc::clone(&self.kept);
            tokio::spawn(async move {
                let refused = if connection.is_alive().await { kept.keep(connection).err() } else { Some(connection) };
                if let Some(connection) = refused {
                    connection.close_in_time().await;
                }
                drop(place);
            });
        }
    }
}

impl Taken {
    /// Keeps the connection, unless it is broken.
    pub(crate) fn keep(mut self) {
        self.end();
    }

    /// Closes the connection: nobody knows in which state it is.
    pub(crate) fn close(mut self) {
        if self.is_broken {
            self.end();
        } else if let Some((connection, place)) = self.held.take() {
            close(connection, place);
        }
    }

    fn end(&mut self) {
        let Some((connection, place)) = self.held.take() else { return };
        let refused = if self.is_broken {
            self.kept.give_up_idle();
            Some(connection)
        } else {
            self.kept.keep(connection).err()
        };
        if let Some(connection) = refused {
            close(connection, place);
        }
    }

    pub(super) fn connection(&mut self) -> &mut Connection {
        let (connection, _) = self.held.as_mut().expect("only who ends its use takes a connection away");
        connection
    }

    pub(crate) async fn execute(&mut self, mut statement: Statement) -> Result<ExecResult, SqlxError> {
        let values = values(&mut statement);
        let sql = AssertSqlSafe(statement.sql);
        let outcome = in_time(async {
            on!(&mut self.connection().of_driver, connection => {
                query_with(sql, values).execute(&mut **connection).await.map(ExecResult::from)
            })
        });
        let outcome = outcome.await;
        self.note(outcome)
    }

    /// Without values, and without keeping anything of it prepared.
    pub(crate) async fn execute_raw(&mut self, sql: &str) -> Result<ExecResult, SqlxError> {
        let sql = AssertSqlSafe(sql.to_owned());
        let outcome = in_time(async {
            on!(&mut self.connection().of_driver, connection => connection.execute(raw_sql(sql)).await.map(ExecResult::from))
        });
        let outcome = outcome.await;
        self.note(outcome)
    }

    pub(crate) async fn one(&mut self, mut statement: Statement) -> Result<Option<QueryResult>, SqlxError> {
        let values = values(&mut statement);
        let sql = AssertSqlSafe(statement.sql);
        let outcome = in_time(async {
            on!(&mut self.connection().of_driver, connection => {
                let row = query_with(sql, values).fetch_optional(&mut **connection).await;
                row.map(|row| row.map(QueryResult::from))
            })
        });
        let outcome = outcome.await;
        self.note(outcome)
    }

    pub(crate) async fn all(&mut self, mut statement: Statement) -> Result<Vec<QueryResult>, SqlxError> {
        let values = values(&mut statement);
        let sql = AssertSqlSafe(statement.sql);
        let outcome = in_time(async {
            on!(&mut self.connection().of_driver, connection => {
                let rows = query_with(sql, values).fetch_all(&mut **connection).await;
                rows.map(|rows| rows.into_iter().map(QueryResult::from).collect())
            })
        });
        let outcome = outcome.await;
        self.note(outcome)
    }

    /// Notes what the outcome of a statement says of the connection.
    fn note<T>(&mut self, outcome: Result<T, SqlxError>) -> Result<T, SqlxError> {
        self.is_broken |= outcome.as_ref().err().is_some_and(breaks);
        outcome
    }
}

/// Closes a connection, and gives its place to another then.
fn close(connection: Connection, place: Place) {
    tokio::spawn(async move {
        connection.close_in_time().await;
        drop(place);
    });
}

/// What comes of a statement, or that it was not answered in time. No server ends a statement that it never got, and a
/// host that is gone does not say so.
async fn in_time<T>(outcome: impl Future<Output = Result<T, SqlxError>>) -> Result<T, SqlxError> {
    timeout(STATEMENT_TIMEOUT, outcome).await.unwrap_or_else(|late| Err(SqlxError::Io(late.into())))
}

/// Whether a connection is of no use after this error: one that is no answer, one with which the server ends the
/// connection, and that of a server that only reads (`25006`) but wrote when the connection was made.
fn breaks(error: &SqlxError) -> bool {
    let SqlxError::Database(error) = error else { return true };
    let severity = error.try_downcast_ref::<PgDatabaseError>().map(PgDatabaseError::severity);
    let is_end = matches!(severity, Some(PgSeverity::Fatal | PgSeverity::Panic));
    is_end || error.code().is_some_and(|code| code == "25006")
}

fn values(statement: &mut Statement) -> SqlxValues {
    SqlxValues(statement.values.take().unwrap_or(sea_orm::Values(Vec::new())))
}

/// An error of a statement that writes.
pub(crate) fn executed(error: SqlxError) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(error.into()))
}

/// An error of a statement that reads.
pub(crate) fn queried(error: SqlxError) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

//! Connections that stay out of the driver's pool between statements.
//!
//! The driver asks every connection that comes back to its pool whether it is alive: on `PostgreSQL` that is a
//! second way to the server for each statement or transaction, on `SQLite` a second message to a thread. So its
//! connections are kept here, and go back only when something went wrong with them or nobody needed them for a while.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{AssertSqlSafe, Error as SqlxError, Executor as _, Postgres, Sqlite, query_with, raw_sql};
use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr,
    Statement,
};
use sea_query_sqlx::SqlxValues;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout};

/// How long a request waits for a connection.
pub(crate) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// After how long without a statement a connection is asked whether it is alive.
const FRESH: Duration = Duration::from_secs(30);

/// A pool of connections, which nobody else takes from the driver's.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    connections: DatabaseConnection,
    kept: Arc<Kept>,
}

#[derive(Debug)]
struct Kept {
    /// A permit for each connection.
    places: Semaphore,
    idle: Mutex<Vec<Idle>>,
}

#[derive(Debug)]
struct Idle {
    connection: Connection,
    since: Instant,
}

#[derive(Debug)]
enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

/// The same for the connection of either engine.
macro_rules! on {
    ($connection:expr, $name:ident => $outcome:expr) => {
        match $connection {
            Connection::Sqlite($name) => $outcome,
            Connection::Postgres($name) => $outcome,
        }
    };
}

impl Pool {
    /// A pool of this many connections.
    pub(crate) fn new(connections: DatabaseConnection, most: u32) -> Self {
        let places = Semaphore::new(usize::try_from(most).unwrap_or(Semaphore::MAX_PERMITS));
        Self { connections, kept: Arc::new(Kept { places, idle: Mutex::default() }) }
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) -> Result<(), DbErr> {
        self.kept.places.close();
        self.kept.idle().clear();
        self.connections.close_by_ref().await
    }

    /// A connection that nobody else uses.
    pub(crate) async fn take(&self) -> Result<Taken<'_>, DbErr> {
        let place = timeout(ACQUIRE_TIMEOUT, self.kept.places.acquire()).await;
        let place = place.map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))?;
        let place = place.map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed))?;
        let connection = match self.kept.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        Ok(Taken { connection, kept: &self.kept, _place: place })
    }

    async fn connect(&self) -> Result<Connection, DbErr> {
        let acquired = match self.connections.get_database_backend() {
            DbBackend::Postgres => {
                let pool = self.connections.get_postgres_connection_pool();
                pool.acquire().await.map(Connection::Postgres)
            }
            _ => self.connections.get_sqlite_connection_pool().acquire().await.map(Connection::Sqlite),
        };
        acquired.map_err(|error| match error {
            SqlxError::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
            SqlxError::PoolClosed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
            error => DbErr::Conn(RuntimeErr::SqlxError(error.into())),
        })
    }
}

impl Kept {
    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        // A list of connections is whole at every moment, whoever panicked.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection that was used last. Those that were not used for long go back to the driver, which asks
    /// whether they are alive.
    fn take(&self) -> Option<Connection> {
        let mut idle = self.idle();
        idle.retain(|idle| idle.since.elapsed() <= FRESH);
        idle.pop().map(|idle| idle.connection)
    }
}

/// A connection in use. When its statement is broken off, it goes back to the driver.
#[derive(Debug)]
pub(crate) struct Taken<'a> {
    connection: Connection,
    kept: &'a Kept,
    _place: SemaphorePermit<'a>,
}

impl Taken<'_> {
    /// Keeps the connection, if what the statement gave says nothing against that.
    pub(crate) fn keep<T>(self, outcome: Result<T, SqlxError>) -> Result<T, SqlxError> {
        let is_sound = match &outcome {
            Ok(_) => true,
            // A server that shuts this connection says so in an answer, too.
            Err(SqlxError::Database(error)) => !error.code().is_some_and(|code| code.starts_with("57P")),
            Err(_) => false,
        };
        let mut idle = self.kept.idle();
        if !is_sound {
            // What broke this one may have broken all, such as a restart of the server: the driver asks them.
            idle.clear();
        } else if !self.kept.places.is_closed() {
            // Whoever closes the pool closes the places first, and then empties the list.
            idle.push(Idle { connection: self.connection, since: Instant::now() });
        }
        outcome
    }

    /// Closes the connection: nobody knows in which state it is.
    pub(crate) fn close(mut self) {
        self.kept.idle().clear();
        on!(&mut self.connection, connection => connection.close_on_drop());
    }

    pub(crate) async fn execute(&mut self, mut statement: Statement) -> Result<ExecResult, SqlxError> {
        let values = values(&mut statement);
        let sql = AssertSqlSafe(statement.sql);
        on!(&mut self.connection, connection => {
            query_with(sql, values).execute(&mut **connection).await.map(ExecResult::from)
        })
    }

    /// Without values, and without keeping anything of it prepared.
    pub(crate) async fn execute_raw(&mut self, sql: &str) -> Result<ExecResult, SqlxError> {
        let sql = AssertSqlSafe(sql.to_owned());
        on!(&mut self.connection, connection => {
            connection.execute(raw_sql(sql)).await.map(ExecResult::from)
        })
    }

    pub(crate) async fn one(&mut self, mut statement: Statement) -> Result<Option<QueryResult>, SqlxError> {
        let values = values(&mut statement);
        let sql = AssertSqlSafe(statement.sql);
        on!(&mut self.connection, connection => {
            let row = query_with(sql, values).fetch_optional(&mut **connection).await;
            row.map(|row| row.map(QueryResult::from))
        })
    }

    pub(crate) async fn all(&mut self, mut statement: Statement) -> Result<Vec<QueryResult>, SqlxError> {
        let values = values(&mut statement);
        let sql = AssertSqlSafe(statement.sql);
        on!(&mut self.connection, connection => {
            let rows = query_with(sql, values).fetch_all(&mut **connection).await;
            rows.map(|rows| rows.into_iter().map(QueryResult::from).collect())
        })
    }
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

#[async_trait]
impl ConnectionTrait for Pool {
    fn get_database_backend(&self) -> DbBackend {
        self.connections.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let mut taken = self.take().await?;
        let outcome = taken.execute(statement).await;
        taken.keep(outcome).map_err(executed)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let mut taken = self.take().await?;
        let outcome = taken.execute_raw(sql).await;
        taken.keep(outcome).map_err(executed)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let mut taken = self.take().await?;
        let outcome = taken.one(statement).await;
        taken.keep(outcome).map_err(queried)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut taken = self.take().await?;
        let outcome = taken.all(statement).await;
        taken.keep(outcome).map_err(queried)
    }
}

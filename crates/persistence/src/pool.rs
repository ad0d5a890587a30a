//! Connections that stay out of the driver's pool between statements.
//!
//! The driver asks every connection that comes back to its pool whether it is alive: on `PostgreSQL` that is a
//! second way to the server for each statement, on `SQLite` a second message to a thread. So some connections
//! are kept here, and go back only when something went wrong with them or nobody needed them for a while.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{AssertSqlSafe, Error as SqlxError, Postgres, Sqlite, query_with};
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

/// A pool of which some connections are kept for statements that need no transaction around them.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    connections: DatabaseConnection,
    kept: Arc<Kept>,
}

#[derive(Debug)]
struct Kept {
    /// A permit for each connection that may be kept.
    places: Semaphore,
    /// Whether others use the pool, too: then nobody waits for a place.
    is_shared: bool,
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
    /// A pool that nobody else uses, with this many connections.
    pub(crate) fn of_its_own(connections: DatabaseConnection, most: u32) -> Self {
        Self::keeping(connections, most, false)
    }

    /// A pool that transactions use as well: half of its connections are kept.
    pub(crate) fn shared(connections: DatabaseConnection, most: u32) -> Self {
        Self::keeping(connections, most / 2, true)
    }

    fn keeping(connections: DatabaseConnection, most: u32, is_shared: bool) -> Self {
        let places = Semaphore::new(usize::try_from(most).unwrap_or(Semaphore::MAX_PERMITS));
        Self { connections, kept: Arc::new(Kept { places, is_shared, idle: Mutex::default() }) }
    }

    /// The driver's pool, for transactions.
    pub(crate) const fn transactions(&self) -> &DatabaseConnection {
        &self.connections
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) -> Result<(), DbErr> {
        self.kept.places.close();
        self.kept.idle().clear();
        self.connections.close_by_ref().await
    }

    /// A connection that may be kept, or none when the driver's pool is to be asked.
    async fn take(&self) -> Result<Option<Taken<'_>>, DbErr> {
        let place = if self.kept.is_shared {
            match self.kept.places.try_acquire() {
                Ok(place) => place,
                Err(_) => return Ok(None),
            }
        } else {
            let place = timeout(ACQUIRE_TIMEOUT, self.kept.places.acquire()).await;
            let place = place.map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))?;
            place.map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed))?
        };
        let connection = match self.kept.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        Ok(Some(Taken { connection, kept: &self.kept, _place: place }))
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
struct Taken<'a> {
    connection: Connection,
    kept: &'a Kept,
    _place: SemaphorePermit<'a>,
}

impl Taken<'_> {
    /// Keeps the connection, if what the statement gave says nothing against that.
    fn keep<T>(self, outcome: Result<T, SqlxError>) -> Result<T, SqlxError> {
        let is_sound = match &outcome {
            Ok(_) => true,
            // A server that shuts this connection says so in an answer, too.
            Err(SqlxError::Database(error)) => !error.code().is_some_and(|code| code.starts_with("57P")),
            Err(_) => false,
        };
        if is_sound {
            let mut idle = self.kept.idle();
            // Whoever closes the pool closes the places first, and then empties the list.
            if !self.kept.places.is_closed() {
                idle.push(Idle { connection: self.connection, since: Instant::now() });
            }
        }
        outcome
    }
}

fn values(statement: &mut Statement) -> SqlxValues {
    SqlxValues(statement.values.take().unwrap_or(sea_orm::Values(Vec::new())))
}

fn executed(error: SqlxError) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(error.into()))
}

fn queried(error: SqlxError) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

#[async_trait]
impl ConnectionTrait for Pool {
    fn get_database_backend(&self) -> DbBackend {
        self.connections.get_database_backend()
    }

    async fn execute_raw(&self, mut statement: Statement) -> Result<ExecResult, DbErr> {
        let Some(mut taken) = self.take().await? else { return self.connections.execute_raw(statement).await };
        let values = values(&mut statement);
        let sql = AssertSqlSafe(statement.sql);
        let outcome = on!(&mut taken.connection, connection => {
            query_with(sql, values).execute(&mut **connection).await.map(ExecResult::from)
        });
        taken.keep(outcome).map_err(executed)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.connections.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, mut statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let Some(mut taken) = self.take().await? else { return self.connections.query_one_raw(statement).await };
        let values = values(&mut statement);
        let sql = AssertSqlSafe(statement.sql);
        let outcome = on!(&mut taken.connection, connection => {
            let row = query_with(sql, values).fetch_optional(&mut **connection).await;
            row.map(|row| row.map(QueryResult::from))
        });
        taken.keep(outcome).map_err(queried)
    }

    async fn query_all_raw(&self, mut statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let Some(mut taken) = self.take().await? else { return self.connections.query_all_raw(statement).await };
        let values = values(&mut statement);
        let sql = AssertSqlSafe(statement.sql);
        let outcome = on!(&mut taken.connection, connection => {
            let rows = query_with(sql, values).fetch_all(&mut **connection).await;
            rows.map(|rows| rows.into_iter().map(QueryResult::from).collect())
        });
        taken.keep(outcome).map_err(queried)
    }
}

//! Connections that stay out of the driver's pool between statements and transactions.
//!
//! The driver asks every connection that comes back to its pool whether it is alive: on `PostgreSQL` that is a
//! second way to the server for each statement or transaction, on `SQLite` a second message to a thread. So the driver
//! only makes the connections, and closes them; here they are kept, asked and given up (see
//! `docs/decisions/why-an-own-pool-of-connections.md`).

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{
    AssertSqlSafe, Connection as _, Error as SqlxError, Executor as _, Postgres, Sqlite, query_with, raw_sql,
};
use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr,
    Statement,
};
use sea_query_sqlx::SqlxValues;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

/// How long a request waits for a connection.
pub(crate) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long whoever closes one waits for its end.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// The same at the end, when a server that does not answer would keep the program.
const END_TIMEOUT: Duration = Duration::from_millis(500);
/// After how long without a statement a connection is asked whether it is alive.
const FRESH: Duration = Duration::from_secs(30);
/// After how long without a statement it is given up.
const UNUSED: Duration = Duration::from_secs(10 * 60);
/// How old it may become: what a server keeps for a connection grows, and a name may lead to another server by then.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// A pool of connections, which nobody else takes from the driver's.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    connections: DatabaseConnection,
    kept: Arc<Kept>,
}

#[derive(Debug)]
struct Kept {
    /// A permit for each connection. Whoever gives one up holds it until the driver has closed the connection, so that
    /// the driver always has room for one more.
    places: Arc<Semaphore>,
    /// A permit for each that may be in a transaction: where transactions wait for each other, others still read.
    transactions: Arc<Semaphore>,
    idle: Mutex<Vec<Idle>>,
}

#[derive(Debug)]
struct Idle {
    connection: Connection,
    since: Instant,
}

#[derive(Debug)]
struct Connection {
    of_driver: OfDriver,
    made: Instant,
}

#[derive(Debug)]
enum OfDriver {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

/// The same for the connection of either engine.
macro_rules! on {
    ($connection:expr, $name:ident => $outcome:expr) => {
        match $connection {
            OfDriver::Sqlite($name) => $outcome,
            OfDriver::Postgres($name) => $outcome,
        }
    };
}

impl Pool {
    /// A pool of this many connections.
    pub(crate) fn new(connections: DatabaseConnection, most: u32) -> Self {
        let most = usize::try_from(most).unwrap_or(Semaphore::MAX_PERMITS);
        let in_transactions = most - (most / 4).max(1).min(most - 1);
        let places = |count| Arc::new(Semaphore::new(count));
        let kept = Kept { places: places(most), transactions: places(in_transactions), idle: Mutex::default() };
        Self { connections, kept: Arc::new(kept) }
    }

    /// Closes every connection, as far as they let themselves be closed in time.
    pub(crate) async fn close(&self) -> Result<(), DbErr> {
        self.kept.transactions.close();
        self.kept.places.close();
        self.kept.idle().clear();
        let closed = timeout(END_TIMEOUT, self.connections.close_by_ref()).await;
        closed.unwrap_or(Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)))
    }

    /// A connection for one statement.
    pub(crate) async fn take(&self) -> Result<Taken, DbErr> {
        self.take_within_time(false).await
    }

    /// A connection for a transaction.
    pub(crate) async fn take_for_transaction(&self) -> Result<Taken, DbErr> {
        self.take_within_time(true).await
    }

    async fn take_within_time(&self, is_for_transaction: bool) -> Result<Taken, DbErr> {
        let taken = timeout(ACQUIRE_TIMEOUT, async {
            let transaction = if is_for_transaction { Some(place(&self.kept.transactions).await?) } else { None };
            let place = Place { _connection: place(&self.kept.places).await?, _transaction: transaction };
            let connection = match self.kept.take_idle().await {
                Some(connection) => connection,
                None => self.connect().await?,
            };
            Ok(Taken { held: Some((connection, place)), kept: Arc::clone(&self.kept) })
        });
        taken.await.unwrap_or(Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)))
    }

    async fn connect(&self) -> Result<Connection, DbErr> {
        let acquired = match self.connections.get_database_backend() {
            DbBackend::Postgres => {
                let pool = self.connections.get_postgres_connection_pool();
                pool.acquire().await.map(OfDriver::Postgres)
            }
            _ => self.connections.get_sqlite_connection_pool().acquire().await.map(OfDriver::Sqlite),
        };
        match acquired {
            Ok(of_driver) => Ok(Connection { of_driver, made: Instant::now() }),
            Err(SqlxError::PoolTimedOut) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
            Err(SqlxError::PoolClosed) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed)),
            Err(error) => Err(DbErr::Conn(RuntimeErr::SqlxError(error.into()))),
        }
    }
}

async fn place(places: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, DbErr> {
    let place = Arc::clone(places).acquire_owned().await;
    place.map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed))
}

impl Kept {
    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        // A list of connections is whole at every moment, whoever panicked.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection that was used last. When it was not used for long, it is asked whether it is alive.
    async fn take_idle(&self) -> Option<Connection> {
        let Idle { mut connection, since } = self.idle().pop()?;
        if since.elapsed() <= FRESH || connection.is_alive().await {
            return Some(connection);
        }
        connection.close_in_time().await;
        self.give_up_idle();
        None
    }

    /// Keeps a connection, unless it has had its time or the pool is closed.
    fn keep(&self, connection: Connection) -> Result<(), Connection> {
        let mut idle = self.idle();
        // Whoever closes the pool closes the places first, and then empties the list.
        if self.places.is_closed() || connection.made.elapsed() > LIFETIME {
            return Err(connection);
        }
        idle.push(Idle { connection, since: Instant::now() });
        let used = idle.iter().position(|idle| idle.since.elapsed() <= UNUSED).unwrap_or(0);
        idle.drain(..used).for_each(|unused| unused.connection.give_up());
        Ok(())
    }

    /// Gives up all that nobody uses: what broke one may have broken all, such as a restart of the server.
    fn give_up_idle(&self) {
        mem::take(&mut *self.idle()).into_iter().for_each(|idle| idle.connection.give_up());
    }
}

impl Connection {
    /// Whether it answers, and in time.
    async fn is_alive(&mut self) -> bool {
        let asked = async { on!(&mut self.of_driver, connection => connection.ping().await.is_ok()) };
        timeout(ACQUIRE_TIMEOUT, asked).await.unwrap_or(false)
    }

    /// Closes it; one that does not end in time is dropped.
    async fn close_in_time(self) {
        let closed = async { on!(self.of_driver, connection => connection.close().await) };
        if let Ok(Err(error)) = timeout(CLOSE_TIMEOUT, closed).await {
            tracing::debug!(%error, "a connection was not closed in order");
        }
    }

    /// The same, by a task of the driver.
    fn give_up(mut self) {
        on!(&mut self.of_driver, connection => connection.close_on_drop());
    }
}

/// The right to a connection.
#[derive(Debug)]
struct Place {
    _connection: OwnedSemaphorePermit,
    _transaction: Option<OwnedSemaphorePermit>,
}

/// A connection in use. When its statement is broken off, it is asked whether it is alive, and kept then.
#[derive(Debug)]
pub(crate) struct Taken {
    held: Option<(Connection, Place)>,
    kept: Arc<Kept>,
}

impl Drop for Taken {
    fn drop(&mut self) {
        let Some((mut connection, place)) = self.held.take() else { return };
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

impl Taken {
    /// Keeps the connection, if what the statement gave says nothing against that.
    pub(crate) fn keep<T>(mut self, outcome: Result<T, SqlxError>) -> Result<T, SqlxError> {
        if outcome.as_ref().err().is_some_and(breaks) {
            self.kept.give_up_idle();
            self.close();
        } else if let Some((connection, place)) = self.held.take() {
            match self.kept.keep(connection) {
                Ok(()) => drop(place),
                Err(connection) => close(connection, place),
            }
        }
        outcome
    }

    /// Closes the connection: nobody knows in which state it is.
    pub(crate) fn close(mut self) {
        if let Some((connection, place)) = self.held.take() {
            close(connection, place);
        }
    }

    fn connection(&mut self) -> &mut OfDriver {
        let (connection, _) = self.held.as_mut().expect("only who ends its use takes a connection away");
        &mut connection.of_driver
    }

    pub(crate) async fn execute(&mut self, mut statement: Statement) -> Result<ExecResult, SqlxError> {
        let values = values(&mut statement);
        let sql = AssertSqlSafe(statement.sql);
        on!(self.connection(), connection => {
            query_with(sql, values).execute(&mut **connection).await.map(ExecResult::from)
        })
    }

    /// Without values, and without keeping anything of it prepared.
    pub(crate) async fn execute_raw(&mut self, sql: &str) -> Result<ExecResult, SqlxError> {
        let sql = AssertSqlSafe(sql.to_owned());
        on!(self.connection(), connection => {
            connection.execute(raw_sql(sql)).await.map(ExecResult::from)
        })
    }

    pub(crate) async fn one(&mut self, mut statement: Statement) -> Result<Option<QueryResult>, SqlxError> {
        let values = values(&mut statement);
        let sql = AssertSqlSafe(statement.sql);
        on!(self.connection(), connection => {
            let row = query_with(sql, values).fetch_optional(&mut **connection).await;
            row.map(|row| row.map(QueryResult::from))
        })
    }

    pub(crate) async fn all(&mut self, mut statement: Statement) -> Result<Vec<QueryResult>, SqlxError> {
        let values = values(&mut statement);
        let sql = AssertSqlSafe(statement.sql);
        on!(self.connection(), connection => {
            let rows = query_with(sql, values).fetch_all(&mut **connection).await;
            rows.map(|rows| rows.into_iter().map(QueryResult::from).collect())
        })
    }
}

/// Closes a connection, and gives its place to another then.
fn close(connection: Connection, place: Place) {
    tokio::spawn(async move {
        connection.close_in_time().await;
        drop(place);
    });
}

/// Whether a connection is of no use after this error. A server that shuts it says so in an answer, too (`57P..`), and
/// one that only reads (`25006`) was the one that writes when the connection was made.
fn breaks(error: &SqlxError) -> bool {
    let SqlxError::Database(error) = error else { return true };
    error.code().is_some_and(|code| code.starts_with("57P") || code == "25006")
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

//! Connections that stay out of the driver's pool between statements and transactions.
//!
//! The driver asks every connection that comes back to its pool whether it is alive: on `PostgreSQL` that is a
//! second way to the server for each statement or transaction, on `SQLite` a second message to a thread. So the driver
//! makes the connections and closes them, and here they are kept, asked and given up (see
//! `docs/decisions/why-an-own-pool-of-connections.md`).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{Connection as _, Error as SqlxError, Postgres, Sqlite};
use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr,
    Statement,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

/// How long a request waits for a connection.
pub(crate) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// After how long without a statement a connection is asked whether it is alive.
const FRESH: Duration = Duration::from_secs(30);
/// How long it has to say so: there must be time left to make another.
const QUESTION_TIMEOUT: Duration = Duration::from_millis(500);
/// How long whoever closes one waits for its end.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// The same when the program ends, which a server that does not answer must not keep.
const END_TIMEOUT: Duration = Duration::from_millis(500);
/// After how long without a statement a connection of `PostgreSQL` is given up, when another is kept.
const UNUSED: Duration = Duration::from_secs(10 * 60);
/// How old it may become: what a server keeps for a connection grows, and a name may lead to another server by then.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// A pool of connections, which nobody else takes from the driver's.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    connections: DatabaseConnection,
    kept: Arc<Kept>,
    /// Whether it is asked for statements that write.
    writes: bool,
}

#[derive(Debug)]
struct Kept {
    /// A permit for each connection in use, until it is kept again or has been closed.
    places: Arc<Semaphore>,
    /// A permit for each that may write: where writes wait for each other, others still read.
    writers: Arc<Semaphore>,
    /// How many connections there may be.
    most: u32,
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

mod taken;
#[cfg(test)]
pub(crate) mod tests;

use crate::pool::taken::Place;
pub(crate) use crate::pool::taken::{Taken, executed, queried};

impl Pool {
    /// A pool of this many connections.
    pub(crate) fn new(connections: DatabaseConnection, most: u32) -> Self {
        let most = most.max(1);
        let readers = (most / 4).max(1).min(most - 1);
        let places = |count: u32| Arc::new(Semaphore::new(usize::try_from(count).unwrap_or(Semaphore::MAX_PERMITS)));
        let (writers, places) = (places(most - readers), places(most));
        let kept = Arc::new(Kept { places, writers, most, idle: Mutex::default() });
        Self { connections, kept, writes: false }
    }

    /// The same pool, to write with.
    pub(crate) fn for_writing(&self) -> Self {
        Self { writes: true, ..self.clone() }
    }

    /// Waits for whoever uses a connection, and closes all, as far as both go in time.
    pub(crate) async fn close(&self) -> Result<(), DbErr> {
        // A file has no server that could be gone.
        let is_postgres = self.get_database_backend() == DbBackend::Postgres;
        let end = Instant::now() + if is_postgres { END_TIMEOUT } else { CLOSE_TIMEOUT };
        // Whoever has come before gets a place before this does.
        let in_use = timeout_at(end, self.kept.places.acquire_many(self.kept.most)).await;
        self.kept.writers.close();
        self.kept.places.close();
        self.kept.idle().clear();
        drop(in_use);
        let closed = timeout_at(end, self.connections.close_by_ref()).await;
        closed.unwrap_or(Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)))
    }

    /// A connection that nobody else uses.
    pub(crate) async fn take(&self) -> Result<Taken, DbErr> {
        let taken = timeout(ACQUIRE_TIMEOUT, async {
            let writer = if self.writes { Some(place(&self.kept.writers).await?) } else { None };
            let place = Place { _connection: place(&self.kept.places).await?, _writer: writer };
            let taken = |connection, place| Taken {
                held: Some((connection, place)),
                kept: Arc::clone(&self.kept),
                is_broken: false,
            };
            let Some(Idle { connection, since }) = self.kept.pop() else {
                return Ok(taken(self.connect().await?, place));
            };
            let mut asked = taken(connection, place);
            if since.elapsed() <= FRESH || asked.connection().is_alive().await {
                return Ok(asked);
            }
            // What has broken this one may have broken all.
            self.kept.give_up_idle();
            let Some((connection, place)) = asked.held.take() else { unreachable!("it was only asked") };
            drop(connection);
            Ok(taken(self.connect().await?, place))
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
            Ok(of_driver) => Ok(Connection::new(of_driver)),
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

    /// The connection that was used last.
    fn pop(&self) -> Option<Idle> {
        self.idle().pop()
    }

    /// Keeps a connection, unless it has had its time or the pool is closed.
    fn keep(&self, connection: Connection) -> Result<(), Connection> {
        let mut idle = self.idle();
        let is_old = connection.is_of_a_server() && connection.made.elapsed() > LIFETIME;
        // Whoever closes the pool closes the places first, and then empties the list.
        if self.places.is_closed() || is_old {
            return Err(connection);
        }
        idle.push(Idle { connection, since: Instant::now() });
        idle.retain(|idle| !idle.connection.is_of_a_server() || idle.since.elapsed() <= UNUSED);
        Ok(())
    }

    /// Gives up all that nobody uses: what broke one may have broken all, such as a restart of the server.
    fn give_up_idle(&self) {
        self.idle().clear();
    }
}

impl Connection {
    /// A connection that is closed when it is dropped, by a task of the driver, and never asked by it.
    fn new(mut of_driver: OfDriver) -> Self {
        on!(&mut of_driver, connection => connection.close_on_drop());
        Self { of_driver, made: Instant::now() }
    }

    const fn is_of_a_server(&self) -> bool {
        matches!(self.of_driver, OfDriver::Postgres(_))
    }

    /// Whether it answers, and in time.
    async fn is_alive(&mut self) -> bool {
        let asked = async { on!(&mut self.of_driver, connection => connection.ping().await.is_ok()) };
        timeout(QUESTION_TIMEOUT, asked).await.unwrap_or(false)
    }

    /// Closes it; one that does not end in time is dropped.
    async fn close_in_time(self) {
        let closed = async { on!(self.of_driver, connection => connection.close().await) };
        if let Ok(Err(error)) = timeout(CLOSE_TIMEOUT, closed).await {
            tracing::debug!(%error, "a connection was not closed in order");
        }
    }
}

#[async_trait]
impl ConnectionTrait for Pool {
    fn get_database_backend(&self) -> DbBackend {
        self.connections.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let mut taken = self.take().await?;
        let outcome = taken.execute(statement).await;
        taken.keep();
        outcome.map_err(executed)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let mut taken = self.take().await?;
        let outcome = taken.execute_raw(sql).await;
        taken.keep();
        outcome.map_err(executed)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let mut taken = self.take().await?;
        let outcome = taken.one(statement).await;
        taken.keep();
        outcome.map_err(queried)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut taken = self.take().await?;
        let outcome = taken.all(statement).await;
        taken.keep();
        outcome.map_err(queried)
    }
}

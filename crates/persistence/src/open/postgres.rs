//! How a database on a server of `PostgreSQL` is opened.

use sea_orm::sqlx::ConnectOptions as _;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::{ConnectOptions, DatabaseConnection, DbErr, RuntimeErr, TransactionTrait as _};

use crate::counters::Counters;
use crate::database::Database;
use crate::open::{OPEN_TIMEOUT, not_up_to_date, tables, unreachable};
use crate::open_error::OpenError;
use crate::options::Options;
use crate::pool::{ACQUIRE_TIMEOUT, Pool};
use crate::sql::{Sql, all, execute};

/// How long a program waits for others that bring the tables up to date.
const MIGRATION_TIMEOUT: Sql = Sql::new("SET LOCAL lock_timeout = '60s'");
/// How long a step waits for a table that others use: less than who counts, the least patient, waits behind it.
const STEP_TIMEOUT: &str = "SET lock_timeout = '500ms'";
/// Keeps other programs from bringing the tables up to date meanwhile.
const LOCK_TABLES: Sql = Sql::new("SELECT CAST(pg_advisory_xact_lock($1) AS text)");
/// The number of the lock on the tables: any that no other program uses on this database.
const MIGRATION_LOCK: i64 = 0x7573_6572_7265_6769;

/// What bounds each statement, each wait for a lock, and each transaction that nobody goes on with.
/// And an answer waits for the disk, even where the server is set up to answer earlier.
const SETTINGS: &str = "SET statement_timeout = '5s'; SET lock_timeout = '3s'; \
                        SET idle_in_transaction_session_timeout = '10s'; \
                        SELECT set_config('synchronous_commit', 'on', false) \
                        WHERE current_setting('synchronous_commit') = 'off'";

/// How many connections count at most.
const COUNTERS: u32 = 4;
/// The same bounds for what counts, which is done in a moment or not at all.
const COUNTING: &str = "SET statement_timeout = '2s'; SET lock_timeout = '1s'; \
                        SET idle_in_transaction_session_timeout = '10s'; SET synchronous_commit = off";

pub(super) async fn open(options: &Options) -> Result<Database, OpenError> {
    // Parsed here, because an error of the parser may repeat a part of the address.
    options.url.parse::<PgConnectOptions>().map_err(|_| OpenError::Address)?;
    let most = options.max_connections.max(2);
    let mut settings = settings(options, most);
    settings.connect_lazy(true).map_sqlx_postgres_pool_opts(|pool| {
        pool.after_connect(|connection, _| {
            Box::pin(async move { sea_orm::sqlx::Executor::execute(connection, SETTINGS).await.map(|_| ()) })
        })
    });
    let pool = Pool::new(sea_orm::Database::connect(settings).await.map_err(unreachable)?, most);
    // Most starts find everything as it should be, by the first connection that requests use as well: the pool of the
    // driver would make a second while the first is asked whether it is alive. Whatever else this finds may be
    // somebody who is at it just now: under the lock it is looked at once more.
    if !matches!(tables::missing_steps(&pool).await, Ok(0)) {
        bring_up_to_date(options).await?;
    }
    let counters = connect_counters(options).await.map_err(unreachable)?;
    Ok(Database::new(pool, None, Counters::new(Pool::new(counters, COUNTERS))))
}

/// A few connections of their own, made when the first is needed: what counts never waits for those who
/// write other things, and nobody waits for the disk to count.
async fn connect_counters(options: &Options) -> Result<DatabaseConnection, DbErr> {
    let mut settings = settings(options, COUNTERS);
    settings.connect_lazy(true).map_sqlx_postgres_pool_opts(|pool| {
        pool.after_connect(|connection, _| {
            Box::pin(async move { sea_orm::sqlx::Executor::execute(connection, COUNTING).await.map(|_| ()) })
        })
    });
    sea_orm::Database::connect(settings).await
}

/// On connections of their own, without the time-outs of requests: one holds the lock, one works.
async fn bring_up_to_date(options: &Options) -> Result<(), OpenError> {
    let mut settings = settings(options, 2);
    settings.acquire_timeout(OPEN_TIMEOUT).map_sqlx_postgres_pool_opts(|pool| {
        pool.after_connect(|connection, _| {
            Box::pin(async move { sea_orm::sqlx::Executor::execute(connection, STEP_TIMEOUT).await.map(|_| ()) })
        })
    });
    let database = match sea_orm::Database::connect(settings).await {
        Ok(database) => database,
        Err(error) => return Err(unreachable(asked_alone(options).await.unwrap_or(error))),
    };
    let outcome = under_lock(&database).await;
    let _ = database.close().await;
    outcome
}

/// Why no connection is to be had. A pool tries again where the server may be starting or full, and
/// tells in the end only that time is up.
async fn asked_alone(options: &Options) -> Option<DbErr> {
    let server = options.url.parse::<PgConnectOptions>().ok()?.disable_statement_logging();
    let answer = tokio::time::timeout(ACQUIRE_TIMEOUT, server.connect()).await.ok()?;
    answer.err().map(|error| DbErr::Conn(RuntimeErr::SqlxError(error.into())))
}

async fn under_lock(database: &DatabaseConnection) -> Result<(), OpenError> {
    let transaction = database.begin().await.map_err(unreachable)?;
    let locked: Result<_, DbErr> = async {
        execute(&transaction, MIGRATION_TIMEOUT, []).await?;
        all(&transaction, LOCK_TABLES, [MIGRATION_LOCK.into()]).await
    }
    .await;
    let outcome = match locked {
        Ok(_) => tables::bring_up_to_date(database).await,
        Err(error) => Err(not_up_to_date(error)),
    };
    // The lock goes with its transaction.
    let _ = transaction.rollback().await;
    outcome
}

fn settings(options: &Options, connections: u32) -> ConnectOptions {
    let mut settings = ConnectOptions::new(&options.url);
    settings
        .max_connections(connections)
        // None is made in the background: while the server is away that would keep a place that requests need.
        .min_connections(0)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .sqlx_logging(false);
    settings
}

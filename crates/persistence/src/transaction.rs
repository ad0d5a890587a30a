//! A transaction, as plans write in it.

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait as _,
};
use tokio::sync::Mutex;

use crate::pool::{Pool, Taken, executed, queried};

/// A transaction. One that is dropped leaves nothing behind.
#[derive(Debug)]
pub(crate) enum Transaction<'a> {
    /// On `SQLite`, of the driver: it may be a savepoint.
    Sqlite(DatabaseTransaction),
    /// On `PostgreSQL`, on a connection of our pool.
    Postgres(Mutex<Open<'a>>),
}

/// A connection in the midst of a transaction. It is closed when nobody ends that.
#[derive(Debug)]
pub(crate) struct Open<'a>(Option<Taken<'a>>);

impl<'a> Open<'a> {
    fn connection(&mut self) -> &mut Taken<'a> {
        self.0.as_mut().expect("only who ends the transaction takes its connection away")
    }

    /// Ends the transaction by this statement, and keeps the connection if it has ended.
    async fn end(mut self, statement: &str) -> Result<(), DbErr> {
        let outcome = self.connection().execute_raw(statement).await;
        if outcome.is_ok()
            && let Some(taken) = self.0.take()
        {
            return taken.keep(outcome).map(drop).map_err(executed);
        }
        outcome.map(drop).map_err(executed)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if let Some(taken) = self.0.take() {
            taken.close();
        }
    }
}

impl Transaction<'static> {
    /// Begins one on `SQLite` that writes: one that begins to write later can lose against another program.
    pub(crate) async fn begin_immediate(connection: &DatabaseConnection) -> Result<Self, DbErr> {
        let sqlite_transaction_mode = Some(SqliteTransactionMode::Immediate);
        let options = TransactionOptions { sqlite_transaction_mode, ..Default::default() };
        connection.begin_with_options(options).await.map(Self::Sqlite)
    }
}

impl<'a> Transaction<'a> {
    /// Begins one on `PostgreSQL`.
    pub(crate) async fn begin(pool: &'a Pool) -> Result<Self, DbErr> {
        let mut open = Open(Some(pool.take().await?));
        open.connection().execute_raw("BEGIN").await.map_err(executed)?;
        Ok(Self::Postgres(Mutex::new(open)))
    }

    /// What is committed or rolled back apart from the rest.
    ///
    /// # Errors
    /// Those of the database, and always on `PostgreSQL`, where each plan has a transaction of its own.
    pub(crate) async fn savepoint(&self) -> Result<Self, DbErr> {
        match self {
            Self::Sqlite(transaction) => transaction.begin().await.map(Self::Sqlite),
            Self::Postgres(_) => Err(DbErr::BackendNotSupported { db: "PostgreSQL", ctx: "savepoints of ours" }),
        }
    }

    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(open) => open.into_inner().end("COMMIT").await,
        }
    }

    pub(crate) async fn rollback(self) -> Result<(), DbErr> {
        match self {
            Self::Sqlite(transaction) => transaction.rollback().await,
            Self::Postgres(open) => open.into_inner().end("ROLLBACK").await,
        }
    }
}

#[async_trait]
impl ConnectionTrait for Transaction<'_> {
    fn get_database_backend(&self) -> DbBackend {
        match self {
            Self::Sqlite(_) => DbBackend::Sqlite,
            Self::Postgres(_) => DbBackend::Postgres,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match self {
            Self::Sqlite(transaction) => transaction.execute_raw(statement).await,
            Self::Postgres(open) => open.lock().await.connection().execute(statement).await.map_err(executed),
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match self {
            Self::Sqlite(transaction) => transaction.execute_unprepared(sql).await,
            Self::Postgres(open) => open.lock().await.connection().execute_raw(sql).await.map_err(executed),
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match self {
            Self::Sqlite(transaction) => transaction.query_one_raw(statement).await,
            Self::Postgres(open) => open.lock().await.connection().one(statement).await.map_err(queried),
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match self {
            Self::Sqlite(transaction) => transaction.query_all_raw(statement).await,
            Self::Postgres(open) => open.lock().await.connection().all(statement).await.map_err(queried),
        }
    }
}

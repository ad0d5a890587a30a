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
pub(crate) enum Transaction {
    /// On `SQLite`, of the driver: it may be a savepoint.
    Sqlite(DatabaseTransaction),
    /// On `PostgreSQL`, on a connection of our pool.
    Postgres(Mutex<Open>),
}

/// A connection in the midst of a transaction. It is closed when nobody ends that.
#[derive(Debug)]
pub(crate) struct Open(Option<Taken>);

impl Open {
    fn connection(&mut self) -> &mut Taken {
        self.0.as_mut().expect("only who ends the transaction takes its connection away")
    }

    /// Ends the transaction by this statement, and keeps the connection if it has ended.
    async fn end(mut self, statement: &str) -> Result<(), DbErr> {
        self.connection().execute_raw(statement).await.map_err(executed)?;
        if let Some(taken) = self.0.take() {
            taken.keep();
        }
        Ok(())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(taken) = self.0.take() {
            taken.close();
        }
    }
}

impl Transaction {
    /// Begins one on `SQLite` that writes: one that begins to write later can lose against another program.
    pub(crate) async fn begin_immediate(connection: &DatabaseConnection) -> Result<Self, DbErr> {
        let sqlite_transaction_mode = Some(SqliteTransactionMode::Immediate);
        let options = TransactionOptions { sqlite_transaction_mode, ..Default::default() };
        connection.begin_with_options(options).await.map(Self::Sqlite)
    }

    /// Begins one on `PostgreSQL`.
    pub(crate) async fn begin(pool: &Pool) -> Result<Self, DbErr> {
        let mut open = Open(Some(pool.for_writing().take().await?));
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
impl ConnectionTrait for Transaction {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sea_orm::ConnAcquireErr;
    use tokio::time::timeout;

    use super::*;
    use crate::pool::tests::{connection_of, pool};

    const SHORT: Duration = Duration::from_millis(300);

    #[tokio::test]
    async fn a_transaction_that_is_dropped_takes_its_connection_with_it() {
        let pool = pool(1).await;
        for is_broken_off in [false, true] {
            let transaction = Transaction::begin(&pool).await.expect("begun");
            let connection = connection_of(&transaction).await;
            if is_broken_off {
                let asleep = transaction.execute_unprepared("SELECT pg_sleep(2)");
                assert!(timeout(SHORT, asleep).await.is_err());
            }
            drop(transaction);
            assert_ne!(connection_of(&pool).await, connection, "what comes next is in no transaction of others");
        }
    }

    #[tokio::test]
    async fn a_connection_is_kept_after_the_end_of_a_transaction_and_of_a_statement_that_was_broken_off() {
        let pool = pool(1).await;
        let connection = connection_of(&pool).await;
        Transaction::begin(&pool).await.expect("begun").commit().await.expect("ended");
        Transaction::begin(&pool).await.expect("begun").rollback().await.expect("ended");
        let asleep = pool.execute_unprepared("SELECT pg_sleep(0.5)");
        assert!(timeout(SHORT, asleep).await.is_err());
        assert_eq!(connection_of(&pool).await, connection);
    }

    #[tokio::test]
    async fn where_transactions_wait_for_each_other_others_still_read() {
        let pool = pool(4).await;
        let mut transactions = Vec::new();
        for _ in 0..3 {
            transactions.push(Transaction::begin(&pool).await.expect("begun"));
        }
        assert!(timeout(SHORT, Transaction::begin(&pool)).await.is_err(), "the last one is for who reads");
        let reading = connection_of(&pool).await;
        transactions.pop();
        let next = Transaction::begin(&pool).await.expect("begun");
        assert_eq!(connection_of(&next).await, reading, "what was used last is used first");
    }

    #[tokio::test]
    async fn a_pool_is_closed_once_and_does_not_wait_for_a_transaction_without_end() {
        let idle = pool(2).await;
        Transaction::begin(&idle).await.expect("begun").commit().await.expect("committed");
        idle.close().await.expect("closed");
        assert!(Transaction::begin(&idle).await.is_err());
        let busy = pool(2).await;
        let transaction = Transaction::begin(&busy).await.expect("begun");
        let late = DbErr::ConnectionAcquire(ConnAcquireErr::Timeout);
        assert_eq!(busy.close().await, Err(late));
        transaction.commit().await.expect("committed");
    }
}

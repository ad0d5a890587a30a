//! The database, as the ports see it.

use std::time::Duration;

use async_trait::async_trait;
use domain::changes::Changes;
use domain::ports::failure::PortFailure;
use domain::ports::ledger::{Ledger, Receipt, Rejected};
use domain::ports::readiness::Readiness;

use crate::counters::Counters;
use crate::open;
use crate::open_error::OpenError;
use crate::options::Options;
use crate::pool::Pool;
use crate::postgres;
use crate::sql::{one, statements};
use crate::sqlite::Writer;
use crate::told::Told;
use crate::writes::work::{Done, Work};

statements! {
    READY = "SELECT 1 FROM installation";
}

/// How long the database has to show that it works.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// An open database: every storage port.
#[derive(Clone, Debug)]
pub struct Database {
    /// The connections that read; on `PostgreSQL` they write as well.
    pool: Pool,
    /// The task that writes, on `SQLite`.
    writer: Option<Writer>,
    /// What counts for the throttles.
    counters: Counters,
}

impl Database {
    /// Opens the database, and makes or brings up to date its tables. Programs that start together
    /// do so one after the other.
    ///
    /// # Errors
    /// When it cannot be reached, belongs to another program or a newer version, or does not take a
    /// setting on which safety rests.
    pub async fn open(options: Options) -> Result<Self, OpenError> {
        open::open(&options).await
    }

    /// Finishes the writes that were handed over, and closes every connection.
    pub async fn close(&self) {
        let ((), closed) = tokio::join!(self.counters.close(), self.pool.close());
        if let Err(error) = closed {
            tracing::warn!(%error, "the database was not closed in order");
        }
        // On `SQLite` the last connection that closes puts the log back into the file, and readers may not.
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
    }

    pub(crate) const fn new(pool: Pool, writer: Option<Writer>, counters: Counters) -> Self {
        Self { pool, writer, counters }
    }

    /// The connections that read what was last committed.
    pub(crate) const fn reader(&self) -> &Pool {
        &self.pool
    }

    /// What counts for the throttles.
    pub(crate) const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Carries out `work`, also when the caller stops waiting.
    pub(crate) async fn carry_out(&self, work: Work) -> Result<Done, Rejected> {
        if let Some(writer) = &self.writer {
            return writer.carry_out(work).await;
        }
        let task = tokio::spawn(postgres::carry_out(self.pool.clone(), work));
        task.await.unwrap_or_else(|error| Err(Rejected::Failed(PortFailure::lasting(error))))
    }
}

#[async_trait]
impl Ledger for Database {
    async fn apply(&self, changes: Changes) -> Result<Receipt, Rejected> {
        self.carry_out(Work::Plan(Box::new(changes))).await?.receipt().map_err(Rejected::Failed)
    }
}

#[async_trait]
impl Readiness for Database {
    async fn check(&self) -> Result<(), PortFailure> {
        let asked = one(&self.pool, READY, []);
        match tokio::time::timeout(READY_WITHIN, asked).await {
            Ok(answer) => answer.map(|_| ()).map_err(|error| PortFailure::passing(Told(error))),
            Err(late) => Err(PortFailure::passing(late)),
        }
    }
}

//! Transactions on `PostgreSQL`: one for each plan.

use std::time::Duration;

use domain::ports::failure::PortFailure;
use domain::ports::ledger::Rejected;
use sea_orm::DbErr;

use crate::failure::{Unwritten, may_be_done, port_failure};
use crate::pool::Pool;
use crate::transaction::Transaction;
use crate::writes::log_in::LogIn;
use crate::writes::work::{Done, Work};

/// How often a plan is tried that other transactions stand in the way of.
const ATTEMPTS: u32 = 6;
/// How often the fate of a plan is asked for whose commit was not answered.
const INQUIRIES: u32 = 5;

/// Carries out `work` in a transaction of its own.
///
/// It must run in a task of its own: a transaction that is dropped half-way costs its connection, and nobody learns
/// whether a commit that was sent counts.
pub(crate) async fn carry_out(database: Pool, work: Work) -> Result<Done, Rejected> {
    let mut attempt = 1;
    loop {
        match attempt_once(&database, &work).await {
            Ok(Written::Committed(done)) => return Ok(done),
            Ok(Written::Unanswered(done, error)) => return settle(&database, &work, done, error).await,
            Err(unwritten) if unwritten.may_repeat() && attempt < ATTEMPTS => {
                tracing::debug!(attempt, "another transaction stood in the way; trying again");
                tokio::time::sleep(Duration::from_millis(10) * attempt).await;
                attempt += 1;
            }
            Err(unwritten) => return Err(unwritten.into_rejected()),
        }
    }
}

/// How a transaction ended whose writes all went well.
enum Written {
    /// It is durable.
    Committed(Done),
    /// The commit was sent, and something else than its answer came back.
    Unanswered(Done, DbErr),
}

async fn attempt_once(database: &Pool, work: &Work) -> Result<Written, Unwritten> {
    if let Some(log_in) = work.log_in() {
        return match log_in.write(&database.for_writing()).await {
            Ok(receipt) => Ok(Written::Committed(Done::Written(receipt))),
            // Such a statement is its own commit.
            Err(Unwritten::Failed(error)) if may_be_done(&error) => {
                Ok(Written::Unanswered(Done::Written(LogIn::receipt()), error))
            }
            Err(unwritten) => Err(unwritten),
        };
    }
    if let Some(note) = work.note() {
        // Each of its statements is its own commit. What is noted twice, or not, does no harm.
        return note.write(&database.for_writing()).await.map(Written::Committed);
    }
    let transaction = Transaction::begin(database).await?;
    match work.write(&transaction).await {
        Ok(done) => Ok(match transaction.commit().await {
            Ok(()) => Written::Committed(done),
            Err(error) => Written::Unanswered(done, error),
        }),
        Err(unwritten) => {
            // When this fails, the connection is lost and its transaction with it.
            let _ = transaction.rollback().await;
            Err(unwritten)
        }
    }
}

/// Finds out whether a plan was committed, and answers accordingly. It never writes it again.
async fn settle(database: &Pool, work: &Work, done: Done, error: DbErr) -> Result<Done, Rejected> {
    tracing::warn!(%error, "a commit was not answered; looking for its event");
    for inquiry in 1..=INQUIRIES {
        match inquire(database, work).await {
            Ok(true) => return Ok(done),
            Ok(false) => return Err(Rejected::Failed(port_failure(error))),
            Err(error) => tracing::warn!(%error, inquiry, "the database cannot be asked"),
        }
        tokio::time::sleep(Duration::from_millis(200) * inquiry).await;
    }
    Err(Rejected::Failed(PortFailure::passing(format!("it is not known whether a plan was committed: {error}"))))
}

async fn inquire(database: &Pool, work: &Work) -> Result<bool, DbErr> {
    let transaction = Transaction::begin(database).await?;
    let committed = work.was_committed(&transaction).await;
    let _ = transaction.rollback().await;
    committed
}

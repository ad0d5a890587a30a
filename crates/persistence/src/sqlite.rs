//! The one task that writes to `SQLite`.
//!
//! A commit costs a sync of the disk. So the plans that wait share one, and all are answered when it is durable.
//! One that is refused leaves nothing behind, and the others go through.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::AcqRel;
use std::task::Poll;
use std::time::Duration;

use domain::ports::failure::PortFailure;
use domain::ports::ledger::Rejected;
use sea_orm::{DatabaseConnection, DbErr};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

use crate::failure::{Unwritten, port_failure};
use crate::pool::ACQUIRE_TIMEOUT;
use crate::transaction::Transaction;
use crate::writes::work::{Done, Work};

/// How many plans share a commit at most.
const BATCH: usize = 64;
/// How many plans wait at most; whoever comes then waits for a place, as long as for a connection.
const QUEUE: usize = 1_024;
/// How long the end of the program waits for what was handed over.
const END_TIMEOUT: Duration = Duration::from_secs(10);

/// The way to the task that writes.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    messages: mpsc::Sender<Message>,
}

impl Writer {
    /// Starts the task on the connection that writes. It ends when the last writer is dropped.
    pub(crate) fn start(connection: DatabaseConnection) -> Self {
        let (messages, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(write_all(connection, waiting));
        Self { messages }
    }

    /// Hands `work` over, and waits until it is durable. It goes on although nobody waits; what has not been begun in
    /// time is refused, and never begun.
    pub(crate) async fn carry_out(&self, work: Work) -> Result<Done, Rejected> {
        let in_time = Instant::now() + ACQUIRE_TIMEOUT;
        let place = timeout_at(in_time, self.messages.reserve()).await.map_err(|_| late())?;
        let place = place.map_err(|_| failed("the task that writes to the database has ended"))?;
        let (answer, mut outcome) = oneshot::channel();
        let taken = Arc::new(AtomicBool::new(false));
        place.send(Message::Write(Job { taken: Arc::clone(&taken), work, answer }));
        let answered = match timeout_at(in_time, &mut outcome).await {
            Err(_) if !taken.swap(true, AcqRel) => return Err(late()),
            Err(_) => outcome.await,
            Ok(answered) => answered,
        };
        answered.unwrap_or_else(|_| Err(failed("writing panicked: it is not known whether it was committed")))
    }

    /// Takes no more work, and waits until what was handed over is written, as far as that goes in time.
    pub(crate) async fn close(&self) {
        let (ended, end) = oneshot::channel();
        let closed = async {
            if self.messages.send(Message::Close(ended)).await.is_ok() {
                // Nothing is ever sent: the other end is dropped when all is written.
                let _ = end.await;
            }
        };
        if timeout(END_TIMEOUT, closed).await.is_err() {
            tracing::warn!("the database takes no more: what was handed over last may not be written");
        }
    }
}

/// Nothing of it was written.
fn late() -> Rejected {
    Rejected::Failed(PortFailure::passing("a write has waited too long for those before it"))
}

fn failed(why: &'static str) -> Rejected {
    Rejected::Failed(PortFailure::lasting(why))
}

#[derive(Debug)]
enum Message {
    Write(Job),
    Close(oneshot::Sender<()>),
}

#[derive(Debug)]
struct Job {
    /// Whether it was begun, or given up by whoever waits for it: only one of the two may be.
    taken: Arc<AtomicBool>,
    work: Work,
    answer: oneshot::Sender<Result<Done, Rejected>>,
}

impl Job {
    fn answer(self, outcome: Result<Done, Rejected>) {
        // Whoever asked may have stopped waiting.
        let _ = self.answer.send(outcome);
    }
}

async fn write_all(connection: DatabaseConnection, mut waiting: mpsc::Receiver<Message>) {
    let mut closers = Vec::new();
    let mut batch = Vec::with_capacity(BATCH);
    while waiting.recv_many(&mut batch, BATCH).await > 0 {
        let mut jobs = Vec::with_capacity(batch.len());
        for message in batch.drain(..) {
            match message {
                Message::Write(job) if job.taken.swap(true, AcqRel) => {}
                Message::Write(job) => jobs.push(job),
                Message::Close(closer) => {
                    // What waits already is still received.
                    waiting.close();
                    closers.push(closer);
                }
            }
        }
        // A plan that the database failed at is answered alone; the others begin again.
        while !jobs.is_empty() {
            jobs = match unless_it_panics(write_batch(&connection, jobs)).await {
                Some(others) => others,
                // It costs these plans, and not all writes until the next start.
                None => {
                    tracing::error!("writing to the database panicked: what was to be written has failed");
                    let _ = unless_it_panics(give_up(&connection)).await;
                    Vec::new()
                }
            };
        }
    }
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "the connection that writes was not closed in order");
    }
    drop(closers);
}

/// What comes of a future, unless it panics.
async fn unless_it_panics<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
        polled.map_or(Poll::Ready(None), |polled| polled.map(Some))
    })
    .await
}

/// Carries out every job in one transaction. When the database fails at one of them, nothing is
/// written, that one is answered, and the others come back.
async fn write_batch(connection: &DatabaseConnection, mut jobs: Vec<Job>) -> Vec<Job> {
    if jobs.len() == 1 {
        write_alone(connection, jobs.remove(0)).await;
        return Vec::new();
    }
    let fault = match write_together(connection, &jobs).await {
        Ok(outcomes) => {
            jobs.into_iter().zip(outcomes).for_each(|(job, outcome)| job.answer(outcome));
            return Vec::new();
        }
        Err(fault) => fault,
    };
    let others = match fault {
        Fault::OfJob(at, unwritten) => {
            jobs.remove(at).answer(Err(unwritten.into_rejected()));
            jobs
        }
        Fault::OfAll(error) => refuse(jobs, &error),
    };
    give_up(connection).await;
    others
}

/// Why nothing of a batch was written.
enum Fault {
    /// The database failed at this job.
    OfJob(usize, Unwritten),
    /// It failed at what they share.
    OfAll(DbErr),
}

impl From<DbErr> for Fault {
    fn from(error: DbErr) -> Self {
        Self::OfAll(error)
    }
}

/// Writes and commits all, and tells what came of each. After a fault the connection is in the midst of a
/// transaction.
///
/// Most plans are written as they stand, and savepoints would double the messages to the thread of the driver. So
/// they are only set when one of the plans turns out to be refused, and all are written once more.
async fn write_together(connection: &DatabaseConnection, jobs: &[Job]) -> Result<Vec<Result<Done, Rejected>>, Fault> {
    let transaction = Transaction::begin_immediate(connection).await?;
    if let Some(outcomes) = write_straight(&transaction, jobs).await? {
        transaction.commit().await?;
        return Ok(outcomes);
    }
    transaction.rollback().await?;
    let transaction = Transaction::begin_immediate(connection).await?;
    let outcomes = write_apart(&transaction, jobs).await?;
    transaction.commit().await?;
    Ok(outcomes)
}

/// One after the other; nothing when one is refused, of which a part may be written.
async fn write_straight(transaction: &Transaction, jobs: &[Job]) -> Result<Option<Vec<Result<Done, Rejected>>>, Fault> {
    let mut outcomes = Vec::with_capacity(jobs.len());
    for (at, job) in jobs.iter().enumerate() {
        match job.work.write(transaction).await {
            Ok(done) => outcomes.push(Ok(done)),
            Err(unwritten) if unwritten.spoils_transaction() => return Err(Fault::OfJob(at, unwritten)),
            Err(_) => return Ok(None),
        }
    }
    Ok(Some(outcomes))
}

/// Each in a savepoint of its own: of what is refused nothing stays.
async fn write_apart(transaction: &Transaction, jobs: &[Job]) -> Result<Vec<Result<Done, Rejected>>, Fault> {
    let mut outcomes = Vec::with_capacity(jobs.len());
    for (at, job) in jobs.iter().enumerate() {
        match write_one(transaction, &job.work).await {
            Err(unwritten) if unwritten.spoils_transaction() => return Err(Fault::OfJob(at, unwritten)),
            outcome => outcomes.push(outcome.map_err(Unwritten::into_rejected)),
        }
    }
    Ok(outcomes)
}

/// Carries out a job that shares its commit with no other.
async fn write_alone(connection: &DatabaseConnection, job: Job) {
    let written = if let Some(note) = job.work.note() {
        note.write(connection).await.map_err(Failed::Midway)
    } else if let Some(log_in) = job.work.log_in() {
        match log_in.commit(connection).await {
            Ok(Some(receipt)) => Ok(Done::Written(receipt)),
            Ok(None) => Err(Failed::RolledBack(Rejected::Stale.into())),
            Err(unwritten) => Err(Failed::Midway(unwritten)),
        }
    } else {
        transact(connection, &job.work).await
    };
    let is_midway = matches!(written, Err(Failed::Midway(_)));
    let outcome = written.map_err(|(Failed::RolledBack(unwritten) | Failed::Midway(unwritten))| unwritten);
    if let Err(Unwritten::Failed(error)) = &outcome {
        tracing::warn!(%error, plans = 1, "the database did not take a transaction");
    }
    job.answer(outcome.map_err(Unwritten::into_rejected));
    if is_midway {
        give_up(connection).await;
    }
}

/// How a transaction failed.
enum Failed {
    /// It has ended.
    RolledBack(Unwritten),
    /// It may go on.
    Midway(Unwritten),
}

async fn transact(connection: &DatabaseConnection, work: &Work) -> Result<Done, Failed> {
    let midway = |error: DbErr| Failed::Midway(Unwritten::Failed(error));
    let transaction = Transaction::begin_immediate(connection).await.map_err(midway)?;
    match work.write(&transaction).await {
        Ok(done) => transaction.commit().await.map(|()| done).map_err(midway),
        Err(unwritten) => Err(match transaction.rollback().await {
            Ok(()) if !unwritten.spoils_transaction() => Failed::RolledBack(unwritten),
            _ => Failed::Midway(unwritten),
        }),
    }
}

/// Gives up the connection, so that the next transaction gets a new one.
///
/// After some errors, such as a full disk, `SQLite` has ended the transaction by itself. The driver
/// goes on counting it, and what it then calls a commit would not be one.
async fn give_up(connection: &DatabaseConnection) {
    let closed = async { connection.get_sqlite_connection_pool().acquire().await?.close().await };
    if let Err(error) = closed.await {
        tracing::warn!(%error, "the connection that writes was not given up in order");
    }
}

/// Answers all with one error of the database.
fn refuse(jobs: Vec<Job>, error: &DbErr) -> Vec<Job> {
    tracing::warn!(%error, plans = jobs.len(), "the database did not take a transaction");
    for job in jobs {
        job.answer(Err(Rejected::Failed(port_failure(error.clone()))));
    }
    Vec::new()
}

async fn write_one(transaction: &Transaction, work: &Work) -> Result<Done, Unwritten> {
    let savepoint = transaction.savepoint().await?;
    match work.write(&savepoint).await {
        Ok(done) => {
            savepoint.commit().await?;
            Ok(done)
        }
        Err(unwritten) if unwritten.spoils_transaction() => {
            // The savepoint may be gone already; the whole transaction is given up anyway.
            let _ = savepoint.rollback().await;
            Err(unwritten)
        }
        Err(unwritten) => {
            savepoint.rollback().await?;
            Err(unwritten)
        }
    }
}

#[cfg(test)]
mod tests;

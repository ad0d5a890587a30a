//! What is carried out for the ports that write.

use domain::changes::{Change, Changes};
use domain::mail::delivery::Delivery;
use domain::ports::failure::PortFailure;
use domain::ports::ledger::Receipt;
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr};

use crate::failure::Unwritten;
use crate::transaction::Transaction;
use crate::writes::log_in::LogIn;
use crate::writes::note::Note;
use crate::writes::{accounts, domains, events, invariants, keys, land, mail, sessions};

/// What is carried out.
#[derive(Debug)]
pub(crate) enum Work {
    /// A plan and its event, all or nothing.
    Plan(Box<Changes>),
    /// A note.
    Note(Note),
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum Done {
    /// Rows were written.
    Written(Receipt),
    /// A letter was claimed, if one was due.
    Claimed(Option<Box<Delivery>>),
}

impl Done {
    /// What was written.
    ///
    /// # Errors
    /// When it was a claim, which no caller of this asks for.
    pub(crate) fn receipt(self) -> Result<Receipt, PortFailure> {
        match self {
            Self::Written(receipt) => Ok(receipt),
            Self::Claimed(_) => Err(PortFailure::lasting("what writes was answered as what claims")),
        }
    }

    /// The letter that was claimed, if one was due.
    ///
    /// # Errors
    /// When it was none, which no caller of this asks for.
    pub(crate) fn claimed(self) -> Result<Option<Delivery>, PortFailure> {
        match self {
            Self::Claimed(delivery) => Ok(delivery.map(|delivery| *delivery)),
            Self::Written(_) => Err(PortFailure::lasting("what claims was answered as what writes")),
        }
    }
}

impl Work {
    /// Writes it; whoever gets an error back rolls back.
    pub(crate) async fn write(&self, transaction: &Transaction) -> Result<Done, Unwritten> {
        match self {
            Self::Plan(changes) => plan(transaction, changes).await.map(Done::Written),
            Self::Note(note) => note.write(transaction).await,
        }
    }

    /// It, when it needs no transaction around it.
    pub(crate) fn note(&self) -> Option<&Note> {
        match self {
            Self::Plan(_) => None,
            Self::Note(note) => Some(note),
        }
    }

    /// It, when it is one statement that needs no transaction around it.
    pub(crate) fn log_in(&self) -> Option<LogIn<'_>> {
        let Self::Plan(changes) = self else { return None };
        LogIn::of(changes)
    }

    /// Whether it was committed, found out after the answer to the commit was lost.
    ///
    /// The plan's event is inserted once more: while the lost transaction still runs, that waits
    /// for it, and then it either meets the event or finds its place free. Nothing of it stays.
    pub(crate) async fn was_committed(&self, transaction: &Transaction) -> Result<bool, DbErr> {
        let Self::Plan(changes) = self else { return Ok(false) };
        if let Some(log_in) = LogIn::of(changes) {
            // One statement is its own commit: it may still wait for its user, before it comes to the event.
            log_in.wait_for_user(transaction).await?;
        }
        match events::record(transaction, &changes.event).await {
            Ok(()) => Ok(false),
            Err(error) => match Unwritten::from(error) {
                Unwritten::Refused(_) => Ok(true),
                Unwritten::Failed(error) => Err(error),
            },
        }
    }
}

/// Whether the engine lets several transactions write at once, so that rows need locks.
pub(super) fn needs_locks(transaction: &Transaction) -> bool {
    transaction.get_database_backend() == DbBackend::Postgres
}

async fn plan(transaction: &Transaction, changes: &Changes) -> Result<Receipt, Unwritten> {
    if let Some(log_in) = LogIn::of(changes) {
        return log_in.write(transaction).await;
    }
    let mut rows = Vec::with_capacity(changes.list.len());
    for change in &changes.list {
        rows.push(match change {
            Change::Account(change) => accounts::write(transaction, change).await?,
            Change::Session(change) => sessions::write(transaction, change).await?,
            Change::Domain(change) => domains::write(transaction, change).await?,
            Change::Authority(change) => domains::write_authority(transaction, change).await?,
            Change::Land(change) => land::write(transaction, change).await?,
            Change::Mail(change) => mail::write(transaction, change).await?,
            Change::Key(change) => keys::write(transaction, change).await?,
            Change::Require(invariant) => invariants::require(transaction, invariant).await?,
        });
    }
    events::record(transaction, &changes.event).await?;
    Ok(Receipt { rows })
}

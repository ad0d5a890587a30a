//! What is carried out in one transaction.

use domain::changes::{Change, Changes};
use domain::ids::SessionId;
use domain::ports::clock::Timestamp;
use domain::ports::ledger::Receipt;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr};

use crate::failure::Unwritten;
use crate::writes::{accounts, domains, events, invariants, keys, land, sessions};

/// What is carried out in one transaction.
#[derive(Debug)]
pub(crate) enum Work {
    /// A plan and its event.
    Plan(Box<Changes>),
    /// That a session was used.
    Seen {
        /// The session.
        session: SessionId,
        /// When.
        at: Timestamp,
    },
}

impl Work {
    /// Writes it; whoever gets an error back rolls back.
    pub(crate) async fn write(&self, transaction: &DatabaseTransaction) -> Result<Receipt, Unwritten> {
        match self {
            Self::Plan(changes) => plan(transaction, changes).await,
            Self::Seen { session, at } => {
                let rows = vec![sessions::note_last_seen(transaction, *session, *at).await?];
                Ok(Receipt { rows })
            }
        }
    }

    /// Whether it was committed, found out after the answer to the commit was lost.
    ///
    /// The plan's event is inserted once more: while the lost transaction still runs, that waits
    /// for it, and then it either meets the event or finds its place free. Nothing of it stays.
    pub(crate) async fn was_committed(&self, transaction: &DatabaseTransaction) -> Result<bool, DbErr> {
        let Self::Plan(changes) = self else { return Ok(false) };
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
pub(super) fn needs_locks(transaction: &DatabaseTransaction) -> bool {
    transaction.get_database_backend() == DbBackend::Postgres
}

async fn plan(transaction: &DatabaseTransaction, changes: &Changes) -> Result<Receipt, Unwritten> {
    let mut rows = Vec::with_capacity(changes.list.len());
    for change in &changes.list {
        rows.push(match change {
            Change::Account(change) => accounts::write(transaction, change).await?,
            Change::Session(change) => sessions::write(transaction, change).await?,
            Change::Domain(change) => domains::write(transaction, change).await?,
            Change::Authority(change) => domains::write_authority(transaction, change).await?,
            Change::Land(change) => land::write(transaction, change).await?,
            Change::Key(change) => keys::write(transaction, change).await?,
            Change::Require(invariant) => invariants::require(transaction, invariant).await?,
        });
    }
    events::record(transaction, &changes.event).await?;
    Ok(Receipt { rows })
}

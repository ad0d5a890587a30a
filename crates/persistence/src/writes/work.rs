//! What is carried out in one transaction.

use domain::changes::{Change, Changes};
use domain::ids::SessionId;
use domain::mail::delivery::{Delivery, DeliveryOutcome};
use domain::ports::clock::Timestamp;
use domain::ports::ledger::Receipt;
use domain::ports::secrets::SecretDigest;
use domain::retention::Leftover;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr};

use crate::failure::Unwritten;
use crate::writes::log_in::LogIn;
use crate::writes::{accounts, domains, events, invariants, keys, land, mail, retention, sessions};

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
    /// That a `token_required` was used.
    Used {
        /// Its digest.
        digest: SecretDigest,
        /// When.
        at: Timestamp,
    },
    /// That a letter is somebody's to send.
    Claim {
        /// Now.
        now: Timestamp,
        /// Until when.
        until: Timestamp,
    },
    /// What became of a letter.
    Settle {
        /// Which.
        delivery: Box<Delivery>,
        /// What.
        outcome: DeliveryOutcome,
        /// Now.
        at: Timestamp,
    },
    /// That rows are too old to be kept.
    Purge {
        /// Which.
        what: Leftover,
        /// Before when they must be over.
        before: Timestamp,
        /// How many at most.
        most: usize,
    },
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum Done {
    /// Rows were written.
    Written(Receipt),
    /// A letter was claimed, if one was due.
    Claimed(Option<Box<Delivery>>),
}

impl Work {
    /// Writes it; whoever gets an error back rolls back.
    pub(crate) async fn write(&self, transaction: &DatabaseTransaction) -> Result<Done, Unwritten> {
        let rows = match self {
            Self::Plan(changes) => return plan(transaction, changes).await.map(Done::Written),
            Self::Claim { now, until } => {
                return Ok(Done::Claimed(mail::claim(transaction, *now, *until).await?.map(Box::new)));
            }
            Self::Seen { session, at } => sessions::note_last_seen(transaction, *session, *at).await?,
            Self::Used { digest, at } => accounts::note_use(transaction, digest, *at).await?,
            Self::Purge { what, before, most } => retention::purge(transaction, *what, *before, *most).await?,
            Self::Settle { delivery, outcome, at } => mail::settle(transaction, delivery, *outcome, *at).await?,
        };
        Ok(Done::Written(Receipt { rows: vec![rows] }))
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
    pub(crate) async fn was_committed(&self, transaction: &DatabaseTransaction) -> Result<bool, DbErr> {
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
pub(super) fn needs_locks(transaction: &DatabaseTransaction) -> bool {
    transaction.get_database_backend() == DbBackend::Postgres
}

async fn plan(transaction: &DatabaseTransaction, changes: &Changes) -> Result<Receipt, Unwritten> {
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

//! Where plans of writes are carried out.

use async_trait::async_trait;
use thiserror::Error;

use crate::access::Denied;
use crate::changes::{Changes, Invariant, UniqueKey};
use crate::ports::failure::PortFailure;

/// Carries out a plan of writes.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Writes all of `changes` and its event in one transaction, in their order, or nothing.
    ///
    /// An adapter MUST
    /// * hold each change's guard in the statement that writes it,
    /// * lock the row behind a [`crate::changes::Change::Require`] before it checks the invariant,
    /// * finish the transaction although the caller stops waiting,
    /// * not answer before the writes are durable,
    /// * not repeat anything once it has sent the commit: when its answer is lost, the plan's event
    ///   tells whether it went through.
    async fn apply(&self, changes: Changes) -> Result<Receipt, Rejected>;
}

/// What was written: the rows that each change touched, in the order of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// One number per change, without the event.
    pub rows: Vec<u64>,
}

/// Why nothing was written.
#[derive(Debug, Error)]
pub enum Rejected {
    /// Another row holds this key.
    #[error("another row holds this {0:?}")]
    Conflict(UniqueKey),
    /// A row was not as the plan expected it: read and decide again.
    #[error("a row has changed meanwhile")]
    Stale,
    /// A single-use thing was used before.
    #[error("it was used before")]
    AlreadyUsed,
    /// The plan would break a rule over several rows.
    #[error("{0:?} would not hold any more")]
    Broken(Invariant),
    /// The adapter could not do its work.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

impl Rejected {
    /// Why an actor's plan was not carried out who may no more do what they could when they asked.
    ///
    /// # Errors
    /// The failure that any other rejection is, as for [`Self::unexpected`].
    pub fn denied(self) -> Result<Denied, PortFailure> {
        match self {
            Self::Broken(Invariant::SessionStands(..) | Invariant::UserTokenStands(..)) => Ok(Denied::Nobody),
            Self::Broken(Invariant::Administrator(_)) => Ok(Denied::AdministratorNeeded),
            other => Err(other.unexpected()),
        }
    }

    /// The failure that a rejection is when no rule of the use case explains it: a row that keeps
    /// changing may calm down, everything else needs somebody to look.
    #[must_use]
    pub fn unexpected(self) -> PortFailure {
        match self {
            Self::Failed(failure) => failure,
            Self::Stale => PortFailure::passing(self),
            Self::Conflict(_) | Self::AlreadyUsed | Self::Broken(_) => PortFailure::lasting(self),
        }
    }
}

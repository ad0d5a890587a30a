//! An administrator takes a domain off the table.

use std::sync::Arc;

use thiserror::Error;

use crate::access::{Actor, Denied, Operation};
use crate::changes::{Changes, DomainChange};
use crate::domains::name::DomainName;
use crate::events::{Event, EventKind, EventSubject};
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::ports::ledger::{Ledger, Rejected};

/// Why nothing was removed.
#[derive(Debug, Error)]
pub enum RemoveDomainError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The domain stands in no row.
    #[error("This domain is not listed.")]
    NotListed,
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Removes the row of a domain, which is unlisted from then on. Its authority token stays.
pub struct RemoveDomain {
    /// Writes.
    pub ledger: Arc<dyn Ledger>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

impl RemoveDomain {
    /// Removes the row.
    ///
    /// # Errors
    /// When the actor may not, there is no row, or a port fails.
    pub async fn run(&self, actor: &Actor, domain: DomainName) -> Result<(), RemoveDomainError> {
        actor.may(Operation::ChangeDomains)?;
        let subject = EventSubject::new("domain", &domain);
        let event = Event::now(EventKind::DomainRemoved, actor, subject, self.clock.now(), &*self.entropy);
        match self
            .ledger
            .apply(Changes::of(actor, Operation::ChangeDomains, event).with(DomainChange::Remove(domain)))
            .await
        {
            Ok(_) => Ok(()),
            Err(Rejected::Stale) => Err(RemoveDomainError::NotListed),
            Err(other) => Err(other.denied()?.into()),
        }
    }
}

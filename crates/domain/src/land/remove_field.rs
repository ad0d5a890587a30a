//! A user removes a field.

use std::sync::Arc;

use thiserror::Error;

use crate::access::{Actor, Denied, Operation};
use crate::changes::{Changes, LandChange};
use crate::events::{Event, EventKind, EventSubject};
use crate::ids::FieldId;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::ports::ledger::{Ledger, Rejected};

/// Why no field was removed.
#[derive(Debug, Error)]
pub enum RemoveFieldError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The actor has no such field.
    #[error("You have no such field.")]
    NotFound,
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Removes a user's own field.
pub struct RemoveField {
    /// Writes.
    pub ledger: Arc<dyn Ledger>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

impl RemoveField {
    /// Removes the field.
    ///
    /// # Errors
    /// When the actor may not, has no such field, or a port fails.
    pub async fn run(&self, actor: &Actor, field: FieldId) -> Result<(), RemoveFieldError> {
        let user = actor.owner(Operation::ChangeFields)?.id;
        let subject = EventSubject::new("field", field);
        let event = Event::now(EventKind::FieldRemoved, actor, subject, self.clock.now(), &*self.entropy);
        match self
            .ledger
            .apply(Changes::of(actor, Operation::ChangeFields, event).with(LandChange::Remove { field, user }))
            .await
        {
            Ok(_) => Ok(()),
            Err(Rejected::Stale) => Err(RemoveFieldError::NotFound),
            Err(other) => Err(other.denied()?.into()),
        }
    }
}

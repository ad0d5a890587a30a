//! A user adds a field.

use std::sync::Arc;

use thiserror::Error;

use crate::access::{Actor, Denied, Operation};
use crate::changes::{Changes, Invariant, LandChange, UniqueKey};
use crate::events::{Event, EventKind, EventSubject};
use crate::ids::FieldId;
use crate::land::field::Field;
use crate::land::field_form::CheckedField;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::ports::ledger::{Ledger, Rejected};

/// Why no field was added.
#[derive(Debug, Error)]
pub enum AddFieldError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Another field of the user has the GeoID.
    #[error("Another field of yours has this GeoID.")]
    SameGeoId,
    /// The user has as many fields as a user may have.
    #[error("A user has at most 1000 fields.")]
    TooMany,
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Adds a field to a user's own.
pub struct AddField {
    /// Writes.
    pub ledger: Arc<dyn Ledger>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

impl AddField {
    /// Adds the field.
    ///
    /// # Errors
    /// When the actor may not, the GeoID is taken, there are too many, or a port fails.
    pub async fn run(&self, actor: &Actor, field: CheckedField) -> Result<Field, AddFieldError> {
        let user = actor.owner(Operation::ChangeFields)?.id;
        let now = self.clock.now();
        let field = field.of(FieldId::fresh(now, &*self.entropy), user, now);
        let subject = EventSubject::new("field", field.id);
        let event = Event::now(EventKind::FieldAdded, actor, subject, now, &*self.entropy);
        let changes = Changes::of(actor, Operation::ChangeFields, event)
            .with(LandChange::Add(field.clone()))
            .with(Invariant::FieldLimit(user));
        match self.ledger.apply(changes).await {
            Ok(_) => Ok(field),
            Err(Rejected::Conflict(UniqueKey::GeoId)) => Err(AddFieldError::SameGeoId),
            Err(Rejected::Broken(Invariant::FieldLimit(_))) => Err(AddFieldError::TooMany),
            Err(other) => Err(other.denied()?.into()),
        }
    }
}

//! A user replaces a field.

use std::sync::Arc;

use thiserror::Error;

use crate::access::{Actor, Denied, Operation};
use crate::changes::{Changes, LandChange, UniqueKey};
use crate::events::{Event, EventKind, EventSubject};
use crate::ids::FieldId;
use crate::land::field::Field;
use crate::land::field_form::CheckedField;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::ports::ledger::{Ledger, Rejected};

/// Why no field was replaced.
#[derive(Debug, Error)]
pub enum ReplaceFieldError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The actor has no such field.
    #[error("You have no such field.")]
    NotFound,
    /// Another field of the user has the GeoID.
    #[error("Another field of yours has this GeoID.")]
    SameGeoId,
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Replaces name, GeoID and boundary of a user's own field.
pub struct ReplaceField {
    /// Writes.
    pub ledger: Arc<dyn Ledger>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

impl ReplaceField {
    /// Replaces the field; of the answer, `created_at` is the time of this change.
    ///
    /// # Errors
    /// When the actor may not, has no such field, the GeoID is taken, or a port fails.
    pub async fn run(&self, actor: &Actor, id: FieldId, field: CheckedField) -> Result<Field, ReplaceFieldError> {
        let user = actor.owner(Operation::ChangeFields)?.id;
        let now = self.clock.now();
        let field = field.of(id, user, now);
        let subject = EventSubject::new("field", id);
        let event = Event::now(EventKind::FieldReplaced, actor, subject, now, &*self.entropy);
        match self
            .ledger
            .apply(Changes::of(actor, Operation::ChangeFields, event).with(LandChange::Replace(field.clone())))
            .await
        {
            Ok(_) => Ok(field),
            Err(Rejected::Stale) => Err(ReplaceFieldError::NotFound),
            Err(Rejected::Conflict(UniqueKey::GeoId)) => Err(ReplaceFieldError::SameGeoId),
            Err(other) => Err(other.denied()?.into()),
        }
    }
}

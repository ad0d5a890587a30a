//! A user looks through their fields.

use std::sync::Arc;

use thiserror::Error;
use uuid::Uuid;

use crate::access::{Actor, Denied, Operation};
use crate::ids::FieldId;
use crate::land::field::{Field, shown_at_a_time};
use crate::land::ports::Fields;
use crate::page::{Cursor, Page, PageError, PageLimit};
use crate::ports::failure::PortFailure;

/// Why there is no page.
#[derive(Debug, Error)]
pub enum ListFieldsError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The cursor names no field.
    #[error(transparent)]
    Page(#[from] PageError),
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Lists a user's own fields in the order in which they were added.
pub struct ListFields {
    /// Reads fields.
    pub fields: Arc<dyn Fields>,
}

impl ListFields {
    /// The filter of this list's cursors: one's place in somebody else's list is no place in one's own.
    #[must_use]
    pub fn filter(actor: &Actor) -> String {
        actor.user_id().map(|id| id.to_string()).unwrap_or_default()
    }

    /// A page of the fields of who asks, a shorter one where their boundaries are large.
    ///
    /// # Errors
    /// When the actor may not, the cursor is foreign, or a port fails.
    pub async fn run(
        &self,
        actor: &Actor,
        after: Option<Cursor>,
        limit: PageLimit,
    ) -> Result<Page<Field>, ListFieldsError> {
        let user = actor.owner(Operation::ListFields)?;
        let after = after.map(|cursor| Uuid::parse_str(cursor.key()).map_err(|_| PageError::Cursor)).transpose()?;
        let fields = self.fields.list(user.id, after.map(FieldId::restore), limit.items() + 1).await?;
        let shown = shown_at_a_time(&fields, limit.items());
        Ok(Page::cut_after(fields, shown, |field| field.id.to_string()))
    }
}

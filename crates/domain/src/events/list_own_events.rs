//! A user looks through what happened to their account.

use std::sync::Arc;

use thiserror::Error;
use uuid::Uuid;

use crate::access::{Actor, Denied, Operation};
use crate::events::own_event::OwnEvent;
use crate::events::ports::Events;
use crate::ids::EventId;
use crate::page::{Cursor, Page, PageError, PageLimit};
use crate::ports::failure::PortFailure;

/// Why there is no page.
#[derive(Debug, Error)]
pub enum ListOwnEventsError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The cursor names no event.
    #[error(transparent)]
    Page(#[from] PageError),
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Which events are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of them.
    All,
    /// Those that are news to a person: without what programs do by themselves all day.
    News,
}

/// Lists what happened to a user's own account, the newest first.
pub struct ListOwnEvents {
    /// Reads events.
    pub events: Arc<dyn Events>,
}

impl ListOwnEvents {
    /// The filter of this list's cursors: one's place in somebody else's list is no place in one's own.
    #[must_use]
    pub fn filter(actor: &Actor) -> String {
        actor.user_id().map(|id| id.to_string()).unwrap_or_default()
    }

    /// A page of the events of who asks.
    ///
    /// # Errors
    /// When the actor may not, the cursor is foreign, or a port fails.
    pub async fn run(
        &self,
        actor: &Actor,
        wanted: Wanted,
        after: Option<Cursor>,
        limit: PageLimit,
    ) -> Result<Page<OwnEvent>, ListOwnEventsError> {
        let user = actor.owner(Operation::ListOwnEvents)?;
        let before = after.map(|cursor| Uuid::parse_str(cursor.key()).map_err(|_| PageError::Cursor)).transpose()?;
        let (only_news, before) = (wanted == Wanted::News, before.map(EventId::restore));
        let events = self.events.of_user(user.id, only_news, before, limit.items() + 1).await?;
        Ok(Page::cut(events, limit, |event| event.id.to_string()))
    }
}

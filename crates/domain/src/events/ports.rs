//! The port of the events.

use async_trait::async_trait;

use crate::events::own_event::OwnEvent;
use crate::ids::{EventId, UserId};
use crate::ports::failure::PortFailure;

/// Reads what happened. It is written by the ledger, with what it tells of.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Events: Send + Sync {
    /// At most `limit` events that concern this user's account, the newest first: those before `before`, and
    /// without [`crate::events::own_event::ROUTINE`] when `only_news`. Another user's MUST NOT be among them.
    async fn of_user(
        &self,
        user: UserId,
        only_news: bool,
        before: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<OwnEvent>, PortFailure>;
}

//! A user logs out.

use std::sync::Arc;

use thiserror::Error;

use crate::access::{Actor, Denied, Operation};
use crate::changes::{Changes, SessionChange};
use crate::events::{Event, EventKind, EventSubject};
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::ports::ledger::{Ledger, Rejected};
use crate::sessions::session::EndReason;

/// Why nobody was logged out.
#[derive(Debug, Error)]
pub enum LogOutError {
    /// The actor has no session.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Ends the session of who asks: its tokens and its secret are dead from then on.
pub struct LogOut {
    /// Writes.
    pub ledger: Arc<dyn Ledger>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

impl LogOut {
    /// Ends the session; one that ended meanwhile is well, too. Nothing else is required: whoever was
    /// disabled meanwhile only loses what they would lose anyway.
    ///
    /// # Errors
    /// When the actor has no session, or a port fails.
    pub async fn run(&self, actor: &Actor) -> Result<(), LogOutError> {
        let session = actor.session(Operation::LogOut)?;
        let at = self.clock.now();
        let subject = EventSubject::new("session", session.id);
        let event = Event::now(EventKind::SessionEnded, actor, subject, at, &*self.entropy);
        let end = SessionChange::End { session: session.id, reason: EndReason::LoggedOut, at };
        match self.ledger.apply(Changes::new(event).with(end)).await {
            Ok(_) | Err(Rejected::Stale) => Ok(()),
            Err(other) => Err(other.unexpected().into()),
        }
    }
}

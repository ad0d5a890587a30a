//! A user ends sessions of theirs.

use std::sync::Arc;

use thiserror::Error;

use crate::access::{Actor, Denied, Operation};
use crate::changes::{Changes, SessionChange};
use crate::events::{Event, EventKind, EventSubject};
use crate::ids::SessionId;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::ports::ledger::{Ledger, Rejected};
use crate::sessions::session::EndReason;

/// Why no session was ended.
#[derive(Debug, Error)]
pub enum EndSessionError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The actor has no such session.
    #[error("You have no such session.")]
    NotFound,
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Ends a session of a user's own.
pub struct EndSession {
    /// Writes.
    pub ledger: Arc<dyn Ledger>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

impl EndSession {
    /// Ends the session. Another user's is as absent as one that ended already.
    ///
    /// # Errors
    /// When the actor may not or has no such session, or a port fails.
    pub async fn run(&self, actor: &Actor, session: SessionId) -> Result<(), EndSessionError> {
        let user = actor.session(Operation::EndSessions)?.user;
        let at = self.clock.now();
        let subject = EventSubject::new("session", session);
        let event = Event::now(EventKind::SessionEnded, actor, subject, at, &*self.entropy);
        let end = SessionChange::EndOwn { session, user, reason: EndReason::EndedByOwner, at };
        match self.ledger.apply(Changes::of(actor, Operation::EndSessions, event).with(end)).await {
            Ok(_) => Ok(()),
            Err(Rejected::Stale) => Err(EndSessionError::NotFound),
            Err(other) => Err(other.denied()?.into()),
        }
    }

    /// Ends every session of the actor, this one included.
    ///
    /// # Errors
    /// When the actor may not, or a port fails.
    pub async fn run_for_all(&self, actor: &Actor) -> Result<(), EndSessionError> {
        let user = actor.session(Operation::EndSessions)?.user;
        let at = self.clock.now();
        let subject = EventSubject::new("user", user);
        let event = Event::now(EventKind::SessionsEnded, actor, subject, at, &*self.entropy);
        let end = SessionChange::EndAll { user, except: None, reason: EndReason::LoggedOut, at };
        match self.ledger.apply(Changes::of(actor, Operation::EndSessions, event).with(end)).await {
            Ok(_) => Ok(()),
            Err(other) => Err(other.denied()?.into()),
        }
    }
}

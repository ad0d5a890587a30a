//! A user sees where they are signed in.

use std::sync::Arc;

use thiserror::Error;

use crate::access::{Actor, Denied, Operation};
use crate::ports::clock::Clock;
use crate::ports::failure::PortFailure;
use crate::sessions::ports::Sessions;
use crate::sessions::session::Session;

/// The most sessions that are shown: the ones used last.
pub const MOST: usize = 100;

/// Why no sessions are shown.
#[derive(Debug, Error)]
pub enum ListSessionsError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// A session as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnSession {
    /// The session.
    pub session: Session,
    /// Whether it is the one that asks.
    pub is_this: bool,
}

/// Shows a user their sessions that hold.
pub struct ListSessions {
    /// Reads sessions.
    pub sessions: Arc<dyn Sessions>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl ListSessions {
    /// The user's sessions, the one used last first.
    ///
    /// # Errors
    /// When the actor may not, or a port fails.
    pub async fn run(&self, actor: &Actor) -> Result<Vec<OwnSession>, ListSessionsError> {
        let this = actor.session(Operation::ListSessions)?;
        let now = self.clock.now();
        let sessions = self.sessions.of_user(this.user, now, MOST).await?;
        let own = |session: Session| OwnSession { is_this: session.id == this.id, session };
        Ok(sessions.into_iter().filter(|session| session.holds(now)).map(own).collect())
    }
}

//! An administrator revokes an authority token.

use std::sync::Arc;

use thiserror::Error;

use crate::access::{Actor, Denied, Operation};
use crate::changes::{AuthorityChange, Changes};
use crate::domains::name::DomainName;
use crate::events::{Event, EventKind, EventSubject};
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::ports::ledger::{Ledger, Rejected};

/// Why nothing was revoked.
#[derive(Debug, Error)]
pub enum RevokeAuthorityTokenError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The domain has none.
    #[error("This domain has no authority token.")]
    None,
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Revokes the authority token of a domain.
pub struct RevokeAuthorityToken {
    /// Writes.
    pub ledger: Arc<dyn Ledger>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

impl RevokeAuthorityToken {
    /// Revokes the token.
    ///
    /// # Errors
    /// When the actor may not, there is none, or a port fails.
    pub async fn run(&self, actor: &Actor, domain: DomainName) -> Result<(), RevokeAuthorityTokenError> {
        actor.may(Operation::ChangeAuthorityTokens)?;
        let subject = EventSubject::new("domain", &domain);
        let event = Event::now(EventKind::AuthorityTokenRevoked, actor, subject, self.clock.now(), &*self.entropy);
        match self
            .ledger
            .apply(Changes::of(actor, Operation::ChangeAuthorityTokens, event).with(AuthorityChange::Revoke(domain)))
            .await
        {
            Ok(_) => Ok(()),
            Err(Rejected::Stale) => Err(RevokeAuthorityTokenError::None),
            Err(other) => Err(other.denied()?.into()),
        }
    }
}

//! An administrator issues an authority token.

use std::sync::Arc;

use thiserror::Error;

use crate::access::{Actor, Denied, Operation};
use crate::authority::authority_token::{AuthorityToken, StoredAuthorityToken};
use crate::changes::{AuthorityChange, Changes, Invariant, UniqueKey};
use crate::domains::name::DomainName;
use crate::events::{Event, EventKind, EventSubject};
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::ports::ledger::{Ledger, Rejected};
use crate::ports::secrets::SecretKeeper;

/// Whether a token that is there may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Only a domain without a token gets one.
    Issue,
    /// The token that is there is dead from then on.
    Rotate,
}

/// Why no token was issued.
#[derive(Debug, Error)]
pub enum IssueAuthorityTokenError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The domain has one, and it is not to be replaced.
    #[error("This domain has an authority token already; it is only replaced when you ask to rotate it.")]
    AlreadyIssued,
    /// The domain is blocked.
    #[error("A blocked domain gets no authority token.")]
    Blocked,
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Issues the authority token of a domain that is allowed or unlisted.
pub struct IssueAuthorityToken {
    /// Seals the token.
    pub keeper: Arc<dyn SecretKeeper>,
    /// Writes.
    pub ledger: Arc<dyn Ledger>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes the token and ids.
    pub entropy: Arc<dyn Entropy>,
}

impl IssueAuthorityToken {
    /// Issues the token.
    ///
    /// # Errors
    /// When the actor may not, there is one already, the domain is blocked, or a port fails.
    pub async fn run(
        &self,
        actor: &Actor,
        domain: DomainName,
        mode: Mode,
    ) -> Result<AuthorityToken, IssueAuthorityTokenError> {
        actor.may(Operation::ChangeAuthorityTokens)?;
        let now = self.clock.now();
        let token = AuthorityToken::fresh(&*self.entropy);
        let stored = StoredAuthorityToken::seal(&token, domain.clone(), &*self.keeper, now)?;
        let (kind, change) = match mode {
            Mode::Issue => (EventKind::AuthorityTokenIssued, AuthorityChange::Issue(stored)),
            Mode::Rotate => (EventKind::AuthorityTokenRotated, AuthorityChange::Put(stored)),
        };
        let event = Event::now(kind, actor, EventSubject::new("domain", &domain), now, &*self.entropy);
        let changes = Changes::of(actor, Operation::ChangeAuthorityTokens, event)
            .with(Invariant::NotBlocked(domain))
            .with(change);
        match self.ledger.apply(changes).await {
            Ok(_) => Ok(token),
            Err(Rejected::Conflict(UniqueKey::Authority)) => Err(IssueAuthorityTokenError::AlreadyIssued),
            Err(Rejected::Broken(Invariant::NotBlocked(_))) => Err(IssueAuthorityTokenError::Blocked),
            Err(other) => Err(other.denied()?.into()),
        }
    }
}

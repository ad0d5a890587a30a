//! Somebody reads an authority token.

use std::sync::Arc;

use thiserror::Error;

use crate::access::{Actor, Denied, Operation};
use crate::authority::authority_token::{AuthorityToken, StoredAuthorityToken};
use crate::authority::ports::AuthorityTokens;
use crate::domains::name::DomainName;
use crate::ports::failure::PortFailure;
use crate::ports::secrets::SecretKeeper;

/// Why there is nothing to read.
#[derive(Debug, Error)]
pub enum ReadAuthorityTokenError {
    /// The actor may not read this domain's.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The domain has none.
    #[error("This domain has no authority token.")]
    None,
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Reads the authority token of a domain for somebody who is known: a user that of the domain of their own
/// verified address, an administrator any.
pub struct ReadAuthorityToken {
    /// Reads the sealed token.
    pub tokens: Arc<dyn AuthorityTokens>,
    /// Opens it.
    pub keeper: Arc<dyn SecretKeeper>,
}

impl ReadAuthorityToken {
    /// The token of a domain.
    ///
    /// # Errors
    /// When the actor may not, there is none, or a port fails.
    pub async fn run(&self, actor: &Actor, domain: &DomainName) -> Result<AuthorityToken, ReadAuthorityTokenError> {
        may_read(actor, domain)?;
        open(self.tokens.of(domain).await?, &*self.keeper)
    }
}

/// Whether the actor may read the token of this domain.
pub(super) fn may_read(actor: &Actor, domain: &DomainName) -> Result<(), Denied> {
    if actor.administers() {
        return Ok(());
    }
    let user = actor.owner(Operation::ReadAuthorityToken)?;
    if user.is_activated() && user.email.domain() == domain { Ok(()) } else { Err(Denied::OtherDomain) }
}

/// The token that is stored, if there is one.
pub(super) fn open(
    stored: Option<StoredAuthorityToken>,
    keeper: &dyn SecretKeeper,
) -> Result<AuthorityToken, ReadAuthorityTokenError> {
    Ok(stored.ok_or(ReadAuthorityTokenError::None)?.open(keeper)?)
}

//! Who shows a credential reads an authority token.

use std::sync::Arc;

use crate::access::{Actor, Operation};
use crate::authority::authority_token::AuthorityToken;
use crate::authority::read::{ReadAuthorityTokenError, may_read, open};
use crate::domains::name::DomainName;
use crate::origin::Origin;
use crate::ports::secrets::SecretKeeper;
use crate::sessions::authenticate::{Authenticate, AuthenticateError, Shown};

/// What the reading of a token came to.
pub type Reading = Result<AuthorityToken, ReadAuthorityTokenError>;

/// Reads the authority token of a domain by the statement that finds out who asks.
pub struct ShowAuthorityToken {
    /// Finds out who asks.
    pub authenticate: Arc<Authenticate>,
    /// Opens the token.
    pub keeper: Arc<dyn SecretKeeper>,
}

impl ShowAuthorityToken {
    /// Who shows the credential, and the domain's token if they may read it; the rules are those of
    /// [`ReadAuthorityToken`](crate::authority::read::ReadAuthorityToken).
    ///
    /// # Errors
    /// When nobody shows who they are, or a port fails.
    pub async fn run(
        &self,
        shown: Shown<'_>,
        domain: &DomainName,
        origin: Origin,
    ) -> Result<(Actor, Reading), AuthenticateError> {
        let operation = Operation::ReadAuthorityToken;
        let (actor, stored) = self.authenticate.with_authority_token(shown, operation, origin, domain).await?;
        let reading = may_read(&actor, domain).map_err(Into::into).and_then(|()| open(stored, &*self.keeper));
        Ok((actor, reading))
    }
}

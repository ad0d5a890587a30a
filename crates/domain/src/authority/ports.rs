//! The ports of the authority tokens.

use async_trait::async_trait;

use crate::authority::authority_token::StoredAuthorityToken;
use crate::domains::name::DomainName;
use crate::ports::failure::PortFailure;

/// Reads authority tokens.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait AuthorityTokens: Send + Sync {
    /// The token of a domain; `None` when it has none.
    async fn of(&self, domain: &DomainName) -> Result<Option<StoredAuthorityToken>, PortFailure>;
}

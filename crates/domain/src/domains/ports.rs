//! The ports of the table of domains.

use async_trait::async_trait;

use crate::domains::name::DomainName;
use crate::domains::policy::{BelongsTo, DomainRule, ListedDomain};
use crate::ports::failure::PortFailure;

/// Reads the table of allowed and blocked domains.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait DomainRules: Send + Sync {
    /// The row of exactly this domain; `None` for an unlisted one. A subdomain has a row of its own.
    async fn of(&self, domain: &DomainName) -> Result<Option<DomainRule>, PortFailure>;

    /// The rows of these domains, in the order of the domains' bytes.
    async fn among(&self, domains: &[DomainName]) -> Result<Vec<ListedDomain>, PortFailure>;

    /// At most `limit` rows in the order of the domains' bytes: those after `after`, and only those
    /// that say `belongs_to` if one is given.
    async fn list(
        &self,
        belongs_to: Option<BelongsTo>,
        after: Option<DomainName>,
        limit: usize,
    ) -> Result<Vec<ListedDomain>, PortFailure>;
}

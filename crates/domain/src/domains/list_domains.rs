//! An administrator looks through the table of domains.

use std::sync::Arc;

use thiserror::Error;

use crate::access::{Actor, Denied, Operation};
use crate::domains::name::DomainName;
use crate::domains::policy::{BelongsTo, ListedDomain};
use crate::domains::ports::DomainRules;
use crate::page::{Cursor, Page, PageError, PageLimit};
use crate::ports::failure::PortFailure;

/// Why there is no page.
#[derive(Debug, Error)]
pub enum ListDomainsError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The cursor names no domain.
    #[error(transparent)]
    Page(#[from] PageError),
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Lists the rows of the table by domain.
pub struct ListDomains {
    /// Reads the table.
    pub domains: Arc<dyn DomainRules>,
}

impl ListDomains {
    /// A page of rows: all, or only the allowed or blocked ones.
    ///
    /// # Errors
    /// When the actor may not, the cursor is foreign, or a port fails.
    pub async fn run(
        &self,
        actor: &Actor,
        belongs_to: Option<BelongsTo>,
        after: Option<Cursor>,
        limit: PageLimit,
    ) -> Result<Page<ListedDomain>, ListDomainsError> {
        actor.may(Operation::ListDomains)?;
        let after = after.map(|cursor| DomainName::parse(cursor.key()).map_err(|_| PageError::Cursor)).transpose()?;
        let rows = self.domains.list(belongs_to, after, limit.items() + 1).await?;
        Ok(Page::cut(rows, limit, |row| row.rule.domain.to_string()))
    }
}

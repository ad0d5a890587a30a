//! The operator looks through the users.

use std::sync::Arc;

use thiserror::Error;
use uuid::Uuid;

use crate::access::{Actor, Denied, Operation};
use crate::accounts::ports::Accounts;
use crate::accounts::user::User;
use crate::ids::UserId;
use crate::page::{Cursor, Page, PageError, PageLimit};
use crate::ports::failure::PortFailure;

/// Why there is no page.
#[derive(Debug, Error)]
pub enum ListUsersError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The cursor names no user.
    #[error(transparent)]
    Page(#[from] PageError),
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Lists the users in the order in which they came.
pub struct ListUsers {
    /// Reads users.
    pub accounts: Arc<dyn Accounts>,
}

impl ListUsers {
    /// A page of users.
    ///
    /// # Errors
    /// When the actor may not, the cursor is foreign, or a port fails.
    pub async fn run(
        &self,
        actor: &Actor,
        after: Option<Cursor>,
        limit: PageLimit,
    ) -> Result<Page<User>, ListUsersError> {
        actor.may(Operation::ListUsers)?;
        let after = after.map(|cursor| Uuid::parse_str(cursor.key()).map_err(|_| PageError::Cursor)).transpose()?;
        let users = self.accounts.list(after.map(UserId::restore), limit.items() + 1).await?;
        Ok(Page::cut(users, limit, |user| user.id.to_string()))
    }
}

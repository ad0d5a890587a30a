//! Writing to a user's own row.

use std::sync::Arc;

use thiserror::Error;

use crate::access::Denied;
use crate::accounts::ports::Accounts;
use crate::accounts::user::User;
use crate::changes::Changes;
use crate::ports::failure::PortFailure;
use crate::ports::ledger::{Ledger, Rejected};

/// How often a plan is made anew when its row has changed meanwhile.
const ATTEMPTS: usize = 3;

/// Why a user's own row was not written.
#[derive(Debug, Error)]
pub enum OwnRowError {
    /// The actor may not, or is no user any more.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Writes a plan that expects a version of the user's row; when another has come meanwhile, it reads
/// the row and plans again. The plan must require that its actor may still do so, see
/// [`Changes::of`]: the row alone does not tell whether their session has ended.
pub struct OwnRow {
    /// Reads the row anew.
    pub accounts: Arc<dyn Accounts>,
    /// Writes.
    pub ledger: Arc<dyn Ledger>,
}

impl OwnRow {
    /// Writes what `plan` makes of the user; gives the row from which the written plan was made.
    pub async fn write(&self, user: &User, plan: impl Fn(&User) -> Changes + Send) -> Result<User, OwnRowError> {
        let mut user = user.clone();
        for _ in 1..ATTEMPTS {
            match self.ledger.apply(plan(&user)).await {
                Ok(_) => return Ok(user),
                Err(Rejected::Stale) => user = self.accounts.by_id(user.id).await?.ok_or(Denied::Nobody)?,
                Err(other) => return Err(other.denied()?.into()),
            }
        }
        match self.ledger.apply(plan(&user)).await {
            Ok(_) => Ok(user),
            Err(other) => Err(other.denied()?.into()),
        }
    }
}

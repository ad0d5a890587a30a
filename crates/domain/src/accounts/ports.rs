//! The ports of the accounts.

use std::time::Duration;

use async_trait::async_trait;
use thiserror::Error;

use crate::accounts::email::EmailKey;
use crate::accounts::password::Password;
use crate::accounts::password_hash::PasswordHash;
use crate::accounts::user::{Account, User};
use crate::ids::UserId;
use crate::ports::failure::PortFailure;

/// Reads accounts.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Accounts: Send + Sync {
    /// The account whose primary address has this key, with its password hash; `None` when there is
    /// none. An address that is only pending or former MUST NOT be found.
    async fn by_email(&self, email: &EmailKey) -> Result<Option<Account>, PortFailure>;

    /// The user of this id, in whatever state; `None` when there is none.
    async fn by_id(&self, id: UserId) -> Result<Option<User>, PortFailure>;

    /// At most `limit` users in the order of their ids, those after `after`.
    async fn list(&self, after: Option<UserId>, limit: usize) -> Result<Vec<User>, PortFailure>;
}

/// Hashes passwords and compares them with hashes.
///
/// An adapter MUST bound how many hashes run and wait at once, and refuse the rest at once.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait PasswordHashing: Send + Sync {
    /// A new hash of the normalised password, with a fresh salt and the configured parameters.
    async fn hash(&self, password: Password) -> Result<PasswordHash, HashFailure>;

    /// Compares a password with a hash. `None` is an unknown user: that MUST cost as much as a known
    /// one, and never matches. A hash whose own parameters are beyond the caps MUST fail unhashed.
    async fn verify(&self, password: Password, against: Option<PasswordHash>) -> Result<Verdict, HashFailure>;
}

/// How a password compares with a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the password.
    Matches {
        /// The hash was imported, or the configured parameters are stronger by now.
        outdated: bool,
    },
    /// It is another.
    Differs,
}

/// Why nothing was hashed.
#[derive(Debug, Error)]
pub enum HashFailure {
    /// Too many hashes wait already.
    #[error("too many password hashes wait already")]
    Overloaded {
        /// When to try again.
        retry_after: Duration,
    },
    /// The adapter could not do its work.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Knows the commonest passwords.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait CommonPasswords: Send + Sync {
    /// Whether this password, normalised and case-folded, is one of at least 10,000 commonest ones.
    fn contains(&self, folded: &str) -> bool;
}

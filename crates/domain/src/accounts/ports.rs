//! The ports of the accounts.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use thiserror::Error;

use crate::accounts::email::EmailKey;
use crate::accounts::password::Password;
use crate::accounts::password_hash::PasswordHash;
use crate::accounts::user::{Account, User};
use crate::ids::UserId;
use crate::origin::{Network, Origin};
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
/// An adapter MUST bound how many hashes run and wait at once, and refuse the rest at once. It MUST let
/// networks take turns, and neither of the lines starve the other.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait PasswordHashing: Send + Sync {
    /// Keeps a place for this turn until it is used. It is asked for before anything else is done that costs
    /// something, so that a flood costs nothing; MUST answer at once. A network that has the most places may lose this
    /// one again before it is used.
    ///
    /// # Errors
    /// Too many wait already.
    fn keep_place(&self, turn: Turn) -> Result<Turn, HashFailure>;

    /// A new hash of the normalised password, with a fresh salt and the configured parameters.
    async fn hash(&self, password: Password, turn: Turn) -> Result<PasswordHash, HashFailure>;

    /// Compares a password with a hash. `None` is an unknown user: that MUST cost as much as a known
    /// one, and never matches. A hash whose own parameters are beyond the caps MUST fail unhashed.
    async fn verify(
        &self,
        password: Password,
        against: Option<PasswordHash>,
        turn: Turn,
    ) -> Result<Verdict, HashFailure>;
}

/// For whom something is hashed: whose turn it must wait for.
#[derive(Debug)]
pub struct Turn {
    /// The network of the client; `None` where it is not known, and for whoever operates the installation.
    pub network: Option<Network>,
    /// The line it waits in.
    pub line: Line,
    /// The place that is kept for it, if one is.
    pub kept: Option<KeptPlace>,
}

/// A place in a line. It is given up when it is dropped unused.
pub struct KeptPlace {
    give_up: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl KeptPlace {
    /// A place that is given up so.
    #[must_use]
    pub fn new(give_up: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self { give_up: Some(Box::new(give_up)) }
    }

    /// Whoever keeps the places has it back, and it is not given up.
    pub fn hand_in(mut self) {
        self.give_up = None;
    }
}

impl Drop for KeptPlace {
    fn drop(&mut self) {
        if let Some(give_up) = self.give_up.take() {
            give_up();
        }
    }
}

impl fmt::Debug for KeptPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeptPlace(..)")
    }
}

/// A line in which hashes wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Of those who have an account.
    LogIn,
    /// Of those who want one.
    SignUp,
}

impl Turn {
    /// The turn of a login, or of whatever else an account needs.
    #[must_use]
    pub fn log_in(origin: &Origin) -> Self {
        Self { network: origin.network(), line: Line::LogIn, kept: None }
    }

    /// The turn of a sign-up.
    #[must_use]
    pub fn sign_up(origin: &Origin) -> Self {
        Self { network: origin.network(), line: Line::SignUp, kept: None }
    }
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

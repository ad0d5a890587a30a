//! A user.

use crate::accounts::email::EmailAddress;
use crate::accounts::locale::Locale;
use crate::accounts::password_hash::PasswordHash;
use crate::accounts::phone::PhoneNumber;
use crate::accounts::user_token::HeldUserToken;
use crate::ids::UserId;
use crate::ports::clock::Timestamp;

/// A user, without any secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The primary address.
    pub email: EmailAddress,
    /// When the primary address was verified; `None` until then.
    pub email_verified_at: Option<Timestamp>,
    /// The preferred number.
    pub phone_number: Option<PhoneNumber>,
    /// Whether others may find the user's fields.
    pub discoverable: bool,
    /// Whether the account can be used.
    pub state: UserState,
    /// Whether the user administers the registry.
    pub administrator: bool,
    /// The preferred language; `None` while they have named none.
    pub locale: Option<Locale>,
    /// The `token_required`, as far as it is known here.
    pub user_token: Option<HeldUserToken>,
    /// Counts the writes to this row: a plan expects the one it read.
    pub version: i64,
    /// When the user signed up.
    pub created_at: Timestamp,
    /// When the row last changed.
    pub updated_at: Timestamp,
}

impl User {
    /// Whether the address is verified: the claim `is_activated`.
    #[must_use]
    pub const fn is_activated(&self) -> bool {
        self.email_verified_at.is_some()
    }

    /// Whether a `token_required` is held, expired or not.
    #[must_use]
    pub const fn has_user_token(&self) -> bool {
        self.user_token.is_some()
    }

    /// The roles, for the claim `roles`.
    #[must_use]
    pub fn roles(&self) -> Vec<Role> {
        if self.administrator { vec![Role::Administrator] } else { Vec::new() }
    }
}

/// Whether an account can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserState {
    /// It can.
    Active,
    /// An administrator has shut it.
    Disabled,
    /// Its owner is leaving: it waits to be purged.
    Leaving,
}

impl UserState {
    /// The word in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Leaving => "leaving",
        }
    }

    /// The state of that word.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Active, Self::Disabled, Self::Leaving].into_iter().find(|state| state.name() == name)
    }
}

/// What a user may do beyond their own account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Keeps the table of domains and the authority tokens.
    Administrator,
}

impl Role {
    /// The word in a token and in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
        }
    }
}

/// A user and the hash of their password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user.
    pub user: User,
    /// The hash; `None` for a user who signs in by other means.
    pub password: Option<PasswordHash>,
}

//! Who may do what: one table.
//!
//! It decides on the credential and on the row that was just read, never on a claim in a token.

use thiserror::Error;

use crate::accounts::user::{User, UserState};
use crate::ids::{RequestId, UserId};
use crate::sessions::session::Session;

/// Who asks for something, and how they showed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Who it is.
    pub subject: Subject,
    /// The request that asks, as far as there is one.
    pub request: Option<RequestId>,
}

/// Who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Anybody at all.
    Nobody,
    /// The operator of this installation, on its own command line.
    System,
    /// A user, by a credential.
    User(Box<User>, Credential),
}

/// How a user showed who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A session: an access token, or the cookie of the pages.
    Session(Session),
    /// The user's `token_required`.
    UserToken,
}

/// What can be asked for with a credential. What anybody may do is not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// See one's own account.
    ShowMe,
    /// Change one's own phone number.
    UpdatePhone,
    /// Say whether others find one's fields.
    SetDiscoverable,
    /// See one's own fields.
    ListFields,
    /// Add, replace and remove one's own fields.
    ChangeFields,
    /// Read an authority token; whose, the use case decides.
    ReadAuthorityToken,
    /// End the session.
    LogOut,
    /// Issue or remove one's `token_required`.
    ChangeUserToken,
    /// See the table of domains.
    ListDomains,
    /// Change the table of domains.
    ChangeDomains,
    /// Issue and revoke authority tokens.
    ChangeAuthorityTokens,
    /// See the users.
    ListUsers,
    /// Make a user without a sign-up.
    CreateUser,
}

/// What an operation asks of who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// Any credential of a user.
    User,
    /// A session of a user.
    Session,
    /// A session of an administrator, or the operator.
    Administrator,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 13] = [
        Self::ShowMe,
        Self::UpdatePhone,
        Self::SetDiscoverable,
        Self::ListFields,
        Self::ChangeFields,
        Self::ReadAuthorityToken,
        Self::LogOut,
        Self::ChangeUserToken,
        Self::ListDomains,
        Self::ChangeDomains,
        Self::ChangeAuthorityTokens,
        Self::ListUsers,
        Self::CreateUser,
    ];

    const fn need(self) -> Need {
        match self {
            Self::ShowMe
            | Self::UpdatePhone
            | Self::SetDiscoverable
            | Self::ListFields
            | Self::ChangeFields
            | Self::ReadAuthorityToken => Need::User,
            Self::LogOut | Self::ChangeUserToken => Need::Session,
            Self::ListDomains
            | Self::ChangeDomains
            | Self::ChangeAuthorityTokens
            | Self::ListUsers
            | Self::CreateUser => Need::Administrator,
        }
    }
}

/// Why something may not be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Denied {
    /// Nobody has shown who they are.
    #[error("You need to log in first.")]
    Nobody,
    /// A `token_required` does not reach this.
    #[error("This needs a session: log in and use its access token.")]
    SessionNeeded,
    /// Only administrators may.
    #[error("Only an administrator may do this.")]
    AdministratorNeeded,
    /// The authority token is another domain's.
    #[error("You may read the authority token of the domain of your own verified e-mail address only.")]
    OtherDomain,
}

impl Actor {
    /// Anybody at all.
    #[must_use]
    pub const fn nobody(request: Option<RequestId>) -> Self {
        Self { subject: Subject::Nobody, request }
    }

    /// The operator of this installation.
    #[must_use]
    pub const fn system() -> Self {
        Self { subject: Subject::System, request: None }
    }

    /// The user, if it is one.
    #[must_use]
    pub fn user(&self) -> Option<&User> {
        match &self.subject {
            Subject::User(user, _) => Some(user),
            Subject::Nobody | Subject::System => None,
        }
    }

    /// The user's id, if it is one.
    #[must_use]
    pub fn user_id(&self) -> Option<UserId> {
        self.user().map(|user| user.id)
    }

    /// Whether this is the operator, or an administrator by a session.
    #[must_use]
    pub fn administers(&self) -> bool {
        match &self.subject {
            Subject::System => true,
            Subject::User(user, Credential::Session(_)) => user.administrator,
            Subject::User(_, Credential::UserToken) | Subject::Nobody => false,
        }
    }

    /// Whether the operation is permitted.
    ///
    /// # Errors
    /// Why not.
    pub fn may(&self, operation: Operation) -> Result<(), Denied> {
        match (&self.subject, operation.need()) {
            (Subject::User(user, _), _) if user.state != UserState::Active => Err(Denied::Nobody),
            (Subject::System, Need::Administrator) | (Subject::User(..), Need::User) => Ok(()),
            (Subject::User(_, Credential::Session(_)), Need::Session) => Ok(()),
            (Subject::User(_, Credential::UserToken), _) => Err(Denied::SessionNeeded),
            (Subject::User(..), Need::Administrator) if self.administers() => Ok(()),
            (Subject::User(..), Need::Administrator) => Err(Denied::AdministratorNeeded),
            (Subject::Nobody, _) | (Subject::System, Need::User | Need::Session) => Err(Denied::Nobody),
        }
    }

    /// The user, for an operation on their own account.
    ///
    /// # Errors
    /// Why it is not permitted.
    pub fn owner(&self, operation: Operation) -> Result<&User, Denied> {
        self.may(operation)?;
        self.user().ok_or(Denied::Nobody)
    }

    /// The session, for an operation on it.
    ///
    /// # Errors
    /// Why it is not permitted.
    pub fn session(&self, operation: Operation) -> Result<&Session, Denied> {
        self.may(operation)?;
        match &self.subject {
            Subject::User(_, Credential::Session(session)) => Ok(session),
            _ => Err(Denied::SessionNeeded),
        }
    }
}

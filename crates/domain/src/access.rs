//! Who may do what: one table.
//!
//! It decides on the credential and on the row that was just read, never on a claim in a token.

use thiserror::Error;

use crate::accounts::user::{User, UserState};
use crate::changes::Invariant;
use crate::ids::UserId;
use crate::origin::Origin;
use crate::ports::secrets::SecretDigest;
use crate::sessions::session::Session;

/// Who asks for something, and how they showed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Who it is.
    pub subject: Subject,
    /// Where the request comes from that asks.
    pub origin: Origin,
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
    /// The user's `token_required`, by its digest.
    UserToken(SecretDigest),
}

/// What can be asked for with a credential. What anybody may do is not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// See one's own account.
    ShowMe,
    /// Change one's own phone number.
    UpdatePhone,
    /// Say whether others find one's fields, and which language one reads.
    SetPreferences,
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
    /// Change one's own password.
    ChangePassword,
    /// Ask for another address of one's own.
    ChangeAddress,
    /// See one's own sessions.
    ListSessions,
    /// End one's own sessions.
    EndSessions,
    /// See what happened to one's own account.
    ListOwnEvents,
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
    /// Shut an account, or open it again.
    SetUserState,
    /// See the signing keys.
    ListKeys,
    /// Rotate and revoke signing keys, and change the root secret.
    ChangeKeys,
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
    pub const ALL: [Self; 21] = [
        Self::ShowMe,
        Self::UpdatePhone,
        Self::SetPreferences,
        Self::ListFields,
        Self::ChangeFields,
        Self::ReadAuthorityToken,
        Self::LogOut,
        Self::ChangeUserToken,
        Self::ChangePassword,
        Self::ChangeAddress,
        Self::ListSessions,
        Self::EndSessions,
        Self::ListOwnEvents,
        Self::ListDomains,
        Self::ChangeDomains,
        Self::ChangeAuthorityTokens,
        Self::ListUsers,
        Self::CreateUser,
        Self::SetUserState,
        Self::ListKeys,
        Self::ChangeKeys,
    ];

    const fn need(self) -> Need {
        match self {
            Self::ShowMe
            | Self::UpdatePhone
            | Self::SetPreferences
            | Self::ListFields
            | Self::ChangeFields
            | Self::ReadAuthorityToken => Need::User,
            Self::LogOut
            | Self::ChangeUserToken
            | Self::ChangePassword
            | Self::ChangeAddress
            | Self::ListSessions
            | Self::EndSessions
            | Self::ListOwnEvents => Need::Session,
            Self::ListDomains
            | Self::ChangeDomains
            | Self::ChangeAuthorityTokens
            | Self::ListUsers
            | Self::CreateUser
            | Self::SetUserState
            | Self::ListKeys
            | Self::ChangeKeys => Need::Administrator,
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
    pub const fn nobody(origin: Origin) -> Self {
        Self { subject: Subject::Nobody, origin }
    }

    /// The operator of this installation.
    #[must_use]
    pub fn system() -> Self {
        Self { subject: Subject::System, origin: Origin::default() }
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
            Subject::User(_, Credential::UserToken(_)) | Subject::Nobody => false,
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
            (Subject::User(_, Credential::UserToken(_)), _) => Err(Denied::SessionNeeded),
            (Subject::User(..), Need::Administrator) if self.administers() => Ok(()),
            (Subject::User(..), Need::Administrator) => Err(Denied::AdministratorNeeded),
            (Subject::Nobody, _) | (Subject::System, Need::User | Need::Session) => Err(Denied::Nobody),
        }
    }

    /// What must still hold when an operation is written: what was read when it was permitted may be
    /// over by then.
    #[must_use]
    pub fn requirements(&self, operation: Operation) -> Vec<Invariant> {
        let Subject::User(user, credential) = &self.subject else { return Vec::new() };
        let stands = match credential {
            Credential::Session(session) => Invariant::SessionStands(user.id, session.id),
            Credential::UserToken(digest) => Invariant::UserTokenStands(user.id, digest.clone()),
        };
        let administers = (operation.need() == Need::Administrator).then_some(Invariant::Administrator(user.id));
        [Some(stands), administers].into_iter().flatten().collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::email::EmailAddress;
    use crate::accounts::user_token::HeldUserToken;
    use crate::ids::SessionId;
    use crate::ports::clock::Timestamp;
    use crate::sessions::session::Channel;
    use uuid::Uuid;

    fn user(administrator: bool, state: UserState) -> User {
        User {
            id: UserId::restore(Uuid::from_u128(1)),
            email: EmailAddress::parse("ada@example.org").expect("an address"),
            email_verified_at: None,
            phone_number: None,
            discoverable: false,
            state,
            administrator,
            locale: None,
            user_token: Some(HeldUserToken::default()),
            version: 1,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn by_session(user: User) -> Actor {
        let id = SessionId::restore(Uuid::from_u128(2));
        let session = Session::by_password(id, user.id, Channel::Api, &Origin::default(), Timestamp::UNIX_EPOCH);
        Actor { subject: Subject::User(Box::new(user), Credential::Session(session)), origin: Origin::default() }
    }

    fn by_token(user: User) -> Actor {
        Actor {
            subject: Subject::User(Box::new(user), Credential::UserToken(SecretDigest::restore("digest"))),
            origin: Origin::default(),
        }
    }

    #[test]
    fn the_table_is_complete() {
        use Denied::{AdministratorNeeded, Nobody, SessionNeeded};
        let own = [
            Operation::ShowMe,
            Operation::UpdatePhone,
            Operation::SetPreferences,
            Operation::ListFields,
            Operation::ChangeFields,
            Operation::ReadAuthorityToken,
        ];
        let of_session = [
            Operation::LogOut,
            Operation::ChangeUserToken,
            Operation::ChangePassword,
            Operation::ChangeAddress,
            Operation::ListSessions,
            Operation::EndSessions,
            Operation::ListOwnEvents,
        ];
        let active = |administrator| user(administrator, UserState::Active);
        let (refused, token) = ([Err(Nobody); 3], [Ok(()), Err(SessionNeeded), Err(SessionNeeded)]);
        // What each actor may: what is their own, what is a session's, what is an administrator's.
        let mut table = vec![
            (Actor::nobody(Origin::default()), refused),
            (Actor::system(), [Err(Nobody), Err(Nobody), Ok(())]),
            (by_token(active(false)), token),
            (by_token(active(true)), token),
            (by_session(active(false)), [Ok(()), Ok(()), Err(AdministratorNeeded)]),
            (by_session(active(true)), [Ok(()); 3]),
        ];
        for state in [UserState::Disabled, UserState::Leaving] {
            table.push((by_token(user(true, state)), refused));
            table.push((by_session(user(true, state)), refused));
        }
        for (actor, [on_own, on_session, on_all]) in table {
            for operation in Operation::ALL {
                let expected = match operation {
                    own_one if own.contains(&own_one) => on_own,
                    session_one if of_session.contains(&session_one) => on_session,
                    _ => on_all,
                };
                assert_eq!(actor.may(operation), expected, "{actor:?} {operation:?}");
                assert_eq!(actor.owner(operation).is_ok(), expected.is_ok() && actor.user().is_some());
            }
        }
    }

    #[test]
    fn what_permits_an_operation_must_hold_when_it_is_written() {
        let actor = by_session(user(true, UserState::Active));
        let session = actor.session(Operation::ShowMe).expect("a session").id;
        let (id, digest) = (UserId::restore(Uuid::from_u128(1)), SecretDigest::restore("digest"));
        let stands = Invariant::SessionStands(id, session);
        assert_eq!(actor.requirements(Operation::UpdatePhone), std::slice::from_ref(&stands));
        assert_eq!(actor.requirements(Operation::ChangeDomains), [stands, Invariant::Administrator(id)]);
        let by_token = by_token(user(false, UserState::Active)).requirements(Operation::ChangeFields);
        assert_eq!(by_token, [Invariant::UserTokenStands(id, digest)]);
        for actor in [Actor::nobody(Origin::default()), Actor::system()] {
            assert_eq!(actor.requirements(Operation::ChangeDomains), []);
        }
    }

    #[test]
    fn only_a_session_gives_a_session() {
        let user = user(false, UserState::Active);
        assert!(by_session(user.clone()).session(Operation::ShowMe).is_ok());
        assert_eq!(by_token(user).session(Operation::ShowMe), Err(Denied::SessionNeeded));
        assert_eq!(Actor::system().session(Operation::ListUsers), Err(Denied::SessionNeeded));
    }

    #[test]
    fn an_administrator_is_one_by_a_session_only() {
        assert!(!by_token(user(true, UserState::Active)).administers());
        assert!(by_session(user(true, UserState::Active)).administers());
        assert!(Actor::system().administers() && !Actor::nobody(Origin::default()).administers());
    }
}

//! What an access token says (RFC 9068, RFC 7519).

use std::fmt;

use chrono::TimeDelta;

use crate::accounts::user::User;
use crate::ids::{AccessTokenId, SessionId, UserId};
use crate::ports::clock::Timestamp;
use crate::sessions::session::Session;

/// The longest that an access token may be made to live.
pub const LONGEST_LIFETIME: TimeDelta = TimeDelta::hours(1);

/// The claims of an access token, without `iss` and `aud`: those are the signer's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessClaims {
    /// `sub`: the user.
    pub subject: UserId,
    /// `sid`: the session.
    pub session: SessionId,
    /// `jti`: the token's own id.
    pub id: AccessTokenId,
    /// `iat` and `nbf`, to the second.
    pub issued_at: Timestamp,
    /// `exp`, to the second.
    pub expires_at: Timestamp,
    /// `auth_time`, to the second.
    pub auth_time: Timestamp,
    /// `amr`.
    pub methods: Vec<&'static str>,
    /// `email`: as it was typed.
    pub email: String,
    /// `is_activated`: whether the e-mail address is verified.
    pub is_activated: bool,
    /// `roles`.
    pub roles: Vec<&'static str>,
    /// `domain`: that of the e-mail address, once it is verified.
    pub domain: Option<String>,
}

impl AccessClaims {
    /// All claims of a user and session; a login and a refresh give the same.
    #[must_use]
    pub fn of(user: &User, session: &Session, id: AccessTokenId, now: Timestamp, lifetime: TimeDelta) -> Self {
        Self {
            subject: user.id,
            session: session.id,
            id,
            issued_at: now,
            expires_at: now + lifetime,
            auth_time: session.auth_time,
            methods: session.methods.iter().map(|method| method.name()).collect(),
            email: user.email.as_str().into(),
            is_activated: user.is_activated(),
            roles: user.roles().into_iter().map(crate::accounts::user::Role::name).collect(),
            domain: user.is_activated().then(|| user.email.domain().as_str().into()),
        }
    }
}

/// What this service itself believes of a genuine access token: whose session it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShownSession {
    /// `sub`.
    pub user: UserId,
    /// `sid`.
    pub session: SessionId,
}

/// A signed access token. It hides itself in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(String);

impl AccessToken {
    /// The token that a signer made.
    #[must_use]
    pub fn restore(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The token itself, to be shown once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(..)")
    }
}

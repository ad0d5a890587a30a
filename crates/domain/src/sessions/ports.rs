//! The ports of the sessions.

use async_trait::async_trait;
use thiserror::Error;

use crate::accounts::email::EmailKey;
use crate::accounts::user::User;
use crate::authority::authority_token::StoredAuthorityToken;
use crate::domains::name::DomainName;
use crate::ids::{GrantId, SessionId, UserId};
use crate::land::field::Field;
use crate::origin::Origin;
use crate::ports::clock::Timestamp;
use crate::ports::failure::PortFailure;
use crate::ports::secrets::SecretDigest;
use crate::sessions::arrival::Arrival;
use crate::sessions::claims::{AccessClaims, AccessToken, ShownSession};
use crate::sessions::grant::Grant;
use crate::sessions::session::Session;

/// By what a user is found who shows a credential.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CredentialKey {
    /// The session of an access token.
    Session(SessionId),
    /// The digest of a page secret.
    PageSecret(SecretDigest),
    /// The digest of a `token_required`.
    UserToken(SecretDigest),
}

/// Who holds a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The user, in whatever state.
    pub user: User,
    /// The session, ended or not; `None` for a `token_required`.
    pub session: Option<Session>,
}

/// A grant with its session and user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldGrant {
    /// The grant.
    pub grant: Grant,
    /// Its session, ended or not.
    pub session: Session,
    /// The session's user, in whatever state.
    pub user: User,
}

/// Reads sessions. What it reads MUST be what was last committed, on every replica.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Who holds this credential: user and session by one statement.
    async fn holder(&self, key: &CredentialKey) -> Result<Option<Holder>, PortFailure>;

    /// The same and the user's first `limit` fields in the order of their ids, by one statement unless these are many.
    /// It may leave off once they have more than [`SHOWN_POSITIONS`](crate::land::field::SHOWN_POSITIONS).
    async fn holder_with_fields(
        &self,
        key: &CredentialKey,
        limit: usize,
    ) -> Result<Option<(Holder, Vec<Field>)>, PortFailure>;

    /// The same and the authority token of a domain, if it has one, by one statement.
    async fn holder_with_authority_token(
        &self,
        key: &CredentialKey,
        domain: &DomainName,
    ) -> Result<Option<(Holder, Option<StoredAuthorityToken>)>, PortFailure>;

    /// At most `limit` sessions of a user that have not ended and do not end by `now`, the one used last
    /// first.
    async fn of_user(&self, user: UserId, now: Timestamp, limit: usize) -> Result<Vec<Session>, PortFailure>;

    /// A grant with its session and user.
    async fn by_grant(&self, grant: GrantId) -> Result<Option<HeldGrant>, PortFailure>;
}

/// Reads what a login is judged by.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Arrivals: Send + Sync {
    /// The account of this primary address, and how it knows the place that the request comes from, by one
    /// statement. It MUST be what was last committed; an address of nobody MUST cost as much as another.
    async fn arrival(&self, email: &EmailKey, origin: &Origin) -> Result<Arrival, PortFailure>;
}

/// Notes when a session of the pages, or a `token_required`, was last used.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait LastSeen: Send + Sync {
    /// Moves `last_seen_at` on to `at`; never back, and never of an ended session.
    async fn note(&self, session: SessionId, at: Timestamp) -> Result<(), PortFailure>;

    /// Moves the last use of the `token_required` of this digest on to `at`; never back.
    async fn note_user_token(&self, digest: &SecretDigest, at: Timestamp) -> Result<(), PortFailure>;
}

/// Signs and verifies access tokens.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait TokenSigner: Send + Sync {
    /// Signs the claims with the active key.
    ///
    /// # Errors
    /// When there is no key, or the signature fails.
    fn sign(&self, claims: &AccessClaims) -> Result<AccessToken, PortFailure>;

    /// Verifies a token at the time `now`. An adapter MUST check signature, `typ`, `iss`, `exp`,
    /// `nbf` and `iat`, take the algorithm from the key and never from the token, and ignore every
    /// key that the token itself brings.
    ///
    /// # Errors
    /// When the token is not genuine or not valid now.
    fn verify(&self, token: &str, now: Timestamp) -> Result<ShownSession, TokenRefused>;
}

/// An access token is not genuine, or not valid now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the access token is not valid")]
pub struct TokenRefused;

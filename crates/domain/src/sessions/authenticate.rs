//! Who asks, and whether they may.

use std::sync::Arc;

use thiserror::Error;

use crate::access::{Actor, Credential, Denied, Operation, Subject};
use crate::accounts::user_token::UserToken;
use crate::authority::authority_token::StoredAuthorityToken;
use crate::domains::name::DomainName;
use crate::ids::UserId;
use crate::land::field::Field;
use crate::origin::Origin;
use crate::ports::clock::{Clock, Timestamp};
use crate::ports::failure::PortFailure;
use crate::ports::secrets::SecretKeeper;
use crate::sessions::page_secret::PageSecret;
use crate::sessions::ports::{CredentialKey, Holder, LastSeen, Sessions, TokenSigner};

/// What somebody shows to say who they are.
#[derive(Clone, Copy)]
pub enum Shown<'a> {
    /// A bearer token: an access token or a `token_required`.
    Bearer(&'a str),
    /// The secret of a session of the pages.
    Page(&'a str),
}

/// Why somebody is not let in.
#[derive(Debug, Error)]
pub enum AuthenticateError {
    /// What they show is forged, expired, ended or unknown.
    #[error("The credential is not valid.")]
    NotValid,
    /// They are known, but may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Finds out who asks. User and session are read anew each time, so that a logout or a disabled
/// account counts at once, on every replica.
pub struct Authenticate {
    /// Verifies access tokens.
    pub signer: Arc<dyn TokenSigner>,
    /// Hashes opaque secrets.
    pub keeper: Arc<dyn SecretKeeper>,
    /// Reads user and session.
    pub sessions: Arc<dyn Sessions>,
    /// Notes the use of a `token_required`.
    pub last_seen: Arc<dyn LastSeen>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl Authenticate {
    /// Who shows this, if they may do the operation.
    ///
    /// # Errors
    /// When the credential is not valid, the operation is not permitted, or a port fails.
    pub async fn run(
        &self,
        shown: Shown<'_>,
        operation: Operation,
        origin: Origin,
    ) -> Result<Actor, AuthenticateError> {
        let now = self.clock.now();
        let key = self.key(shown, now).ok_or(AuthenticateError::NotValid)?;
        let holder = self.sessions.holder(&key.by).await?;
        self.let_in(holder, &key, operation, origin, now).await
    }

    /// The same, with the user's first `limit` fields, by one statement unless these are many.
    ///
    /// # Errors
    /// As for [`Self::run`].
    pub async fn with_fields(
        &self,
        shown: Shown<'_>,
        operation: Operation,
        origin: Origin,
        limit: usize,
    ) -> Result<(Actor, Vec<Field>), AuthenticateError> {
        let now = self.clock.now();
        let key = self.key(shown, now).ok_or(AuthenticateError::NotValid)?;
        let (holder, fields) = self.sessions.holder_with_fields(&key.by, limit).await?.unzip();
        let actor = self.let_in(holder, &key, operation, origin, now).await?;
        Ok((actor, fields.unwrap_or_default()))
    }

    /// The same, with the authority token of a domain, whoever may read it, by one statement.
    ///
    /// # Errors
    /// As for [`Self::run`].
    pub async fn with_authority_token(
        &self,
        shown: Shown<'_>,
        operation: Operation,
        origin: Origin,
        domain: &DomainName,
    ) -> Result<(Actor, Option<StoredAuthorityToken>), AuthenticateError> {
        let now = self.clock.now();
        let key = self.key(shown, now).ok_or(AuthenticateError::NotValid)?;
        let (holder, token) = self.sessions.holder_with_authority_token(&key.by, domain).await?.unzip();
        let actor = self.let_in(holder, &key, operation, origin, now).await?;
        Ok((actor, token.flatten()))
    }

    async fn let_in(
        &self,
        holder: Option<Holder>,
        key: &Key,
        operation: Operation,
        origin: Origin,
        now: Timestamp,
    ) -> Result<Actor, AuthenticateError> {
        let actor = admit(holder.ok_or(AuthenticateError::NotValid)?, key, operation, origin, now)?;
        self.note_use(&actor, now).await;
        Ok(actor)
    }

    /// The request does not depend on it: what is not noted now, the next use notes.
    async fn note_use(&self, actor: &Actor, now: Timestamp) {
        let Subject::User(user, Credential::UserToken(digest)) = &actor.subject else { return };
        if user.user_token.is_some_and(|held| held.notes_use(now)) {
            let _ = self.last_seen.note_user_token(digest, now).await;
        }
    }

    fn key(&self, shown: Shown<'_>, now: Timestamp) -> Option<Key> {
        match shown {
            Shown::Bearer(text) if text.starts_with(UserToken::PREFIX) => {
                let token = UserToken::parse(text)?;
                Some(Key::of(CredentialKey::UserToken(self.keeper.digest(token.reveal()))))
            }
            Shown::Bearer(text) => {
                let shown = self.signer.verify(text, now).ok()?;
                Some(Key { by: CredentialKey::Session(shown.session), user: Some(shown.user) })
            }
            Shown::Page(text) => {
                let secret = PageSecret::parse(text)?;
                Some(Key::of(CredentialKey::PageSecret(self.keeper.digest(secret.reveal()))))
            }
        }
    }
}

/// By what to look somebody up, and who it must be if the credential says so itself.
struct Key {
    by: CredentialKey,
    user: Option<UserId>,
}

impl Key {
    const fn of(by: CredentialKey) -> Self {
        Self { by, user: None }
    }
}

fn admit(
    holder: Holder,
    key: &Key,
    operation: Operation,
    origin: Origin,
    now: Timestamp,
) -> Result<Actor, AuthenticateError> {
    if key.user.is_some_and(|user| user != holder.user.id) {
        return Err(AuthenticateError::NotValid);
    }
    let credential = match (holder.session, &key.by) {
        (Some(session), _) if session.holds(now) => Credential::Session(session),
        (None, CredentialKey::UserToken(digest)) if holder.user.user_token.is_some_and(|held| held.holds(now)) => {
            Credential::UserToken(digest.clone())
        }
        _ => return Err(AuthenticateError::NotValid),
    };
    let actor = Actor { subject: Subject::User(Box::new(holder.user), credential), origin };
    match actor.may(operation) {
        Ok(()) => Ok(actor),
        // The account is disabled: to the caller the credential is as good as none.
        Err(Denied::Nobody) => Err(AuthenticateError::NotValid),
        Err(denied) => Err(denied.into()),
    }
}

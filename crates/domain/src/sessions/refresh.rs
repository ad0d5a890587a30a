//! A refresh token is exchanged for the next.

use std::sync::Arc;

use chrono::TimeDelta;
use thiserror::Error;

use crate::access::Actor;
use crate::accounts::user::UserState;
use crate::changes::{Changes, SessionChange};
use crate::events::{Event, EventKind, EventSubject};
use crate::ids::AccessTokenId;
use crate::mail::letter::Template;
use crate::mail::queue::tell;
use crate::ports::clock::{Clock, Timestamp};
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::ports::ledger::{Ledger, Rejected};
use crate::ports::secrets::SecretKeeper;
use crate::sessions::claims::AccessClaims;
use crate::sessions::grant::Presented;
use crate::sessions::log_in::IssuedTokens;
use crate::sessions::ports::{HeldGrant, Sessions, TokenSigner};
use crate::sessions::refresh_token::RefreshToken;
use crate::sessions::session::EndReason;

/// How often a refresh decides again when somebody else was faster.
const ATTEMPTS: usize = 3;

/// Why there are no new tokens.
#[derive(Debug, Error)]
pub enum RefreshError {
    /// The refresh token is forged, used, expired, or its session is over.
    #[error("The refresh token is not valid.")]
    NotValid,
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Exchanges a refresh token (RFC 9700, section 4.14): each generation is used once, the one before
/// is answered with the current one for a moment, an older one ends the session.
pub struct Refresh {
    /// Reads grant, session and user.
    pub sessions: Arc<dyn Sessions>,
    /// Signs the access token.
    pub signer: Arc<dyn TokenSigner>,
    /// Reads and makes refresh tokens.
    pub keeper: Arc<dyn SecretKeeper>,
    /// Writes.
    pub ledger: Arc<dyn Ledger>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
    /// How long an access token lives.
    pub access_token_lifetime: TimeDelta,
}

impl Refresh {
    /// New tokens for a genuine refresh token.
    ///
    /// # Errors
    /// When it is not valid, or a port fails.
    pub async fn run(&self, actor: &Actor, refresh_token: &str) -> Result<IssuedTokens, RefreshError> {
        let presented = RefreshToken::read(refresh_token, &*self.keeper).ok_or(RefreshError::NotValid)?;
        for _ in 1..ATTEMPTS {
            match self.attempt(actor, presented).await? {
                Attempt::Issued(tokens) => return Ok(tokens),
                Attempt::Overtaken => {}
            }
        }
        match self.attempt(actor, presented).await? {
            Attempt::Issued(tokens) => Ok(tokens),
            Attempt::Overtaken => Err(Rejected::Stale.unexpected().into()),
        }
    }

    async fn attempt(&self, actor: &Actor, presented: RefreshToken) -> Result<Attempt, RefreshError> {
        let held = self.sessions.by_grant(presented.grant).await?.ok_or(RefreshError::NotValid)?;
        let now = self.clock.now();
        if !held.session.holds(now) || held.user.state != UserState::Active {
            return Err(RefreshError::NotValid);
        }
        match held.grant.on_presented(presented.generation, now) {
            Presented::Rotate(to) => {
                // Signed first: a grant that has moved on is never without its tokens.
                let tokens = self.tokens(&held, to, now)?;
                let applied = self.ledger.apply(self.rotation(actor, &held, to, now)).await;
                Ok(not_overtaken(applied)?.map_or(Attempt::Overtaken, |()| Attempt::Issued(tokens)))
            }
            Presented::Repeat(generation) => Ok(Attempt::Issued(self.tokens(&held, generation, now)?)),
            Presented::Reused => {
                not_overtaken(self.ledger.apply(self.ending(actor, &held, now)).await)?;
                Err(RefreshError::NotValid)
            }
            Presented::Unknown => Err(RefreshError::NotValid),
        }
    }

    fn rotation(&self, actor: &Actor, held: &HeldGrant, to: u32, at: Timestamp) -> Changes {
        let (grant, session) = (held.grant.id, held.session.id);
        let subject = EventSubject::new("session", session);
        let event = Event::now(EventKind::SessionRefreshed, actor, subject, at, &*self.entropy)
            .by(held.user.id)
            .with("generation", to);
        Changes::new(event).with(SessionChange::Rotate { grant, session, from: held.grant.generation, to, at })
    }

    fn ending(&self, actor: &Actor, held: &HeldGrant, at: Timestamp) -> Changes {
        let session = held.session.id;
        let subject = EventSubject::new("session", session);
        let event = Event::now(EventKind::RefreshTokenReused, actor, subject, at, &*self.entropy)
            .about(held.user.id)
            .with("grant", held.grant.id);
        let end = SessionChange::End { session, reason: EndReason::ReuseDetected, at };
        let told = tell(&held.user, Template::RefreshTokenReused, &actor.origin, at, &*self.entropy);
        Changes::new(event).with(end).with(told)
    }

    fn tokens(&self, held: &HeldGrant, generation: u32, now: Timestamp) -> Result<IssuedTokens, PortFailure> {
        let id = AccessTokenId::fresh(now, &*self.entropy);
        let claims = AccessClaims::of(&held.user, &held.session, id, now, self.access_token_lifetime);
        Ok(IssuedTokens {
            access_token: self.signer.sign(&claims)?,
            expires_in: self.access_token_lifetime,
            refresh_token: RefreshToken { grant: held.grant.id, generation }.issue(&*self.keeper),
        })
    }
}

enum Attempt {
    Issued(IssuedTokens),
    Overtaken,
}

/// `None` when somebody else has moved the grant on or ended the session meanwhile.
fn not_overtaken<T>(applied: Result<T, Rejected>) -> Result<Option<()>, PortFailure> {
    match applied {
        Ok(_) => Ok(Some(())),
        Err(Rejected::Stale) => Ok(None),
        Err(other) => Err(other.unexpected()),
    }
}

//! A user logs in.

mod judgement;

use std::sync::Arc;

use chrono::TimeDelta;
use thiserror::Error;

use crate::access::Actor;
use crate::accounts::answers::Answers;
use crate::accounts::email::EmailAddress;
use crate::accounts::password::Password;
use crate::accounts::password_hash::PasswordHash;
use crate::accounts::ports::{HashFailure, PasswordHashing, Turn};
use crate::accounts::user::User;
use crate::changes::account::AccountChange;
use crate::changes::{Change, Changes, SessionChange};
use crate::events::{Event, EventKind, EventSubject};
use crate::ids::{AccessTokenId, GrantId, SessionId};
use crate::mail::letter::Template;
use crate::mail::queue::tell;
use crate::ports::clock::{Clock, Timestamp};
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::ports::ledger::{Ledger, Rejected};
use crate::ports::secrets::{SealedSecret, SecretKeeper};
use crate::sessions::arrival::{Arrival, Place};
use crate::sessions::claims::{AccessClaims, AccessToken};
use crate::sessions::grant::Grant;
use crate::sessions::known_browser::{KnownBrowser, remember};
use crate::sessions::page_secret::PageSecret;
use crate::sessions::ports::{Arrivals, TokenSigner};
use crate::sessions::refresh_token::{IssuedRefreshToken, RefreshToken};
use crate::sessions::session::{Channel, Session};
use crate::throttles::gate::{self, Gate};
use crate::throttles::limits::{GateError, TooMany};
use judgement::Reason;

/// How often a login starts over when the account changes under it.
const ATTEMPTS: usize = 3;

/// What a user logs in with.
#[derive(Clone, Debug)]
pub struct Command {
    /// The e-mail address.
    pub email: EmailAddress,
    /// The password.
    pub password: Password,
    /// Where.
    pub channel: Channel,
}

/// What came of it. A second factor will be one more arm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The user is signed in.
    SignedIn(Box<SignedIn>),
}

/// A user who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// The user.
    pub user: User,
    /// The session.
    pub session: Session,
    /// What shows it.
    pub credential: IssuedCredential,
    /// What a browser is to keep to be known the next time.
    pub browser: Option<SealedSecret>,
}

/// What shows a new session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssuedCredential {
    /// Tokens, for the API.
    Tokens(IssuedTokens),
    /// A secret for the cookie of the pages.
    PageSecret(PageSecret),
}

/// The tokens of a login or a refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedTokens {
    /// The access token.
    pub access_token: AccessToken,
    /// How long it lives.
    pub expires_in: TimeDelta,
    /// The refresh token.
    pub refresh_token: IssuedRefreshToken,
}

/// Why a user is not signed in.
#[derive(Debug, Error)]
pub enum LogInError {
    /// Nobody has the address.
    #[error("User does not exist")]
    UnknownUser,
    /// The password is another.
    #[error("Wrong password")]
    WrongPassword,
    /// The password is right, but the account cannot be used.
    #[error("This account is disabled.")]
    Disabled,
    /// The password is right, but the address has to be verified first.
    #[error("Verify your e-mail address first: look into your mail.")]
    Unverified,
    /// Any of these, where strangers are told nothing more.
    #[error("E-mail address or password is wrong, or the account cannot be used.")]
    Refused,
    /// The address or the account was tried too often.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The password could not be compared now.
    #[error(transparent)]
    Hash(#[from] HashFailure),
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// What an installation asks of a login beside the right password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogInRules {
    /// How much a refusal tells.
    pub answers: Answers,
    /// Whether only users with a verified address log in.
    pub require_verified_email: bool,
}

impl LogInRules {
    /// Whether only users with a verified address log in.
    #[must_use]
    pub fn wants_verified(&self) -> bool {
        self.require_verified_email || self.answers == Answers::Hardened
    }
}

impl From<GateError> for LogInError {
    fn from(error: GateError) -> Self {
        match error {
            GateError::TooMany(too_many) => too_many.into(),
            GateError::Failed(failure) => failure.into(),
        }
    }
}

impl LogInError {
    /// What the login tells of the password.
    const fn verdict(&self) -> gate::Verdict {
        match self {
            // Where strangers are told nothing more, a delay tells them nothing either.
            Self::UnknownUser | Self::WrongPassword | Self::Refused => gate::Verdict::Wrong,
            Self::Disabled | Self::Unverified => gate::Verdict::Right,
            Self::TooMany(_) | Self::Hash(_) | Self::Failed(_) => gate::Verdict::Unknown,
        }
    }
}

/// Logs a user in.
pub struct LogIn {
    /// Refuses what was tried too often, before anything is compared.
    pub gate: Arc<Gate>,
    /// What else is asked.
    pub rules: LogInRules,
    /// Reads the account, and whether it was used from there before.
    pub arrivals: Arc<dyn Arrivals>,
    /// Compares the password.
    pub hashing: Arc<dyn PasswordHashing>,
    /// Signs the access token.
    pub signer: Arc<dyn TokenSigner>,
    /// Makes the refresh token and hashes the page secret.
    pub keeper: Arc<dyn SecretKeeper>,
    /// Writes.
    pub ledger: Arc<dyn Ledger>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids and secrets.
    pub entropy: Arc<dyn Entropy>,
    /// How long an access token lives.
    pub access_token_lifetime: TimeDelta,
}

impl LogIn {
    /// Logs a user in. An unknown user costs as much time as a known one, and nothing is held in the
    /// database while the password is compared.
    ///
    /// # Errors
    /// Why the user is not signed in.
    pub async fn run(&self, actor: &Actor, command: Command) -> Result<Outcome, LogInError> {
        let turn = self.hashing.keep_place(Turn::log_in(&actor.origin))?;
        let (guess, arrival) = self.gate.log_in(&*self.arrivals, &actor.origin, command.email.key()).await?;
        let outcome = self.attempts(actor, &command, arrival, turn).await;
        self.gate.settle(guess, outcome.as_ref().map_or_else(LogInError::verdict, |_| gate::Verdict::Right)).await;
        outcome
    }

    async fn attempts(
        &self,
        actor: &Actor,
        command: &Command,
        arrival: Arrival,
        turn: Turn,
    ) -> Result<Outcome, LogInError> {
        let (mut arrival, mut turn) = (arrival, turn);
        for _ in 1..ATTEMPTS {
            match self.attempt(actor, command, arrival, turn).await {
                Err(Failed::Rejected(Rejected::Stale)) => {}
                other => return other.map_err(Failed::into_error),
            }
            arrival = self.arrivals.arrival(command.email.key(), &actor.origin).await?;
            turn = Turn::log_in(&actor.origin);
        }
        self.attempt(actor, command, arrival, turn).await.map_err(Failed::into_error)
    }

    async fn attempt(&self, actor: &Actor, command: &Command, arrival: Arrival, turn: Turn) -> Result<Outcome, Failed> {
        let Arrival { account, place } = arrival;
        let (user, stored) = account.map_or((None, None), |account| (Some(account.user), account.password));
        let verdict = self.hashing.verify(command.password.clone(), stored.clone(), turn).await;
        let verdict = verdict.map_err(LogInError::from)?;
        let (user, verified, outdated) = match self.rules.judge(user.as_ref(), stored, verdict) {
            Ok((verified, outdated)) => (user.ok_or(LogInError::UnknownUser)?, verified, outdated),
            Err(reason) => return Err(self.refuse(actor, command, user.as_ref(), reason).await.into()),
        };
        let rehashed = if outdated { self.rehash(actor, &command.password).await? } else { None };
        let now = self.clock.now();
        let session_id = SessionId::fresh(now, &*self.entropy);
        let session = Session::by_password(session_id, user.id, command.channel, &actor.origin, now);
        let told = self.tell_of_new_device(actor, &user, &verified, place, now).await.map_err(LogInError::from)?;
        let (credential, changes) = self.open(actor, &user, &session, verified.clone(), now)?;
        let browser = self.remember(actor, &session, rehashed.as_ref().unwrap_or(&verified), now)?;
        let rehash = rehashed.map(|to| AccountChange::Rehash { user: user.id, from: verified, to });
        self.ledger.apply(changes.with_all(rehash).with_all(told)).await.map_err(Failed::Rejected)?;
        Ok(Outcome::SignedIn(Box::new(SignedIn { user, session, credential, browser })))
    }

    /// Records a login that is refused, and gives what is said of it. Each refusal costs the same: one event,
    /// also of somebody whom nobody knows.
    async fn refuse(&self, actor: &Actor, command: &Command, user: Option<&User>, reason: Reason) -> LogInError {
        let subject = match user {
            Some(user) => EventSubject::new("user", user.id),
            None => EventSubject::address(&command.email, &*self.keeper),
        };
        let event = Event::now(EventKind::LogInRefused, actor, subject, self.clock.now(), &*self.entropy)
            .with("reason", reason.name())
            .with("channel", command.channel.name());
        let event = user.into_iter().fold(event, |event, user| event.about(user.id));
        match self.ledger.apply(Changes::new(event)).await {
            Ok(_) => reason.told(self.rules.answers),
            Err(rejected) => rejected.unexpected().into(),
        }
    }

    /// The letter to a user who has signed in before, but never with this device from this network. Where
    /// either is not known, nothing can be said; a browser that is known is not new, wherever it is.
    async fn tell_of_new_device(
        &self,
        actor: &Actor,
        user: &User,
        verified: &PasswordHash,
        place: Place,
        now: Timestamp,
    ) -> Result<Option<Change>, PortFailure> {
        let origin = &actor.origin;
        let is_clear = origin.address.is_some() && origin.device.is_some();
        let is_known = |browser: &KnownBrowser| browser.knows(user.id, verified, &*self.keeper);
        let is_new = is_clear && place.is_new_device() && !origin.browser.as_ref().is_some_and(is_known);
        let is_told = is_new && self.gate.may_tell(origin, user, Template::NewDevice).await?;
        Ok(is_told.then(|| tell(user, Template::NewDevice, origin, now, &*self.entropy)))
    }

    /// What the browser is to keep; a program that uses the API keeps nothing.
    fn remember(
        &self,
        actor: &Actor,
        session: &Session,
        stored: &PasswordHash,
        now: Timestamp,
    ) -> Result<Option<SealedSecret>, LogInError> {
        if session.channel == Channel::Api {
            return Ok(None);
        }
        Ok(Some(remember(&actor.origin, session.user, stored, &*self.keeper, &*self.entropy, now)?))
    }

    /// A new hash with the parameters of today. When there is no room for it now, the old one stays
    /// until the next login.
    async fn rehash(&self, actor: &Actor, password: &Password) -> Result<Option<PasswordHash>, LogInError> {
        match self.hashing.hash(password.clone(), Turn::log_in(&actor.origin)).await {
            Ok(hash) => Ok(Some(hash)),
            Err(HashFailure::Overloaded { .. }) => Ok(None),
            Err(HashFailure::Failed(failure)) => Err(failure.into()),
        }
    }

    /// What shows the session, and the plan that opens it.
    fn open(
        &self,
        actor: &Actor,
        user: &User,
        session: &Session,
        verified: PasswordHash,
        now: Timestamp,
    ) -> Result<(IssuedCredential, Changes), LogInError> {
        let subject = EventSubject::new("session", session.id);
        let event = Event::now(EventKind::SessionStarted, actor, subject, now, &*self.entropy)
            .by(user.id)
            .with("channel", session.channel.name());
        let changes = Changes::new(event);
        let open = |page_secret| SessionChange::Open { session: session.clone(), page_secret, verified };
        match session.channel {
            Channel::Pages => {
                let secret = PageSecret::fresh(&*self.entropy);
                let changes = changes.with(open(Some(self.keeper.digest(secret.reveal()))));
                Ok((IssuedCredential::PageSecret(secret), changes))
            }
            Channel::Api => {
                let id = GrantId::fresh(now, &*self.entropy);
                let grant = Grant { id, session: session.id, generation: 0, rotated_at: now };
                let tokens = self.tokens(user, session, now, RefreshToken { grant: id, generation: 0 })?;
                let changes = changes.with(open(None)).with(SessionChange::AddGrant { grant, at: now });
                Ok((IssuedCredential::Tokens(tokens), changes))
            }
        }
    }

    fn tokens(
        &self,
        user: &User,
        session: &Session,
        now: Timestamp,
        refresh_token: RefreshToken,
    ) -> Result<IssuedTokens, PortFailure> {
        let id = AccessTokenId::fresh(now, &*self.entropy);
        let claims = AccessClaims::of(user, session, id, now, self.access_token_lifetime);
        Ok(IssuedTokens {
            access_token: self.signer.sign(&claims)?,
            expires_in: self.access_token_lifetime,
            refresh_token: refresh_token.issue(&*self.keeper),
        })
    }
}

/// How an attempt fails: for good, or because the account changed under it.
enum Failed {
    Rejected(Rejected),
    Error(LogInError),
}

impl Failed {
    fn into_error(self) -> LogInError {
        match self {
            Self::Rejected(rejected) => rejected.unexpected().into(),
            Self::Error(error) => error,
        }
    }
}

impl From<LogInError> for Failed {
    fn from(error: LogInError) -> Self {
        Self::Error(error)
    }
}

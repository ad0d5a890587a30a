//! Somebody asks for a mail that only the owner of an address can read.

use std::sync::Arc;

use thiserror::Error;

use crate::access::Actor;
use crate::accounts::answers::Answers;
use crate::accounts::email::EmailAddress;
use crate::accounts::ports::Accounts;
use crate::accounts::user::{User, UserState};
use crate::changes::{Changes, Invariant};
use crate::events::{Event, EventKind, EventSubject};
use crate::mail::letter::Template;
use crate::mail::mailed_token::MailedTokenPurpose;
use crate::mail::queue::mail_token;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::ports::ledger::{Ledger, Rejected};
use crate::ports::secrets::SecretKeeper;
use crate::throttles::gate::Gate;
use crate::throttles::limits::{GateError, StrangersMail, Throttled, TooMany};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The mail that verifies the address.
    Verification,
    /// The mail that lets its reader choose a new password.
    NewPassword,
}

/// Why it was not even looked whether there is somebody to get the mail.
#[derive(Debug, Error)]
pub enum AskByMailError {
    /// Too many were asked for from the same address.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

impl From<GateError> for AskByMailError {
    fn from(error: GateError) -> Self {
        match error {
            GateError::TooMany(too_many) => too_many.into(),
            GateError::Failed(failure) => failure.into(),
        }
    }
}

/// Sends such mails. Whoever asks learns nothing: neither whether there is such a user, nor whether a mail
/// goes out.
pub struct AskByMail {
    /// Refuses what was tried too often.
    pub gate: Arc<Gate>,
    /// How much strangers are told. Where that is nothing, anybody may have signed up with an address that is not
    /// verified: then it is verified by choosing a password, so that nobody opens an account with somebody else's.
    pub answers: Answers,
    /// Reads the account.
    pub accounts: Arc<dyn Accounts>,
    /// Hides the addresses of nobody in events.
    pub keeper: Arc<dyn SecretKeeper>,
    /// Writes.
    pub ledger: Arc<dyn Ledger>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

impl AskByMail {
    /// Queues the mail if there is somebody to get it. The two cases write different things: an adapter MUST let its
    /// answer wait as [`even_time`](crate::accounts::even_time) says.
    /// Of what was asked for too often for one address nothing comes, whether it is somebody's or not.
    ///
    /// # Errors
    /// When too many were asked for from where this comes from, or a port fails.
    pub async fn run(&self, actor: &Actor, wanted: Wanted, email: &EmailAddress) -> Result<(), AskByMailError> {
        self.gate.enter(&actor.origin, Throttled::AskByMail).await?;
        if !self.gate.may_mail(&actor.origin, email.key(), wanted.mail()).await? {
            return Ok(());
        }
        let account = self.accounts.by_email(email.key()).await?;
        let user = account.map(|account| account.user).filter(|user| wanted.is_for(user));
        let changes = user.as_ref().map_or_else(|| self.nothing(actor, email), |user| self.mail(actor, wanted, user));
        let written = match self.ledger.apply(changes).await {
            // The account was shut a moment ago, which has ended what was sent before.
            Err(Rejected::Broken(Invariant::Active(_))) => self.ledger.apply(self.nothing(actor, email)).await,
            written => written,
        };
        written.map(|_| ()).map_err(|rejected| rejected.unexpected().into())
    }

    fn mail(&self, actor: &Actor, wanted: Wanted, user: &User) -> Changes {
        let (at, subject) = (self.clock.now(), EventSubject::new("user", user.id));
        let (kind, purpose, template) = match (wanted, self.answers) {
            (Wanted::Verification, Answers::Contract) => {
                (EventKind::VerificationSent, MailedTokenPurpose::VerifyAddress, Template::VerifyAddress)
            }
            (Wanted::Verification, Answers::Hardened) | (Wanted::NewPassword, _) => {
                (EventKind::PasswordResetSent, MailedTokenPurpose::ResetPassword, Template::ResetPassword)
            }
        };
        let event = Event::now(kind, actor, subject, at, &*self.entropy).about(user.id);
        let active = Invariant::Active(user.id);
        Changes::new(event).with(active).with_all(mail_token(user, purpose, template, at, &*self.entropy))
    }

    fn nothing(&self, actor: &Actor, email: &EmailAddress) -> Changes {
        let subject = EventSubject::address(email, &*self.keeper);
        Changes::new(Event::now(EventKind::MailNotSent, actor, subject, self.clock.now(), &*self.entropy))
    }
}

impl Wanted {
    const fn mail(self) -> StrangersMail {
        match self {
            Self::Verification => StrangersMail::Other,
            Self::NewPassword => StrangersMail::Reset,
        }
    }

    /// Whether this user gets the mail: who is verified needs no verification.
    fn is_for(self, user: &User) -> bool {
        user.state == UserState::Active && (self == Self::NewPassword || !user.is_activated())
    }
}

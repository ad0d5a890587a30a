//! Somebody shows that an address is theirs.

use std::sync::Arc;

use chrono::TimeDelta;
use thiserror::Error;

use crate::access::Actor;
use crate::accounts::email::EmailAddress;
use crate::changes::account::AccountChange;
use crate::changes::{Changes, MailChange, SessionChange};
use crate::domains::policy::DefaultPolicy;
use crate::domains::ports::DomainRules;
use crate::events::{Event, EventKind, EventSubject};
use crate::mail::delivery::Delivery;
use crate::mail::letter::{Letter, Template};
use crate::mail::mailed_token::{MailedToken, MailedTokenPurpose, MailedTokenRefused};
use crate::mail::ports::HeldMailedToken;
use crate::mail::redeem::{Redeem, RedeemError, count_refused};
use crate::ports::clock::{Clock, Timestamp};
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::sessions::session::EndReason;
use crate::throttles::gate::Gate;
use crate::throttles::limits::{GateError, TooMany};

/// Uses a token that was mailed to an address: it verifies the address, or makes it the user's.
pub struct ConfirmAddress {
    /// Refuses what was tried too often.
    pub gate: Arc<Gate>,
    /// Uses the token.
    pub redeem: Arc<Redeem>,
    /// What holds for unlisted domains.
    pub default_policy: DefaultPolicy,
    /// The table of domains.
    pub domains: Arc<dyn DomainRules>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

/// What a token does to its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// It is verified as the user's.
    Verified(EmailAddress),
    /// It takes the place of the user's address.
    Changed(EmailAddress),
}

/// Why nothing was confirmed.
#[derive(Debug, Error)]
pub enum ConfirmAddressError {
    /// The token is not valid.
    #[error(transparent)]
    NotValid(#[from] MailedTokenRefused),
    /// Too many tokens were presented from the same address.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The domain of the new address is not allowed any more.
    #[error("E-mail addresses of this domain are not allowed.")]
    NotAllowed,
    /// Another account has the new address, or has left it a short while ago.
    #[error("Another account has this e-mail address.")]
    AddressTaken,
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

impl From<RedeemError> for ConfirmAddressError {
    fn from(error: RedeemError) -> Self {
        match error {
            RedeemError::NotValid(refused) => refused.into(),
            RedeemError::TooMany(too_many) => too_many.into(),
            RedeemError::AddressTaken => Self::AddressTaken,
            RedeemError::Failed(failure) => failure.into(),
        }
    }
}

impl From<GateError> for ConfirmAddressError {
    fn from(error: GateError) -> Self {
        match error {
            GateError::TooMany(too_many) => too_many.into(),
            GateError::Failed(failure) => failure.into(),
        }
    }
}

const PURPOSES: [MailedTokenPurpose; 2] = [MailedTokenPurpose::VerifyAddress, MailedTokenPurpose::ChangeAddress];

impl ConfirmAddress {
    /// What the token would do now. Nothing changes by that, and the token is not used.
    ///
    /// # Errors
    /// When the token is not valid, or a port fails.
    pub async fn look(&self, token: &str) -> Result<Confirmation, ConfirmAddressError> {
        let held = self.redeem.look(token, &PURPOSES, self.clock.now()).await?;
        Ok(confirmation(&held)?)
    }

    /// Does it, if the token still fits its user. A new address ends all sessions; the address before is told
    /// how to undo that, and reserved for as long.
    ///
    /// # Errors
    /// Why nothing was confirmed.
    pub async fn run(&self, actor: &Actor, token: &str) -> Result<Confirmation, ConfirmAddressError> {
        let at = self.clock.now();
        let held = count_refused(&self.gate, &actor.origin, self.redeem.look(token, &PURPOSES, at).await).await?;
        if let Confirmation::Changed(address) = confirmation(&held)? {
            let row = self.domains.of(address.domain()).await?;
            if !self.default_policy.admits(row.map(|rule| rule.belongs_to)) {
                return Err(ConfirmAddressError::NotAllowed);
            }
        }
        let plan = |held: &HeldMailedToken| match confirmation(held).ok()? {
            Confirmation::Verified(_) => Some(self.verify(actor, held, at)),
            Confirmation::Changed(address) => Some(self.change(actor, held, address, at)),
        };
        let held = self.redeem.run(token, &PURPOSES, at, plan).await?;
        Ok(confirmation(&held)?)
    }

    fn verify(&self, actor: &Actor, held: &HeldMailedToken, at: Timestamp) -> Changes {
        let (user, subject) = (&held.user, EventSubject::new("user", held.user.id));
        let event = Event::now(EventKind::AddressVerified, actor, subject, at, &*self.entropy).about(user.id);
        let (version, address) = (user.version, user.email.key().clone());
        Changes::new(event).with(AccountChange::VerifyAddress { user: user.id, version, address, at })
    }

    fn change(&self, actor: &Actor, held: &HeldMailedToken, to: EmailAddress, now: Timestamp) -> Changes {
        let user = &held.user;
        let at = after_last_write(user.updated_at, now);
        let event =
            Event::now(EventKind::AddressChanged, actor, EventSubject::new("user", user.id), now, &*self.entropy);
        let purpose = MailedTokenPurpose::UndoAddressChange;
        let undo = MailedToken::fresh(user.id, purpose, user.email.clone(), at, &*self.entropy);
        let letter = Letter::new(Template::AddressChanged, user.email.clone(), user.locale.clone()).with_token(undo.id);
        // An address that was never verified may be a stranger's, who need not learn where the user went.
        let letter = match user.is_activated() {
            true => letter.with_origin(&actor.origin, now).with("new-address", &to),
            false => letter,
        };
        let (version, from, reserved_until) = (user.version, user.email.key().clone(), Some(undo.expires_at));
        let end = |purpose| MailChange::EndTokens { user: user.id, purpose, made_after: None, at };
        Changes::new(event.about(user.id))
            .with(AccountChange::SetAddress { user: user.id, version, from, to, reserved_until, at })
            .with(SessionChange::EndAll { user: user.id, except: None, reason: EndReason::AddressChanged, at })
            .with(end(MailedTokenPurpose::VerifyAddress))
            .with(end(MailedTokenPurpose::ResetPassword))
            .with(MailChange::AddToken(undo))
            .with(MailChange::Queue(Delivery::now(letter, now, &*self.entropy)))
    }
}

/// A time after the last write to the user's row: whoever undoes a change takes back those that came after it,
/// whichever replica's clock is fast.
pub(crate) fn after_last_write(updated_at: Timestamp, now: Timestamp) -> Timestamp {
    now.max(updated_at + TimeDelta::microseconds(1))
}

fn confirmation(held: &HeldMailedToken) -> Result<Confirmation, MailedTokenRefused> {
    let HeldMailedToken { token, user } = held;
    match token.purpose {
        MailedTokenPurpose::ChangeAddress => Ok(Confirmation::Changed(token.address.clone())),
        _ if token.is_for(user.email.key()) => Ok(Confirmation::Verified(user.email.clone())),
        _ => Err(MailedTokenRefused),
    }
}

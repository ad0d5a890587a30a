//! A change of the address is taken back.

use std::sync::Arc;

use crate::access::Actor;
use crate::accounts::confirm_address::after_last_write;
use crate::accounts::email::EmailAddress;
use crate::changes::account::AccountChange;
use crate::changes::{Changes, MailChange, SessionChange};
use crate::events::{Event, EventKind, EventSubject};
use crate::mail::letter::Template;
use crate::mail::mailed_token::{MailedTokenPurpose, MailedTokenRefused};
use crate::mail::ports::HeldMailedToken;
use crate::mail::queue::mail_token_to;
use crate::mail::redeem::{Redeem, RedeemError, count_refused};
use crate::ports::clock::{Clock, Timestamp};
use crate::ports::entropy::Entropy;
use crate::sessions::session::EndReason;
use crate::throttles::gate::Gate;

/// Restores an address by the token that was mailed to it when the account left it.
///
/// Whoever has changed the address knew the password, so it is gone, with the `token_required` and every
/// session: only who reads mail at the restored address chooses a new one.
///
/// Each change has a token of its own, and using one ends those of the changes after it. So the owner of the
/// earliest address has the last word, however often somebody else has changed it since.
pub struct UndoAddressChange {
    /// Refuses what was tried too often.
    pub gate: Arc<Gate>,
    /// Uses the token.
    pub redeem: Arc<Redeem>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

const PURPOSES: [MailedTokenPurpose; 1] = [MailedTokenPurpose::UndoAddressChange];

impl UndoAddressChange {
    /// The address that the token would restore now. Nothing changes by that, and the token is not used.
    ///
    /// # Errors
    /// When the token is not valid, or a port fails.
    pub async fn look(&self, token: &str) -> Result<EmailAddress, RedeemError> {
        Ok(self.redeem.look(token, &PURPOSES, self.clock.now()).await?.token.address)
    }

    /// Restores the address, and mails it the token for a new password.
    ///
    /// # Errors
    /// When the token is not valid, too many came from the same address, or a port fails.
    pub async fn run(&self, actor: &Actor, token: &str) -> Result<EmailAddress, RedeemError> {
        let now = self.clock.now();
        let redeemed = self.redeem.run(token, &PURPOSES, now, |held| Some(self.plan(actor, held, now))).await;
        match count_refused(&self.gate, &actor.origin, redeemed).await {
            Ok(held) => Ok(held.token.address),
            // It is reserved as long as the token is good: that takes replicas whose clocks differ.
            Err(RedeemError::AddressTaken) => Err(MailedTokenRefused.into()),
            Err(other) => Err(other),
        }
    }

    fn plan(&self, actor: &Actor, held: &HeldMailedToken, now: Timestamp) -> Changes {
        let HeldMailedToken { token, user } = held;
        let at = after_last_write(user.updated_at, now);
        let subject = EventSubject::new("user", user.id);
        let event = Event::now(EventKind::AddressChangeUndone, actor, subject, now, &*self.entropy);
        let (from, to, reserved_until) = (user.email.key().clone(), token.address.clone(), None);
        let end = |purpose, made_after| MailChange::EndTokens { user: user.id, purpose, made_after, at };
        let (reset, template) = (MailedTokenPurpose::ResetPassword, Template::ResetPassword);
        Changes::new(event.about(user.id))
            .with(AccountChange::SetAddress { user: user.id, version: user.version, from, to, reserved_until, at })
            // The write before counted the version on.
            .with(AccountChange::RemoveSecrets { user: user.id, version: user.version + 1, at })
            .with(SessionChange::EndAll { user: user.id, except: None, reason: EndReason::AddressChanged, at })
            .with(end(MailedTokenPurpose::VerifyAddress, None))
            .with(end(MailedTokenPurpose::ChangeAddress, None))
            .with(end(MailedTokenPurpose::UndoAddressChange, Some(token.created_at)))
            .with_all(mail_token_to(&token.address, user, reset, template, now, &*self.entropy))
    }
}

//! A user shows that their address is theirs.

use std::sync::Arc;

use crate::access::Actor;
use crate::accounts::email::EmailAddress;
use crate::changes::{AccountChange, Changes};
use crate::events::{Event, EventKind, EventSubject};
use crate::mail::mailed_token::MailedTokenPurpose;
use crate::mail::ports::HeldMailedToken;
use crate::mail::redeem::{Redeem, RedeemError};
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;

/// Verifies an address by the token that was mailed to it.
pub struct ConfirmAddress {
    /// Uses the token.
    pub redeem: Arc<Redeem>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

const PURPOSES: [MailedTokenPurpose; 1] = [MailedTokenPurpose::VerifyAddress];

impl ConfirmAddress {
    /// The address that the token would verify now. Nothing changes by that, and the token is not used.
    ///
    /// # Errors
    /// When the token is not valid, or a port fails.
    pub async fn look(&self, token: &str) -> Result<EmailAddress, RedeemError> {
        self.redeem.own_address(token, &PURPOSES, self.clock.now()).await
    }

    /// Verifies the address that the token was mailed to, if it still is its user's.
    ///
    /// # Errors
    /// When the token is not valid, or a port fails.
    pub async fn run(&self, actor: &Actor, token: &str) -> Result<(), RedeemError> {
        let at = self.clock.now();
        let plan = |held: &HeldMailedToken| {
            let HeldMailedToken { token, user } = held;
            let subject = EventSubject::new("user", user.id);
            let event = Event::now(EventKind::AddressVerified, actor, subject, at, &*self.entropy).about(user.id);
            let (version, address) = (user.version, user.email.key().clone());
            let verify = AccountChange::VerifyAddress { user: user.id, version, address, at };
            token.is_for(user.email.key()).then(|| Changes::new(event).with(verify))
        };
        self.redeem.run(token, &PURPOSES, at, plan).await.map(|_| ())
    }
}

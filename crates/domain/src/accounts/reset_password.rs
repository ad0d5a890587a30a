//! A user who has forgotten their password chooses a new one.

use std::sync::Arc;

use thiserror::Error;

use crate::access::Actor;
use crate::accounts::email::EmailAddress;
use crate::accounts::new_password;
use crate::accounts::password::{PasswordError, PasswordPolicy};
use crate::accounts::ports::{HashFailure, PasswordHashing, Turn};
use crate::changes::Changes;
use crate::changes::account::AccountChange;
use crate::events::{Event, EventKind, EventSubject};
use crate::mail::mailed_token::{MailedTokenPurpose, MailedTokenRefused};
use crate::mail::ports::HeldMailedToken;
use crate::mail::redeem::{Redeem, RedeemError, count_refused};
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::ports::secrets::{SealedSecret, SecretKeeper};
use crate::sessions::known_browser::remember;
use crate::throttles::gate::Gate;
use crate::throttles::limits::{GateError, TooMany};

/// Why the password stays.
#[derive(Debug, Error)]
pub enum ResetPasswordError {
    /// The token is not valid.
    #[error(transparent)]
    NotValid(#[from] MailedTokenRefused),
    /// Too many tokens were presented from the same address.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The new password is not accepted.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The password could not be hashed now.
    #[error(transparent)]
    Hash(#[from] HashFailure),
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

impl From<RedeemError> for ResetPasswordError {
    fn from(error: RedeemError) -> Self {
        match error {
            RedeemError::NotValid(refused) => refused.into(),
            // A new password takes no address.
            RedeemError::AddressTaken => MailedTokenRefused.into(),
            RedeemError::TooMany(too_many) => too_many.into(),
            RedeemError::Failed(failure) => failure.into(),
        }
    }
}

impl From<GateError> for ResetPasswordError {
    fn from(error: GateError) -> Self {
        match error {
            GateError::TooMany(too_many) => too_many.into(),
            GateError::Failed(failure) => failure.into(),
        }
    }
}

/// Sets a new password by a mailed token, and ends every session. The mail was read at its address, so
/// that address is verified as well, and no delay of wrong passwords is left.
pub struct ResetPassword {
    /// Refuses what was tried too often.
    pub gate: Arc<Gate>,
    /// Uses the token.
    pub redeem: Arc<Redeem>,
    /// What a new password must be.
    pub policy: PasswordPolicy,
    /// Hashes it.
    pub hashing: Arc<dyn PasswordHashing>,
    /// Seals what a browser keeps.
    pub keeper: Arc<dyn SecretKeeper>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

const PURPOSES: [MailedTokenPurpose; 1] = [MailedTokenPurpose::ResetPassword];

impl ResetPassword {
    /// The address of the user whose password the token would set now. Nothing changes by that, and the
    /// token is not used.
    ///
    /// # Errors
    /// When the token is not valid, or a port fails.
    pub async fn look(&self, token: &str) -> Result<EmailAddress, RedeemError> {
        self.redeem.own_address(token, &PURPOSES, self.clock.now()).await
    }

    /// Sets the password. The token is looked at before anything is hashed, so that only its holder costs
    /// that much. Gives what the browser is to keep where this was done, to be known when its user logs in.
    ///
    /// # Errors
    /// Why the password stays.
    pub async fn run(
        &self,
        actor: &Actor,
        token: &str,
        new_password: &str,
    ) -> Result<Option<SealedSecret>, ResetPasswordError> {
        let looked = self.redeem.look(token, &PURPOSES, self.clock.now()).await;
        let held = count_refused(&self.gate, &actor.origin, looked).await?;
        let password = self.policy.accept(new_password, Some(&held.user.email))?;
        let hash = self.hashing.hash(password, Turn::log_in(&actor.origin)).await?;
        let at = self.clock.now();
        let plan = |held: &HeldMailedToken| {
            let HeldMailedToken { token, user } = held;
            let subject = EventSubject::new("user", user.id);
            let event = Event::now(EventKind::PasswordReset, actor, subject, at, &*self.entropy).about(user.id);
            let changes = new_password::plan(user, &hash, None, true, Changes::new(event), &*self.entropy);
            // The write before counted the version on.
            let (version, address) = (user.version + 1, user.email.key().clone());
            let verify = AccountChange::VerifyAddress { user: user.id, version, address, at };
            token.is_for(user.email.key()).then(|| changes.with(verify))
        };
        let held = self.redeem.run(token, &PURPOSES, at, plan).await?;
        // The password is set; a delay that could not be ended is over by itself.
        let _ = self.gate.let_back_in(&actor.origin, held.user.email.key()).await;
        let user = held.user.id;
        Ok(remember(&actor.origin, user, &hash, &*self.keeper, &*self.entropy, at).ok())
    }
}

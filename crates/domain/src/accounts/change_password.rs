//! A user changes their password.

use std::sync::Arc;

use thiserror::Error;

use crate::access::{Actor, Denied, Operation};
use crate::accounts::new_password;
use crate::accounts::own_password;
use crate::accounts::own_row::{OwnRow, OwnRowError};
use crate::accounts::password::{Password, PasswordError, PasswordPolicy};
use crate::accounts::ports::{Accounts, HashFailure, PasswordHashing, Turn};
use crate::accounts::user::User;
use crate::changes::Changes;
use crate::events::{Event, EventKind, EventSubject};
use crate::mail::letter::Template;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::ports::secrets::{SealedSecret, SecretKeeper};
use crate::sessions::known_browser::remember;
use crate::throttles::gate::Gate;
use crate::throttles::limits::{GateError, TooMany};

/// Why the password stays.
#[derive(Debug, Error)]
pub enum ChangePasswordError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The current password is another.
    #[error("Wrong password")]
    WrongPassword,
    /// Too many wrong passwords were tried.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The new password is not accepted.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// A password could not be hashed now.
    #[error(transparent)]
    Hash(#[from] HashFailure),
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

impl From<OwnRowError> for ChangePasswordError {
    fn from(error: OwnRowError) -> Self {
        match error {
            OwnRowError::Denied(denied) => denied.into(),
            OwnRowError::Failed(failure) => failure.into(),
        }
    }
}

impl From<GateError> for ChangePasswordError {
    fn from(error: GateError) -> Self {
        match error {
            GateError::TooMany(too_many) => too_many.into(),
            GateError::Failed(failure) => failure.into(),
        }
    }
}

/// Changes a password that its owner knows; every other session of theirs ends.
pub struct ChangePassword {
    /// Refuses what was tried too often, before anything is compared.
    pub gate: Arc<Gate>,
    /// Reads the stored hash.
    pub accounts: Arc<dyn Accounts>,
    /// What a new password must be.
    pub policy: PasswordPolicy,
    /// Compares the current password and hashes the new one.
    pub hashing: Arc<dyn PasswordHashing>,
    /// Seals what a browser keeps.
    pub keeper: Arc<dyn SecretKeeper>,
    /// Writes the user's row.
    pub own_row: Arc<OwnRow>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

impl ChangePassword {
    /// Changes the password. Gives what the browser is to keep where this was done: none is known any more by the
    /// password before.
    ///
    /// # Errors
    /// Why the password stays.
    pub async fn run(
        &self,
        actor: &Actor,
        current: Password,
        new: &str,
    ) -> Result<Option<SealedSecret>, ChangePasswordError> {
        let session = actor.session(Operation::ChangePassword)?.id;
        let user = actor.owner(Operation::ChangePassword)?;
        let password = self.policy.accept(new, Some(&user.email))?;
        let asked = own_password::Asked { gate: &self.gate, accounts: &*self.accounts, hashing: &*self.hashing };
        if !asked.is_right::<ChangePasswordError>(actor, user, current).await? {
            return Err(ChangePasswordError::WrongPassword);
        }
        let hash = self.hashing.hash(password, Turn::log_in(&actor.origin)).await?;
        let at = self.clock.now();
        let may_tell = self.gate.may_tell(&actor.origin, user, Template::PasswordChanged).await?;
        let plan = |user: &User| {
            let subject = EventSubject::new("user", user.id);
            let event = Event::now(EventKind::PasswordChanged, actor, subject, at, &*self.entropy);
            let changes = Changes::of(actor, Operation::ChangePassword, event);
            new_password::plan(user, &hash, Some(session), may_tell, changes, &*self.entropy)
        };
        self.own_row.write(user, plan).await?;
        // The password is changed, whether or not the browser is known the next time.
        Ok(remember(&actor.origin, user.id, &hash, &*self.keeper, &*self.entropy, at).ok())
    }
}

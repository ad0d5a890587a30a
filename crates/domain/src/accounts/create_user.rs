//! The operator makes a user.

use std::sync::Arc;

use thiserror::Error;

use crate::access::{Actor, Denied, Operation};
use crate::accounts::email::EmailAddress;
use crate::accounts::password::Password;
use crate::accounts::ports::{HashFailure, PasswordHashing, Turn};
use crate::accounts::user::{User, UserState};
use crate::changes::account::AccountChange;
use crate::changes::{Changes, UniqueKey};
use crate::events::{Event, EventKind, EventSubject};
use crate::ids::UserId;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::ports::ledger::{Ledger, Rejected};

/// The user to make.
#[derive(Clone, Debug)]
pub struct Command {
    /// The e-mail address. The policy of domains does not hold for the operator.
    pub email: EmailAddress,
    /// The password.
    pub password: Password,
    /// Whether the user administers the registry.
    pub administrator: bool,
    /// Whether the address counts as verified.
    pub verified: bool,
}

/// Why there is no new user.
#[derive(Debug, Error)]
pub enum CreateUserError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The address is a user's already.
    #[error("A user with this e-mail address exists already.")]
    AlreadyExists,
    /// The password could not be hashed now.
    #[error(transparent)]
    Hash(#[from] HashFailure),
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Makes a user without a sign-up. They have no `token_required` until they issue one.
pub struct CreateUser {
    /// Hashes the password.
    pub hashing: Arc<dyn PasswordHashing>,
    /// Writes.
    pub ledger: Arc<dyn Ledger>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

impl CreateUser {
    /// Makes the user.
    ///
    /// # Errors
    /// When the actor may not, the address is taken, or a port fails.
    pub async fn run(&self, actor: &Actor, command: Command) -> Result<User, CreateUserError> {
        actor.may(Operation::CreateUser)?;
        let password = self.hashing.hash(command.password, Turn::sign_up(&actor.origin)).await?;
        let now = self.clock.now();
        let user = User {
            id: UserId::fresh(now, &*self.entropy),
            email: command.email,
            email_verified_at: command.verified.then_some(now),
            phone_number: None,
            discoverable: false,
            state: UserState::Active,
            administrator: command.administrator,
            locale: None,
            user_token: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let subject = EventSubject::new("user", user.id);
        let event = Event::now(EventKind::UserCreated, actor, subject, now, &*self.entropy)
            .about(user.id)
            .with("administrator", command.administrator)
            .with("verified", command.verified);
        let add = AccountChange::Add { user: Box::new(user.clone()), password, user_token: None };
        match self.ledger.apply(Changes::of(actor, Operation::CreateUser, event).with(add)).await {
            Ok(_) => Ok(user),
            Err(Rejected::Conflict(UniqueKey::Address)) => Err(CreateUserError::AlreadyExists),
            Err(other) => Err(other.denied()?.into()),
        }
    }
}

//! The operator or an administrator shuts an account, or opens it again.

use std::sync::Arc;

use thiserror::Error;

use crate::access::{Actor, Denied, Operation};
use crate::accounts::email::EmailAddress;
use crate::accounts::ports::Accounts;
use crate::accounts::user::{User, UserState};
use crate::changes::account::AccountChange;
use crate::changes::{Changes, MailChange, SessionChange};
use crate::events::{Event, EventKind, EventSubject};
use crate::mail::mailed_token::MailedTokenPurpose;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::ports::ledger::{Ledger, Rejected};
use crate::sessions::session::EndReason;

/// How often it starts over when the account changes under it.
const ATTEMPTS: usize = 3;

/// What an account is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Usable.
    Enabled,
    /// Shut: every session ends at once, and nobody logs in.
    Disabled,
}

impl Wanted {
    const fn state(self) -> UserState {
        match self {
            Self::Enabled => UserState::Active,
            Self::Disabled => UserState::Disabled,
        }
    }

    const fn event(self) -> EventKind {
        match self {
            Self::Enabled => EventKind::UserEnabled,
            Self::Disabled => EventKind::UserDisabled,
        }
    }
}

/// Why an account stayed as it was.
#[derive(Debug, Error)]
pub enum SetUserStateError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Nobody has the address.
    #[error("Nobody has this e-mail address.")]
    NotFound,
    /// The user is leaving, and only they can come back.
    #[error("This user is leaving the registry.")]
    Leaving,
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Shuts accounts and opens them again.
pub struct SetUserState {
    /// Reads the account.
    pub accounts: Arc<dyn Accounts>,
    /// Writes.
    pub ledger: Arc<dyn Ledger>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

impl SetUserState {
    /// Makes the account of an address what is wanted. What it is already, it stays, and nothing is recorded.
    ///
    /// # Errors
    /// When the actor may not, there is no such user, or a port fails.
    pub async fn run(&self, actor: &Actor, email: &EmailAddress, wanted: Wanted) -> Result<(), SetUserStateError> {
        actor.may(Operation::SetUserState)?;
        for attempt in 1..=ATTEMPTS {
            let account = self.accounts.by_email(email.key()).await?.ok_or(SetUserStateError::NotFound)?;
            if account.user.state == UserState::Leaving {
                return Err(SetUserStateError::Leaving);
            }
            if account.user.state == wanted.state() {
                return Ok(());
            }
            match self.ledger.apply(self.plan(actor, &account.user, wanted)).await {
                Ok(_) => return Ok(()),
                Err(Rejected::Stale) if attempt < ATTEMPTS => {}
                Err(other) => return Err(other.denied()?.into()),
            }
        }
        Err(Rejected::Stale.unexpected().into())
    }

    fn plan(&self, actor: &Actor, user: &User, wanted: Wanted) -> Changes {
        let (at, subject) = (self.clock.now(), EventSubject::new("user", user.id));
        let event = Event::now(wanted.event(), actor, subject, at, &*self.entropy).about(user.id);
        let (version, state) = (user.version, wanted.state());
        let changes = Changes::of(actor, Operation::SetUserState, event).with(AccountChange::SetState {
            user: user.id,
            version,
            state,
            at,
        });
        if wanted == Wanted::Enabled {
            return changes;
        }
        // What waits in a mailbox must not open or move the account once it is opened again. The way back to an
        // earlier address stays, for that is its owner's.
        let end = |purpose| MailChange::EndTokens { user: user.id, purpose, made_after: None, at };
        let (except, reason) = (None, EndReason::UserDisabled);
        changes
            .with(SessionChange::EndAll { user: user.id, except, reason, at })
            .with(end(MailedTokenPurpose::ResetPassword))
            .with(end(MailedTokenPurpose::ChangeAddress))
    }
}

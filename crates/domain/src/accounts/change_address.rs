//! A user wants another address.

use std::sync::Arc;

use thiserror::Error;

use crate::access::{Actor, Denied, Operation};
use crate::accounts::email::EmailAddress;
use crate::accounts::own_password;
use crate::accounts::password::Password;
use crate::accounts::ports::{Accounts, HashFailure, PasswordHashing};
use crate::changes::Changes;
use crate::domains::policy::DefaultPolicy;
use crate::domains::ports::DomainRules;
use crate::events::{Event, EventKind, EventSubject};
use crate::mail::letter::Template;
use crate::mail::mailed_token::MailedTokenPurpose;
use crate::mail::queue::mail_token_to;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::ports::ledger::Ledger;
use crate::throttles::gate::Gate;
use crate::throttles::limits::{GateError, TooMany};

/// Why no mail went out.
#[derive(Debug, Error)]
pub enum ChangeAddressError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// It is the address already, in the same spelling.
    #[error("This is your e-mail address already.")]
    SameAddress,
    /// Too many wrong passwords were tried, or too many mails asked for to this address.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The password is another.
    #[error("Wrong password")]
    WrongPassword,
    /// The domain of the address is blocked, or unlisted where the table is an allow list.
    #[error("E-mail addresses of this domain are not allowed.")]
    NotAllowed,
    /// The password could not be compared now.
    #[error(transparent)]
    Hash(#[from] HashFailure),
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

impl From<GateError> for ChangeAddressError {
    fn from(error: GateError) -> Self {
        match error {
            GateError::TooMany(too_many) => too_many.into(),
            GateError::Failed(failure) => failure.into(),
        }
    }
}

/// Mails a token to the new address; nothing changes before it is confirmed there, and a newer wish ends the
/// older.
///
/// Whether another account has the address is not looked at: whoever asks would learn it by the answer or by
/// the time that it takes. The mail goes out in any case, and only who reads it is told. Until then the
/// address is not reserved either: nobody keeps an address from its owner by asking for it.
pub struct ChangeAddress {
    /// Refuses what was tried too often.
    pub gate: Arc<Gate>,
    /// Reads the stored hash.
    pub accounts: Arc<dyn Accounts>,
    /// What holds for unlisted domains.
    pub default_policy: DefaultPolicy,
    /// The table of domains.
    pub domains: Arc<dyn DomainRules>,
    /// Compares the password.
    pub hashing: Arc<dyn PasswordHashing>,
    /// Writes.
    pub ledger: Arc<dyn Ledger>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

impl ChangeAddress {
    /// Queues the mail to the new address. Another spelling of the present address is confirmed like any other
    /// address: only its mail server knows whether the two are one mailbox.
    ///
    /// # Errors
    /// Why no mail went out.
    pub async fn run(&self, actor: &Actor, new: &EmailAddress, password: Password) -> Result<(), ChangeAddressError> {
        actor.session(Operation::ChangeAddress)?;
        let user = actor.owner(Operation::ChangeAddress)?;
        if new == &user.email {
            return Err(ChangeAddressError::SameAddress);
        }
        self.gate.may_wish(&actor.origin, user)?;
        let asked = own_password::Asked { gate: &self.gate, accounts: &*self.accounts, hashing: &*self.hashing };
        if !asked.is_right::<ChangeAddressError>(actor, user, password).await? {
            return Err(ChangeAddressError::WrongPassword);
        }
        let row = self.domains.of(new.domain()).await?;
        if !self.default_policy.admits(row.map(|rule| rule.belongs_to)) {
            return Err(ChangeAddressError::NotAllowed);
        }
        // To the new address whoever asks is a stranger still.
        self.gate.wish(&actor.origin, user, new.key()).await?;
        let (at, subject) = (self.clock.now(), EventSubject::new("user", user.id));
        let event = Event::now(EventKind::AddressChangeSent, actor, subject, at, &*self.entropy);
        let (purpose, template) = (MailedTokenPurpose::ChangeAddress, Template::ConfirmNewAddress);
        let changes = Changes::of(actor, Operation::ChangeAddress, event).with_all(mail_token_to(
            new,
            user,
            purpose,
            template,
            at,
            &*self.entropy,
        ));
        match self.ledger.apply(changes).await {
            Ok(_) => Ok(()),
            Err(rejected) => Err(rejected.denied()?.into()),
        }
    }
}

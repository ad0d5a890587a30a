//! Somebody signs up.

use std::sync::Arc;

use thiserror::Error;

use crate::access::Actor;
use crate::accounts::answers::Answers;
use crate::accounts::email::EmailAddress;
use crate::accounts::password::Password;
use crate::accounts::password_hash::PasswordHash;
use crate::accounts::phone::PhoneNumber;
use crate::accounts::ports::{Accounts, HashFailure, PasswordHashing, Turn};
use crate::accounts::user::{User, UserState};
use crate::accounts::user_token::{HeldUserToken, UserToken};
use crate::changes::account::AccountChange;
use crate::changes::{Change, Changes, Invariant, LandChange, MailChange, UniqueKey};
use crate::domains::policy::DefaultPolicy;
use crate::domains::ports::DomainRules;
use crate::events::{Event, EventKind, EventSubject};
use crate::ids::{FieldId, UserId};
use crate::land::field_form::CheckedField;
use crate::mail::letter::Template;
use crate::mail::mailed_token::MailedTokenPurpose;
use crate::mail::queue::{mail_token, tell};
use crate::ports::clock::{Clock, Timestamp};
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::ports::ledger::{Ledger, Rejected};
use crate::ports::secrets::{SecretDigest, SecretKeeper};
use crate::throttles::gate::Gate;
use crate::throttles::limits::{GateError, StrangersMail, Throttled, TooMany};

/// What somebody signs up with, each value checked.
#[derive(Clone, Debug)]
pub struct Command {
    /// The e-mail address.
    pub email: EmailAddress,
    /// The password.
    pub password: Password,
    /// The phone number.
    pub phone_number: Option<PhoneNumber>,
    /// Whether others may find the user's fields.
    pub discoverable: bool,
    /// The first land fields.
    pub fields: Vec<CheckedField>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There is a new user.
    SignedUp {
        /// The user.
        id: UserId,
        /// The address, as it was typed.
        email: EmailAddress,
        /// The `token_required`, shown this once.
        user_token: UserToken,
    },
    /// The address is a user's already; nothing was made.
    AlreadyExists,
    /// Either of these, where strangers are told nothing more: a mail says which.
    CheckMail,
}

/// Why nobody was signed up.
#[derive(Debug, Error)]
pub enum SignUpError {
    /// The domain of the address is blocked, or unlisted where the table is an allow list.
    #[error("You are not allowed to register.")]
    NotAllowed,
    /// Strangers are told nothing here, and fields would tell.
    #[error("Add your fields after your first login.")]
    FieldsLater,
    /// Too many signed up from the same address.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The password could not be hashed now.
    #[error(transparent)]
    Hash(#[from] HashFailure),
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

impl From<GateError> for SignUpError {
    fn from(error: GateError) -> Self {
        match error {
            GateError::TooMany(too_many) => too_many.into(),
            GateError::Failed(failure) => failure.into(),
        }
    }
}

/// Signs somebody up.
pub struct SignUp {
    /// Refuses what was tried too often, before anything is hashed.
    pub gate: Arc<Gate>,
    /// How much the outcome tells.
    pub answers: Answers,
    /// Reads whether there is an account already.
    pub accounts: Arc<dyn Accounts>,
    /// What holds for unlisted domains.
    pub default_policy: DefaultPolicy,
    /// The table of domains.
    pub domains: Arc<dyn DomainRules>,
    /// Hashes the password.
    pub hashing: Arc<dyn PasswordHashing>,
    /// Hashes the token.
    pub keeper: Arc<dyn SecretKeeper>,
    /// Writes.
    pub ledger: Arc<dyn Ledger>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids and the token.
    pub entropy: Arc<dyn Entropy>,
}

impl SignUp {
    /// Signs somebody up: first the domain is judged, before any look at existing users; the unique
    /// address, not a prior look, decides a race.
    ///
    /// # Errors
    /// When the domain may not register, or a port fails.
    pub async fn run(&self, actor: &Actor, command: Command) -> Result<Outcome, SignUpError> {
        if self.answers == Answers::Hardened && !command.fields.is_empty() {
            // Only for a new address they would be written, which takes its time and so would tell.
            return Err(SignUpError::FieldsLater);
        }
        let turn = self.hashing.keep_place(Turn::sign_up(&actor.origin))?;
        let row = self.domains.of(command.email.domain()).await?;
        if !self.default_policy.admits(row.map(|rule| rule.belongs_to)) {
            return Err(SignUpError::NotAllowed);
        }
        self.gate.enter(&actor.origin, Throttled::SignUp).await?;
        match self.answers {
            Answers::Contract => self.openly(actor, command, turn).await,
            Answers::Hardened => self.secretly(actor, command, turn).await,
        }
    }

    async fn openly(&self, actor: &Actor, command: Command, turn: Turn) -> Result<Outcome, SignUpError> {
        let password = self.hashing.hash(command.password.clone(), turn).await?;
        let user_token = UserToken::fresh(&*self.entropy);
        let digest = self.keeper.digest(user_token.reveal());
        let email = command.email.clone();
        let (id, changes) = self.plan(actor, command, password, Some(digest));
        match self.ledger.apply(changes).await {
            Ok(_) => Ok(Outcome::SignedUp { id, email, user_token }),
            Err(Rejected::Conflict(UniqueKey::Address)) => Ok(Outcome::AlreadyExists),
            Err(other) => Err(other.unexpected().into()),
        }
    }

    /// The same steps whether the address has an account or not: one look, one hash, one plan with one letter. A
    /// `token_required` could not be shown, so none is made.
    async fn secretly(&self, actor: &Actor, command: Command, turn: Turn) -> Result<Outcome, SignUpError> {
        let may_mail = self.gate.may_mail(&actor.origin, command.email.key(), StrangersMail::Other).await?;
        let account = self.accounts.by_email(command.email.key()).await?;
        let password = self.hashing.hash(command.password.clone(), turn).await?;
        let email = command.email.clone();
        let owner = match account {
            Some(account) => Some(account.user),
            None => match self.ledger.apply(self.plan(actor, command, password, None).1).await {
                Ok(_) => return Ok(Outcome::CheckMail),
                // Somebody else was faster.
                Err(Rejected::Conflict(UniqueKey::Address)) => {
                    self.accounts.by_email(email.key()).await?.map(|account| account.user)
                }
                Err(other) => return Err(other.unexpected().into()),
            },
        };
        let owner = owner.filter(|owner| owner.state == UserState::Active);
        let told = match owner {
            Some(owner) => self.ledger.apply(self.tell_owner(actor, &email, &owner, may_mail)).await,
            None => self.ledger.apply(self.not_sent(actor, &email)).await,
        };
        let told = match told {
            // The account was shut a moment ago, which has ended what was sent before.
            Err(Rejected::Broken(Invariant::Active(_))) => self.ledger.apply(self.not_sent(actor, &email)).await,
            told => told,
        };
        told.map(|_| Outcome::CheckMail).map_err(|rejected| rejected.unexpected().into())
    }

    /// The plan that makes the user.
    fn plan(
        &self,
        actor: &Actor,
        command: Command,
        password: PasswordHash,
        user_token: Option<SecretDigest>,
    ) -> (UserId, Changes) {
        let now = self.clock.now();
        let user = self.user(actor, &command, user_token.is_some(), now);
        let subject = EventSubject::new("user", user.id);
        let event = Event::now(EventKind::UserSignedUp, actor, subject, now, &*self.entropy).about(user.id);
        let fields = command.fields.into_iter().map(|field| {
            let id = FieldId::fresh(now, &*self.entropy);
            Change::from(LandChange::Add(field.of(id, user.id, now)))
        });
        let add = AccountChange::Add { user: Box::new(user.clone()), password, user_token };
        let purpose = MailedTokenPurpose::VerifyAddress;
        let verification = mail_token(&user, purpose, Template::VerifyAddress, now, &*self.entropy);
        (user.id, Changes::new(event).with(add).with_all(fields).with_all(verification))
    }

    /// The plan that tells the owner of an address that somebody wanted to sign up with it. An account that cannot
    /// be used gets no letter, nor does one that strangers have caused too many for.
    ///
    /// Whoever made an account that was never verified may have been a stranger, whose password must not become that
    /// of a verified account: the links that would verify it end, and a new one sets a new password as well.
    fn tell_owner(&self, actor: &Actor, email: &EmailAddress, owner: &User, may_mail: bool) -> Changes {
        let now = self.clock.now();
        let purpose = MailedTokenPurpose::VerifyAddress;
        let end = MailChange::EndTokens { user: owner.id, purpose, made_after: None, at: now };
        if !may_mail {
            // Whoever used up the mails to this address may have planted the account, and not got in by that.
            let end = (!owner.is_activated()).then_some(end);
            return self.not_sent(actor, email).with_all(end);
        }
        let subject = EventSubject::new("user", owner.id);
        let event = Event::now(EventKind::SignedUpAgain, actor, subject, now, &*self.entropy).about(owner.id);
        let changes = Changes::new(event).with(Invariant::Active(owner.id));
        if owner.is_activated() {
            return changes.with(tell(owner, Template::SignUpAgain, &actor.origin, now, &*self.entropy));
        }
        let reset = mail_token(owner, MailedTokenPurpose::ResetPassword, Template::ResetPassword, now, &*self.entropy);
        changes.with_all(reset).with(end)
    }

    fn not_sent(&self, actor: &Actor, email: &EmailAddress) -> Changes {
        let subject = EventSubject::address(email, &*self.keeper);
        Changes::new(Event::now(EventKind::MailNotSent, actor, subject, self.clock.now(), &*self.entropy))
    }

    fn user(&self, actor: &Actor, command: &Command, has_user_token: bool, now: Timestamp) -> User {
        User {
            id: UserId::fresh(now, &*self.entropy),
            email: command.email.clone(),
            email_verified_at: None,
            phone_number: command.phone_number.clone(),
            discoverable: command.discoverable,
            state: UserState::Active,
            administrator: false,
            // Their mails are written in it.
            locale: actor.origin.language.clone(),
            user_token: has_user_token.then(HeldUserToken::default),
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }
}

//! A registry in memory, and the people in it.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::access::{Actor, Credential, Operation, Subject};
use domain::accounts::email::EmailAddress;
use domain::accounts::own_row::OwnRow;
use domain::accounts::password::{Password, PasswordPolicy};
use domain::accounts::password_hash::PasswordHash;
use domain::accounts::ports::Accounts as _;
use domain::accounts::sign_up::{self, SignUp};
use domain::accounts::user::{User, UserState};
use domain::accounts::user_token::UserToken;
use domain::changes::Changes;
use domain::changes::account::AccountChange;
use domain::domains::name::DomainName;
use domain::domains::policy::{BelongsTo, DefaultPolicy};
use domain::domains::put_domains::{self, PutDomains};
use domain::events::{Event, EventKind, EventSubject};
use domain::ids::UserId;
use domain::mail::letter::Template;
use domain::mail::mailed_token::IssuedMailedToken;
use domain::mail::redeem::Redeem;
use domain::origin::Origin;
use domain::ports::clock::Clock as _;
use domain::ports::ledger::Ledger as _;
use domain::ports::secrets::SecretDigest;
use domain::sessions::authenticate::{Authenticate, AuthenticateError, Shown};
use domain::sessions::log_in::{self, IssuedCredential, IssuedTokens, LogIn, LogInError, LogInRules, SignedIn};
use domain::sessions::page_secret::PageSecret;
use domain::sessions::refresh::Refresh;
use domain::sessions::session::Channel;
use domain::throttles::gate::Gate;
use memory::clock::ManualClock;
use memory::entropy::SeededEntropy;
use memory::memory::Memory;
use memory::passwords::{CheapHashing, FewCommonPasswords};
use memory::secrets::FakeSecretKeeper;
use memory::tokens::FakeTokenSigner;

/// The password of everybody who is signed up here.
pub(crate) const PASSWORD: &str = "a quiet afternoon";
/// How long access tokens live here.
pub(crate) const LIFETIME: TimeDelta = TimeDelta::minutes(5);

/// The ports of one registry.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) rules: LogInRules,
    pub(crate) memory: Arc<Memory>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) entropy: Arc<SeededEntropy>,
    pub(crate) hashing: Arc<CheapHashing>,
    pub(crate) signer: Arc<FakeTokenSigner>,
    pub(crate) keeper: Arc<FakeSecretKeeper>,
    /// It counts where a test has put one that does.
    pub(crate) gate: TestGate,
}

/// A gate that stands open unless a test wants another.
pub(crate) struct TestGate(pub(crate) Arc<Gate>);

impl Default for TestGate {
    fn default() -> Self {
        Self(Arc::new(Gate::open()))
    }
}

impl World {
    pub(crate) fn sign_up(&self, default_policy: DefaultPolicy) -> SignUp {
        SignUp {
            gate: self.gate.0.clone(),
            answers: self.rules.answers,
            accounts: self.memory.clone(),
            default_policy,
            domains: self.memory.clone(),
            hashing: self.hashing.clone(),
            keeper: self.keeper.clone(),
            ledger: self.memory.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }

    pub(crate) fn log_in(&self) -> LogIn {
        LogIn {
            gate: self.gate.0.clone(),
            rules: self.rules,
            arrivals: self.memory.clone(),
            hashing: self.hashing.clone(),
            signer: self.signer.clone(),
            keeper: self.keeper.clone(),
            ledger: self.memory.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            access_token_lifetime: LIFETIME,
        }
    }

    pub(crate) fn refresh(&self) -> Refresh {
        Refresh {
            sessions: self.memory.clone(),
            signer: self.signer.clone(),
            keeper: self.keeper.clone(),
            ledger: self.memory.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            access_token_lifetime: LIFETIME,
        }
    }

    pub(crate) fn authenticate(&self) -> Authenticate {
        Authenticate {
            last_seen: self.memory.clone(),
            signer: self.signer.clone(),
            keeper: self.keeper.clone(),
            sessions: self.memory.clone(),
            clock: self.clock.clone(),
        }
    }

    pub(crate) fn own_row(&self) -> Arc<OwnRow> {
        Arc::new(OwnRow { accounts: self.memory.clone(), ledger: self.memory.clone() })
    }

    pub(crate) fn redeem(&self) -> Arc<Redeem> {
        Arc::new(Redeem { tokens: self.memory.clone(), keeper: self.keeper.clone(), ledger: self.memory.clone() })
    }

    pub(crate) fn policy() -> PasswordPolicy {
        PasswordPolicy::new(8, Arc::new(FewCommonPasswords))
    }

    /// The token in the newest letter of this template.
    pub(crate) fn mailed_token(&self, template: Template) -> String {
        let letters = self.memory.letters();
        let letter = letters.iter().rev().map(|delivery| &delivery.letter).find(|letter| letter.template == template);
        let token = letter.and_then(|letter| letter.token).expect("a letter with a token");
        IssuedMailedToken::of(token, &*self.keeper).reveal().into()
    }

    /// What was told by mail, in its order.
    pub(crate) fn told(&self) -> Vec<(Template, String)> {
        let letters = self.memory.letters();
        letters.iter().map(|delivery| (delivery.letter.template, delivery.letter.to.to_string())).collect()
    }

    /// Signs somebody up with [`PASSWORD`].
    pub(crate) async fn join(&self, address: &str) -> (User, UserToken) {
        let outcome =
            self.sign_up(DefaultPolicy::Allow).run(&Actor::nobody(Origin::default()), application(address)).await;
        let Ok(sign_up::Outcome::SignedUp { id, user_token, .. }) = outcome else { panic!("{outcome:?}") };
        (self.user(id).await, user_token)
    }

    /// Adds a user with this hash, after `change`.
    pub(crate) async fn add(&self, address: &str, password: PasswordHash, change: impl FnOnce(&mut User)) -> User {
        let now = self.clock.now();
        let mut user = User {
            id: UserId::fresh(now, &*self.entropy),
            email: email(address),
            email_verified_at: None,
            phone_number: None,
            discoverable: false,
            state: UserState::Active,
            administrator: false,
            locale: None,
            user_token: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        change(&mut user);
        let subject = EventSubject::new("user", user.id);
        let event = Event::now(EventKind::UserCreated, &Actor::system(), subject, now, &*self.entropy);
        let add = AccountChange::Add { user: Box::new(user.clone()), password, user_token: None };
        self.memory.apply(Changes::new(event).with(add)).await.expect("nobody has the address");
        user
    }

    /// Logs somebody in who has [`PASSWORD`].
    pub(crate) async fn enter(&self, address: &str, channel: Channel) -> SignedIn {
        self.try_to_enter(address, PASSWORD, channel).await.expect("the password is right")
    }

    pub(crate) async fn try_to_enter(
        &self,
        address: &str,
        password: &str,
        channel: Channel,
    ) -> Result<SignedIn, LogInError> {
        let command = log_in::Command { email: email(address), password: typed(password), channel };
        let log_in::Outcome::SignedIn(signed_in) =
            self.log_in().run(&Actor::nobody(Origin::default()), command).await?;
        Ok(*signed_in)
    }

    /// Who shows this bearer token, for an operation.
    pub(crate) async fn bearer(&self, token: &str, operation: Operation) -> Result<Actor, AuthenticateError> {
        self.authenticate().run(Shown::Bearer(token), operation, Origin::default()).await
    }

    /// Allows or blocks a domain.
    pub(crate) async fn put_domain(&self, domain: &str, belongs_to: BelongsTo) {
        let command = put_domains::Command::check(belongs_to.number().into(), &[domain.into()]).expect("a domain");
        self.put_domains().run(&Actor::system(), command).await.expect("the operator may");
    }

    pub(crate) fn put_domains(&self) -> PutDomains {
        PutDomains {
            domains: self.memory.clone(),
            ledger: self.memory.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }

    pub(crate) async fn user(&self, id: UserId) -> User {
        self.memory.by_id(id).await.expect("memory reads").expect("the user is there")
    }

    /// What happened, in its order.
    pub(crate) fn happened(&self) -> Vec<EventKind> {
        self.memory.events().iter().map(|event| event.kind).collect()
    }

    /// The user of a sign-in, by its session.
    pub(crate) fn actor(&self, signed_in: &SignedIn) -> Actor {
        let credential = Credential::Session(signed_in.session.clone());
        Actor { subject: Subject::User(Box::new(signed_in.user.clone()), credential), origin: Origin::default() }
    }
}

/// The user, who shows their `token_required`, or one that is nobody's if they have none.
pub(crate) fn by_user_token(world: &World, user: &User) -> Actor {
    let digest = world.memory.user_token(user.id).unwrap_or_else(|| SecretDigest::restore("nobody's"));
    Actor { subject: Subject::User(Box::new(user.clone()), Credential::UserToken(digest)), origin: Origin::default() }
}

pub(crate) fn application(address: &str) -> sign_up::Command {
    sign_up::Command {
        email: email(address),
        password: typed(PASSWORD),
        phone_number: None,
        discoverable: false,
        fields: Vec::new(),
    }
}

pub(crate) fn email(address: &str) -> EmailAddress {
    EmailAddress::parse(address).expect("an address")
}

pub(crate) fn typed(password: &str) -> Password {
    Password::typed(password).expect("a password")
}

pub(crate) fn domain_name(name: &str) -> DomainName {
    DomainName::parse(name).expect("a domain")
}

pub(crate) fn tokens(signed_in: &SignedIn) -> &IssuedTokens {
    match &signed_in.credential {
        IssuedCredential::Tokens(tokens) => tokens,
        IssuedCredential::PageSecret(_) => panic!("the pages have no tokens"),
    }
}

pub(crate) fn page_secret(signed_in: &SignedIn) -> &PageSecret {
    match &signed_in.credential {
        IssuedCredential::PageSecret(secret) => secret,
        IssuedCredential::Tokens(_) => panic!("the API has no page secret"),
    }
}

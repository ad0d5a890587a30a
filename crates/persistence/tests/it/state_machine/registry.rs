//! A registry on some engine, driven through the use cases.

use std::sync::Arc;

use domain::access::{Actor, Operation};
use domain::accounts::answers::Answers;
use domain::accounts::ask_by_mail::{AskByMail, Wanted};
use domain::accounts::change_password::{ChangePassword, ChangePasswordError};
use domain::accounts::confirm_address::{ConfirmAddress, ConfirmAddressError};
use domain::accounts::email::EmailAddress;
use domain::accounts::own_row::OwnRow;
use domain::accounts::password::{Password, PasswordPolicy};
use domain::accounts::ports::Accounts;
use domain::accounts::reset_password::{ResetPassword, ResetPasswordError};
use domain::accounts::set_user_state::{self, SetUserState, SetUserStateError};
use domain::accounts::sign_up::{self, SignUp};
use domain::accounts::sign_up_form::SignUpForm;
use domain::domains::policy::DefaultPolicy;
use domain::domains::ports::DomainRules;
use domain::mail::delivery::DeliveryOutcome;
use domain::mail::mailed_token::IssuedMailedToken;
use domain::mail::ports::{Deliveries, MailedTokens};
use domain::mail::redeem::Redeem;
use domain::origin::Origin;
use domain::ports::clock::Clock as _;
use domain::ports::ledger::Ledger;
use domain::sessions::authenticate::{Authenticate, AuthenticateError, Shown};
use domain::sessions::log_in::{self, IssuedCredential, IssuedTokens, LogIn, LogInError, LogInRules};
use domain::sessions::log_out::LogOut;
use domain::sessions::ports::{Arrivals, LastSeen, Sessions};
use domain::sessions::refresh::{Refresh, RefreshError};
use domain::sessions::session::Channel;
use domain::throttles::gate::Gate;
use memory::clock::ManualClock;
use memory::entropy::SeededEntropy;
use memory::passwords::{CheapHashing, FewCommonPasswords};
use memory::secrets::FakeSecretKeeper;
use memory::tokens::FakeTokenSigner;

use super::steps::{Answer, LIFETIME, PASSWORDS, Step};

/// What an engine is to be.
pub(super) trait Engine:
    Accounts + Arrivals + Sessions + LastSeen + Ledger + MailedTokens + Deliveries + DomainRules + 'static
{
}

impl<E> Engine for E where
    E: Accounts + Arrivals + Sessions + LastSeen + Ledger + MailedTokens + Deliveries + DomainRules + 'static
{
}

/// A session as its client holds it.
#[derive(Debug)]
struct Held {
    access_token: String,
    /// The refresh tokens, the first generation first.
    refresh_tokens: Vec<String>,
}

/// A registry on an engine. Two of one seed make the same ids and tokens.
pub(super) struct Registry<E> {
    engine: Arc<E>,
    clock: Arc<ManualClock>,
    entropy: Arc<SeededEntropy>,
    hashing: Arc<CheapHashing>,
    keeper: Arc<FakeSecretKeeper>,
    signer: Arc<FakeTokenSigner>,
    sessions: Vec<Held>,
    mailed: Vec<String>,
}

impl<E: Engine> Registry<E> {
    pub(super) fn on(engine: E) -> Self {
        Self {
            engine: Arc::new(engine),
            clock: Arc::default(),
            entropy: Arc::default(),
            hashing: Arc::default(),
            keeper: Arc::default(),
            signer: Arc::default(),
            sessions: Vec::new(),
            mailed: Vec::new(),
        }
    }

    pub(super) fn engine(&self) -> &E {
        &self.engine
    }

    /// How many sessions have been begun, and how many tokens mailed.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.sessions.len(), self.mailed.len())
    }

    pub(super) async fn step(&mut self, step: Step) -> Answer {
        let answer = match step {
            Step::SignUp { who, password } => self.sign_up(who, password).await,
            Step::LogIn { who, password } => self.log_in(who, password).await,
            Step::Refresh { session, ago } => self.refresh(session, ago).await,
            Step::LogOut { session } => self.log_out(session).await,
            Step::ShowMe { session } => self.show_me(session).await,
            Step::AskForVerification { who } => self.ask(who, Wanted::Verification).await,
            Step::Verify { token } => self.verify(token).await,
            Step::AskForPassword { who } => self.ask(who, Wanted::NewPassword).await,
            Step::Reset { token, password } => self.reset(token, password).await,
            Step::Change { session, current, new } => self.change(session, current, new).await,
            Step::Disable { who } => self.set_state(who, set_user_state::Wanted::Disabled).await,
            Step::Enable { who } => self.set_state(who, set_user_state::Wanted::Enabled).await,
            Step::Wait(pause) => {
                self.clock.advance(pause);
                Answer::Done
            }
        };
        self.read_mail().await;
        answer
    }

    /// Takes the letters that are due, and keeps the tokens in them.
    async fn read_mail(&mut self) {
        let now = self.clock.now();
        while let Some(delivery) = self.engine.claim(now, now + LIFETIME).await.expect("claimed") {
            let token = delivery.letter.token.map(|id| IssuedMailedToken::of(id, &*self.keeper));
            self.mailed.extend(token.map(|token| token.reveal().to_owned()));
            self.engine.settle(&delivery, DeliveryOutcome::Sent, now).await.expect("settled");
        }
    }

    async fn sign_up(&self, who: usize, password: usize) -> Answer {
        let case = SignUp {
            gate: Arc::new(Gate::open()),
            answers: Answers::Contract,
            accounts: self.engine.clone(),
            default_policy: DefaultPolicy::Allow,
            domains: self.engine.clone(),
            hashing: self.hashing.clone(),
            keeper: self.keeper.clone(),
            ledger: self.engine.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        };
        let form = SignUpForm {
            email: address(who).to_string(),
            password: PASSWORDS[password].into(),
            phone_number: None,
            discoverable: false,
            fields: Vec::new(),
        };
        match case.run(&stranger(), form.check(&policy()).expect("a good form")).await.expect("allowed") {
            sign_up::Outcome::SignedUp { .. } => Answer::SignedUp,
            sign_up::Outcome::AlreadyExists => Answer::AlreadyExists,
            sign_up::Outcome::CheckMail => panic!("answers are open"),
        }
    }

    async fn log_in(&mut self, who: usize, password: usize) -> Answer {
        let case = LogIn {
            gate: Arc::new(Gate::open()),
            rules: LogInRules::default(),
            arrivals: self.engine.clone(),
            hashing: self.hashing.clone(),
            signer: self.signer.clone(),
            keeper: self.keeper.clone(),
            ledger: self.engine.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            access_token_lifetime: LIFETIME,
        };
        let command = log_in::Command { email: address(who), password: typed(password), channel: Channel::Api };
        let log_in::Outcome::SignedIn(signed_in) = match case.run(&stranger(), command).await {
            Ok(outcome) => outcome,
            Err(LogInError::UnknownUser) => return Answer::UnknownUser,
            Err(LogInError::WrongPassword) => return Answer::WrongPassword,
            Err(LogInError::Disabled) => return Answer::Disabled,
            Err(other) => panic!("{other:?}"),
        };
        let IssuedCredential::Tokens(tokens) = signed_in.credential else { panic!("the API gets tokens") };
        self.sessions.push(Held { access_token: String::new(), refresh_tokens: Vec::new() });
        self.keep(self.sessions.len() - 1, &tokens);
        Answer::SignedIn
    }

    fn keep(&mut self, at: usize, tokens: &IssuedTokens) {
        let held = &mut self.sessions[at];
        held.access_token = tokens.access_token.reveal().into();
        held.refresh_tokens.push(tokens.refresh_token.reveal().into());
    }

    async fn refresh(&mut self, session: usize, ago: u32) -> Answer {
        let Some(at) = session.checked_rem(self.sessions.len()) else { return Answer::Nothing };
        let case = Refresh {
            sessions: self.engine.clone(),
            signer: self.signer.clone(),
            keeper: self.keeper.clone(),
            ledger: self.engine.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            access_token_lifetime: LIFETIME,
        };
        let held = &self.sessions[at].refresh_tokens;
        let presented = held.len().saturating_sub(1 + ago as usize);
        match case.run(&stranger(), &held[presented]).await {
            Ok(tokens) if held.last().is_some_and(|last| last == tokens.refresh_token.reveal()) => {
                self.sessions[at].access_token = tokens.access_token.reveal().into();
                Answer::Tokens { again: true }
            }
            Ok(tokens) => {
                self.keep(at, &tokens);
                Answer::Tokens { again: false }
            }
            Err(RefreshError::NotValid) => Answer::NotValid,
            Err(RefreshError::Failed(failure)) => panic!("{failure}"),
        }
    }

    /// Who shows the access token of a session; `None` when there is no session yet.
    async fn actor(&self, session: usize, operation: Operation) -> Option<Result<Actor, Answer>> {
        let held = &self.sessions[session.checked_rem(self.sessions.len())?];
        let case = Authenticate {
            signer: self.signer.clone(),
            keeper: self.keeper.clone(),
            sessions: self.engine.clone(),
            last_seen: self.engine.clone(),
            clock: self.clock.clone(),
        };
        let shown = Shown::Bearer(&held.access_token);
        Some(match case.run(shown, operation, Origin::default()).await {
            Ok(actor) => Ok(actor),
            Err(AuthenticateError::NotValid) => Err(Answer::NotValid),
            Err(other) => panic!("{other:?}"),
        })
    }

    async fn show_me(&self, session: usize) -> Answer {
        match self.actor(session, Operation::ShowMe).await {
            None => Answer::Nothing,
            Some(Err(answer)) => answer,
            Some(Ok(actor)) => Answer::Me { verified: actor.user().is_some_and(|user| user.is_activated()) },
        }
    }

    async fn log_out(&self, session: usize) -> Answer {
        let actor = match self.actor(session, Operation::LogOut).await {
            None => return Answer::Nothing,
            Some(Err(answer)) => return answer,
            Some(Ok(actor)) => actor,
        };
        let case = LogOut { ledger: self.engine.clone(), clock: self.clock.clone(), entropy: self.entropy.clone() };
        case.run(&actor).await.expect("a session logs out");
        Answer::Done
    }

    async fn ask(&self, who: usize, wanted: Wanted) -> Answer {
        let case = AskByMail {
            gate: Arc::new(Gate::open()),
            answers: Answers::Contract,
            accounts: self.engine.clone(),
            keeper: self.keeper.clone(),
            ledger: self.engine.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        };
        case.run(&stranger(), wanted, &address(who)).await.expect("asked");
        Answer::Done
    }

    fn redeem(&self) -> Arc<Redeem> {
        let (tokens, ledger) = (self.engine.clone(), self.engine.clone());
        Arc::new(Redeem { tokens, keeper: self.keeper.clone(), ledger })
    }

    fn mailed(&self, token: usize) -> Option<&str> {
        token.checked_rem(self.mailed.len()).map(|at| self.mailed[at].as_str())
    }

    async fn verify(&self, token: usize) -> Answer {
        let Some(token) = self.mailed(token) else { return Answer::Nothing };
        let case = ConfirmAddress {
            gate: Arc::new(Gate::open()),
            redeem: self.redeem(),
            default_policy: DefaultPolicy::Allow,
            domains: self.engine.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        };
        match case.run(&stranger(), token).await {
            Ok(_) => Answer::Done,
            Err(ConfirmAddressError::NotValid(_)) => Answer::NotValid,
            Err(other) => panic!("{other:?}"),
        }
    }

    async fn reset(&self, token: usize, password: usize) -> Answer {
        let Some(token) = self.mailed(token) else { return Answer::Nothing };
        let case = ResetPassword {
            gate: Arc::new(Gate::open()),
            redeem: self.redeem(),
            policy: policy(),
            hashing: self.hashing.clone(),
            keeper: self.keeper.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        };
        match case.run(&stranger(), token, PASSWORDS[password]).await {
            Ok(_) => Answer::Done,
            Err(ResetPasswordError::NotValid(_)) => Answer::NotValid,
            Err(other) => panic!("{other:?}"),
        }
    }

    async fn change(&self, session: usize, current: usize, new: usize) -> Answer {
        let actor = match self.actor(session, Operation::ChangePassword).await {
            None => return Answer::Nothing,
            Some(Err(answer)) => return answer,
            Some(Ok(actor)) => actor,
        };
        let case = ChangePassword {
            gate: Arc::new(Gate::open()),
            accounts: self.engine.clone(),
            policy: policy(),
            hashing: self.hashing.clone(),
            keeper: self.keeper.clone(),
            own_row: Arc::new(OwnRow { accounts: self.engine.clone(), ledger: self.engine.clone() }),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        };
        match case.run(&actor, typed(current), PASSWORDS[new]).await {
            Ok(_) => Answer::Done,
            Err(ChangePasswordError::WrongPassword) => Answer::WrongPassword,
            Err(other) => panic!("{other:?}"),
        }
    }

    async fn set_state(&self, who: usize, wanted: set_user_state::Wanted) -> Answer {
        let case = SetUserState {
            accounts: self.engine.clone(),
            ledger: self.engine.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        };
        match case.run(&Actor::system(), &address(who), wanted).await {
            Ok(()) => Answer::Done,
            Err(SetUserStateError::NotFound) => Answer::NoSuchUser,
            Err(other) => panic!("{other:?}"),
        }
    }
}

fn stranger() -> Actor {
    Actor::nobody(Origin::default())
}

fn address(who: usize) -> EmailAddress {
    EmailAddress::parse(&format!("user{who}@example.org")).expect("an address")
}

fn typed(password: usize) -> Password {
    Password::typed(PASSWORDS[password]).expect("a password")
}

fn policy() -> PasswordPolicy {
    PasswordPolicy::new(8, Arc::new(FewCommonPasswords))
}

//! Addresses that are verified by mail, and letters that go out.

use std::sync::Arc;
use std::sync::Mutex;

use async_trait::async_trait;
use chrono::TimeDelta;
use domain::access::Actor;
use domain::accounts::answers::Answers;
use domain::accounts::ask_by_mail::{AskByMail, Wanted};
use domain::accounts::confirm_address::{ConfirmAddress, ConfirmAddressError, Confirmation};
use domain::accounts::email::EmailKey;
use domain::accounts::ports::Accounts;
use domain::accounts::sign_up::{Outcome, SignUp};
use domain::accounts::user::{Account, User, UserState};
use domain::domains::policy::DefaultPolicy;
use domain::events::EventKind;
use domain::ids::{DeliveryId, UserId};
use domain::mail::deliver::{Deliver, Delivered};
use domain::mail::delivery::{DeliveryOutcome, LEASE};
use domain::mail::letter::{Letter, Template};
use domain::mail::mailed_token::{IssuedMailedToken, MailedTokenPurpose};
use domain::mail::ports::{Deliveries as _, Mailer, NotSent};
use domain::mail::redeem::RedeemError;
use domain::origin::Origin;
use domain::ports::clock::{Clock as _, Timestamp};
use domain::ports::failure::PortFailure;
use domain::sessions::log_in::LogInRules;
use memory::passwords::CheapHashing;
use memory::secrets::FakeSecretKeeper;

use crate::world::{PASSWORD, World, application, email, typed};

const ADA: &str = "ada@example.org";

impl World {
    pub(crate) fn confirm_address(&self) -> ConfirmAddress {
        ConfirmAddress {
            gate: self.gate.0.clone(),
            redeem: self.redeem(),
            default_policy: DefaultPolicy::Allow,
            domains: self.memory.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }

    pub(crate) fn ask_by_mail(&self) -> AskByMail {
        AskByMail {
            gate: self.gate.0.clone(),
            answers: self.rules.answers,
            accounts: self.memory.clone(),
            keeper: self.keeper.clone(),
            ledger: self.memory.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }

    pub(crate) async fn confirm(&self, token: &str) -> Result<Confirmation, ConfirmAddressError> {
        self.confirm_address().run(&Actor::nobody(Origin::default()), token).await
    }

    pub(crate) async fn ask(&self, wanted: Wanted, address: &str) {
        self.ask_by_mail()
            .run(&Actor::nobody(Origin::default()), wanted, &email(address))
            .await
            .expect("memory writes");
    }
}

#[tokio::test]
async fn a_sign_up_mails_a_token_that_verifies_the_address_once() {
    let world = World::default();
    let (user, _) = world.join("Ada@Example.org").await;
    assert_eq!(world.told(), [(Template::VerifyAddress, "Ada@Example.org".into())]);
    let token = world.mailed_token(Template::VerifyAddress);
    assert!(!user.is_activated());
    world.confirm(&token).await.expect("it is genuine");
    assert!(world.user(user.id).await.is_activated());
    assert!(matches!(world.confirm(&token).await, Err(ConfirmAddressError::NotValid(_))), "it is used");
    assert_eq!(world.happened(), [EventKind::UserSignedUp, EventKind::AddressVerified]);
}

#[tokio::test]
async fn a_token_is_refused_when_it_is_forged_too_old_ended_or_of_another_purpose() {
    let world = World::default();
    let (user, _) = world.join(ADA).await;
    let token = world.mailed_token(Template::VerifyAddress);
    let other_key = FakeSecretKeeper::new(2);
    let id = IssuedMailedToken::read(&token, &*world.keeper).expect("it is genuine");
    let forged = IssuedMailedToken::of(id, &other_key);
    world.ask(Wanted::NewPassword, ADA).await;
    let reset = world.mailed_token(Template::ResetPassword);
    for bad in ["", "urm_", "urm_00", &token[..token.len() - 1], &token.to_uppercase(), forged.reveal(), &reset] {
        assert!(matches!(world.confirm(bad).await, Err(ConfirmAddressError::NotValid(_))), "{bad}");
    }
    world.ask(Wanted::Verification, ADA).await;
    let newer = world.mailed_token(Template::VerifyAddress);
    assert!(world.confirm(&token).await.is_err(), "a newer one has ended it");
    world.clock.advance(MailedTokenPurpose::VerifyAddress.lifetime());
    assert!(world.confirm(&newer).await.is_err(), "it is too old");
    assert!(!world.user(user.id).await.is_activated());
}

#[tokio::test]
async fn a_look_at_a_token_tells_its_address_and_uses_nothing() {
    let world = World::default();
    world.join("Ada@Example.org").await;
    world.ask(Wanted::NewPassword, ADA).await;
    let (verify, reset) = (world.mailed_token(Template::VerifyAddress), world.mailed_token(Template::ResetPassword));
    let (confirm_address, reset_password) = (world.confirm_address(), world.reset_password());
    for _ in 0..2 {
        let looked = confirm_address.look(&verify).await.expect("it is genuine");
        assert_eq!(looked, Confirmation::Verified(email("Ada@Example.org")));
        assert_eq!(reset_password.look(&reset).await.expect("it is genuine").as_str(), "Ada@Example.org");
    }
    assert!(matches!(confirm_address.look(&reset).await, Err(ConfirmAddressError::NotValid(_))), "another purpose");
    assert!(matches!(reset_password.look(&verify).await, Err(RedeemError::NotValid(_))), "another purpose");
    world.confirm(&verify).await.expect("it was not used");
    assert!(matches!(confirm_address.look(&verify).await, Err(ConfirmAddressError::NotValid(_))), "it is used");
    world.clock.advance(MailedTokenPurpose::ResetPassword.lifetime());
    assert!(matches!(reset_password.look(&reset).await, Err(RedeemError::NotValid(_))), "it is too old");
}

#[tokio::test]
async fn who_asks_for_a_mail_learns_nothing_and_only_owners_get_one() {
    let world = World::default();
    let (user, _) = world.join(ADA).await;
    world.confirm(&world.mailed_token(Template::VerifyAddress)).await.expect("it is genuine");
    let hash = CheapHashing::hash_of(&typed("a quiet afternoon"));
    world.add("shut@example.org", hash, |user| user.state = UserState::Disabled).await;
    let before = world.told().len();
    world.ask(Wanted::Verification, ADA).await;
    for wanted in [Wanted::Verification, Wanted::NewPassword] {
        for address in ["shut@example.org", "nobody@example.org"] {
            world.ask(wanted, address).await;
        }
    }
    assert_eq!(world.told().len(), before, "nobody gets a mail");
    assert_eq!(world.happened()[3..], [EventKind::MailNotSent; 5]);
    let events = world.memory.events();
    let subject = &events.last().expect("an event").subject;
    assert!(subject.kind == "address" && !subject.id.contains('@'), "{subject:?}");
    world.ask(Wanted::NewPassword, "ADA@example.org").await;
    assert_eq!(world.told().last(), Some(&(Template::ResetPassword, user.email.to_string())));
}

/// A mailer that keeps what it was given, and fails as it is told.
#[derive(Default)]
struct Post {
    sent: Mutex<Vec<(DeliveryId, Template, Option<String>)>>,
    failures: Mutex<Vec<NotSent>>,
}

#[async_trait]
impl Mailer for Post {
    async fn send(
        &self,
        id: DeliveryId,
        letter: &Letter,
        token: Option<IssuedMailedToken>,
        _written_at: Timestamp,
    ) -> Result<(), NotSent> {
        if let Some(failure) = self.failures.lock().expect("not poisoned").pop() {
            return Err(failure);
        }
        let token = token.map(|token| token.reveal().to_owned());
        self.sent.lock().expect("not poisoned").push((id, letter.template, token));
        Ok(())
    }
}

fn deliver(world: &World, post: &Arc<Post>) -> Deliver {
    Deliver {
        deliveries: world.memory.clone(),
        tokens: world.memory.clone(),
        mailer: post.clone(),
        keeper: world.keeper.clone(),
        clock: world.clock.clone(),
    }
}

/// Sends the letter that is due.
async fn one(deliver: &Deliver) -> Option<Delivered> {
    let delivery = deliver.claim().await.expect("memory works")?;
    let delivered = deliver.send(delivery).await;
    deliver.settle(&delivered).await.expect("memory works");
    Some(delivered)
}

#[tokio::test]
async fn a_letter_with_a_dead_link_is_dropped() {
    let (world, post) = (World::default(), Arc::new(Post::default()));
    world.join(ADA).await;
    let deliver = deliver(&world, &post);
    one(&deliver).await.expect("the mail of the sign-up");
    for later in [TimeDelta::zero(), MailedTokenPurpose::ResetPassword.lifetime()] {
        world.ask(Wanted::NewPassword, ADA).await;
        if later.is_zero() {
            world.ask(Wanted::NewPassword, ADA).await;
        }
        world.clock.advance(later);
        let delivered = one(&deliver).await.expect("a letter is due");
        assert_eq!(delivered.outcome, DeliveryOutcome::Dropped, "{later}");
        one(&deliver).await;
    }
    assert_eq!(post.sent.lock().expect("not poisoned").len(), 2, "the first mail, and the newer of the two links");
}

#[tokio::test]
async fn a_letter_whose_senders_all_die_is_given_up() {
    let (world, post) = (World::default(), Arc::new(Post::default()));
    world.join(ADA).await;
    let deliver = deliver(&world, &post);
    for _ in 0..10 {
        deliver.claim().await.expect("memory works").expect("a letter is due");
        world.clock.advance(LEASE);
    }
    assert_eq!(one(&deliver).await.expect("a letter is due").outcome, DeliveryOutcome::GivenUp);
    assert!(post.sent.lock().expect("not poisoned").is_empty());
}

#[tokio::test]
async fn a_clock_that_is_put_back_holds_up_the_letters_that_waited_and_no_others() {
    let (world, post) = (World::default(), Arc::new(Post::default()));
    world.join(ADA).await;
    let deliver = deliver(&world, &post);
    world.clock.advance(TimeDelta::hours(-5));
    assert_eq!(one(&deliver).await, None, "the clock has not caught up");
    world.join("bea@example.org").await;
    assert_eq!(one(&deliver).await.expect("a letter is due").delivery.letter.to.as_str(), "bea@example.org");
    world.clock.advance(TimeDelta::hours(5));
    assert_eq!(one(&deliver).await.expect("a letter is due").delivery.letter.to.as_str(), ADA);
    assert_eq!(one(&deliver).await, None);
}

#[tokio::test]
async fn a_letter_goes_out_once_with_the_token_that_was_made_with_it() {
    let (world, post) = (World::default(), Arc::new(Post::default()));
    world.join(ADA).await;
    let deliver = deliver(&world, &post);
    let delivered = one(&deliver).await.expect("a letter is due");
    assert_eq!(
        (delivered.delivery.letter.template, delivered.outcome),
        (Template::VerifyAddress, DeliveryOutcome::Sent)
    );
    assert_eq!(one(&deliver).await, None);
    let sent = post.sent.lock().expect("not poisoned").clone();
    let token = world.mailed_token(Template::VerifyAddress);
    assert_eq!(sent, [(delivered.delivery.id, Template::VerifyAddress, Some(token))]);
}

#[tokio::test]
async fn a_letter_that_cannot_go_out_is_tried_again_for_a_day_and_then_given_up() {
    let (world, post) = (World::default(), Arc::new(Post::default()));
    world.join(ADA).await;
    let deliver = deliver(&world, &post);
    let started = world.clock.now();
    let mut attempts = 0;
    loop {
        post.failures.lock().expect("not poisoned").push(NotSent::Now("the server is busy".into()));
        let delivered = one(&deliver).await.expect("a letter is due");
        attempts += 1;
        match delivered.outcome {
            DeliveryOutcome::Postponed(due) => {
                assert_eq!(one(&deliver).await, None, "not before its time");
                world.clock.set(due);
            }
            outcome => break assert_eq!(outcome, DeliveryOutcome::GivenUp),
        }
    }
    let passed = world.clock.now() - started;
    assert!(attempts == 10 && passed > TimeDelta::hours(20) && passed < TimeDelta::hours(48), "{attempts} {passed}");
    world.clock.advance(TimeDelta::days(30));
    assert_eq!(one(&deliver).await, None);
}

#[tokio::test]
async fn a_letter_that_is_refused_for_good_is_not_tried_again() {
    let (world, post) = (World::default(), Arc::new(Post::default()));
    world.join(ADA).await;
    post.failures.lock().expect("not poisoned").push(NotSent::Ever("no such mailbox".into()));
    let delivered = one(&deliver(&world, &post)).await.expect("a letter is due");
    assert_eq!(delivered.outcome, DeliveryOutcome::GivenUp);
    assert_eq!(delivered.reason.as_deref(), Some("no such mailbox"));
}

#[tokio::test]
async fn a_letter_of_a_process_that_died_goes_out_from_another() {
    let (world, post) = (World::default(), Arc::new(Post::default()));
    world.join(ADA).await;
    let now = world.clock.now();
    let lost = world.memory.claim(now, now + LEASE).await.expect("memory works").expect("a letter is due");
    let deliver = deliver(&world, &post);
    assert_eq!(one(&deliver).await, None, "it is somebody's");
    world.clock.advance(LEASE);
    let delivered = one(&deliver).await.expect("its time is over");
    assert_eq!(delivered.delivery.id, lost.id);
}

/// Accounts as they were a moment ago.
struct Outdated(Account);

#[async_trait]
impl Accounts for Outdated {
    async fn by_email(&self, _: &EmailKey) -> Result<Option<Account>, PortFailure> {
        Ok(Some(self.0.clone()))
    }

    async fn by_id(&self, _: UserId) -> Result<Option<User>, PortFailure> {
        Ok(Some(self.0.user.clone()))
    }

    async fn list(&self, _: Option<UserId>, _: usize) -> Result<Vec<User>, PortFailure> {
        Ok(vec![self.0.user.clone()])
    }
}

#[tokio::test]
async fn no_mail_goes_out_to_an_account_that_is_shut_at_that_moment() {
    for rules in [LogInRules::default(), LogInRules { answers: Answers::Hardened, ..LogInRules::default() }] {
        let world = World { rules, ..World::default() };
        let password = CheapHashing::hash_of(&typed(PASSWORD));
        world.add(ADA, password, |user| user.state = UserState::Disabled).await;
        let mut account = world.memory.by_email(email(ADA).key()).await.expect("read").expect("an account");
        account.user.state = UserState::Active;
        let accounts: Arc<dyn Accounts> = Arc::new(Outdated(account));
        let actor = Actor::nobody(Origin::default());
        for wanted in [Wanted::Verification, Wanted::NewPassword] {
            let case = AskByMail { accounts: accounts.clone(), ..world.ask_by_mail() };
            case.run(&actor, wanted, &email(ADA)).await.expect("the answer is the usual one");
        }
        if rules.answers == Answers::Hardened {
            let case = SignUp { accounts, ..world.sign_up(DefaultPolicy::Allow) };
            assert_eq!(case.run(&actor, application(ADA)).await.expect("the usual one"), Outcome::CheckMail);
        }
        assert_eq!(world.told(), []);
        let last = world.memory.events().last().map(|event| event.kind);
        assert_eq!(last, Some(EventKind::MailNotSent));
    }
}

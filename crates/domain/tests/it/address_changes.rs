//! Users who change their address, and owners who take that back.

use chrono::TimeDelta;
use domain::access::Actor;
use domain::accounts::ask_by_mail::Wanted;
use domain::accounts::change_address::{ChangeAddress, ChangeAddressError};
use domain::accounts::confirm_address::{ConfirmAddressError, Confirmation};
use domain::accounts::reset_password::ResetPasswordError;
use domain::accounts::sign_up::Outcome;
use domain::accounts::undo_address_change::UndoAddressChange;
use domain::accounts::user::User;
use domain::changes::Changes;
use domain::changes::account::AccountChange;
use domain::domains::policy::{BelongsTo, DefaultPolicy};
use domain::events::{Event, EventKind, EventSubject};
use domain::mail::letter::Template;
use domain::mail::mailed_token::MailedTokenPurpose;
use domain::mail::redeem::RedeemError;
use domain::origin::Origin;
use domain::ports::clock::Clock as _;
use domain::ports::ledger::Ledger as _;
use domain::sessions::log_in::LogInError;
use domain::sessions::session::{Channel, EndReason};

use crate::world::{PASSWORD, World, application, by_user_token, email, typed};

const ADA: &str = "ada@example.org";
const NEW: &str = "ada@lovelace.example";
const EVE: &str = "eve@example.org";

impl World {
    pub(crate) fn change_address(&self) -> ChangeAddress {
        ChangeAddress {
            gate: self.gate.0.clone(),
            accounts: self.memory.clone(),
            default_policy: DefaultPolicy::Allow,
            domains: self.memory.clone(),
            hashing: self.hashing.clone(),
            ledger: self.memory.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }

    pub(crate) fn undo_address_change(&self) -> UndoAddressChange {
        UndoAddressChange {
            gate: self.gate.0.clone(),
            redeem: self.redeem(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }

    async fn undo(&self, token: &str) -> Result<(), RedeemError> {
        self.clock.advance(TimeDelta::seconds(1));
        self.undo_address_change().run(&Actor::nobody(Origin::default()), token).await.map(|_| ())
    }

    /// Logs in at one address and asks for another: the token that is mailed there.
    async fn wish(&self, from: &str, to: &str) -> String {
        // Letters of one moment have no order.
        self.clock.advance(TimeDelta::seconds(1));
        let actor = self.actor(&self.enter(from, Channel::Api).await);
        self.change_address().run(&actor, &email(to), typed(PASSWORD)).await.expect("the password is right");
        self.mailed_token(Template::ConfirmNewAddress)
    }

    /// Changes an address for another: the token that undoes it.
    async fn move_from(&self, from: &str, to: &str) -> String {
        let token = self.wish(from, to).await;
        self.clock.advance(TimeDelta::seconds(1));
        self.confirm(&token).await.expect("nobody has the address");
        self.mailed_token(Template::AddressChanged)
    }

    async fn try_to_join(&self, address: &str) -> Outcome {
        let nobody = Actor::nobody(Origin::default());
        self.sign_up(DefaultPolicy::Allow).run(&nobody, application(address)).await.expect("memory writes")
    }
}

#[tokio::test]
async fn nothing_changes_before_the_new_address_is_confirmed() {
    let world = World::default();
    let (user, _) = world.join(ADA).await;
    let token = world.wish(ADA, "Ada@Lovelace.example").await;
    assert_eq!(world.user(user.id).await, user);
    assert_eq!(world.told().last(), Some(&(Template::ConfirmNewAddress, "Ada@Lovelace.example".into())));
    let looked = world.confirm_address().look(&token).await.expect("it is genuine");
    assert_eq!(looked, Confirmation::Changed(email("Ada@Lovelace.example")));
    assert_eq!(world.user(user.id).await, user, "a look changes nothing");
    let sessions = [world.enter(ADA, Channel::Api).await, world.enter(ADA, Channel::Pages).await];
    world.clock.advance(TimeDelta::seconds(1));
    world.confirm(&token).await.expect("it is genuine");
    let after = world.user(user.id).await;
    assert_eq!((after.email.as_str(), after.is_activated()), ("Ada@Lovelace.example", true));
    assert!(after.has_user_token(), "programs work on");
    for signed_in in sessions {
        assert_eq!(world.memory.end_reason(signed_in.session.id), Some(EndReason::AddressChanged));
    }
    assert!(matches!(world.try_to_enter(ADA, PASSWORD, Channel::Api).await, Err(LogInError::UnknownUser)));
    world.enter(NEW, Channel::Api).await;
    assert_eq!(world.told().last(), Some(&(Template::AddressChanged, ADA.into())));
    let kinds = [EventKind::UserSignedUp, EventKind::SessionStarted, EventKind::AddressChangeSent];
    assert!(world.happened().starts_with(&kinds) && world.happened().contains(&EventKind::AddressChanged));
    assert!(matches!(world.confirm(&token).await, Err(ConfirmAddressError::NotValid(_))), "it is used");
}

#[tokio::test]
async fn a_wish_asks_for_a_session_the_password_another_address_and_an_allowed_domain() {
    let world = World::default();
    let (user, _) = world.join(ADA).await;
    let actor = world.actor(&world.enter(ADA, Channel::Api).await);
    world.put_domain("blocked.example", BelongsTo::Blocked).await;
    let change = world.change_address();
    let (before, new) = (world.memory.letters().len(), email(NEW));
    for actor in [by_user_token(&world, &user), Actor::nobody(Origin::default()), Actor::system()] {
        let refused = change.run(&actor, &new, typed(PASSWORD)).await;
        assert!(matches!(refused, Err(ChangeAddressError::Denied(_))), "{refused:?}");
    }
    let refused = change.run(&actor, &new, typed("another one")).await;
    assert!(matches!(refused, Err(ChangeAddressError::WrongPassword)), "{refused:?}");
    let refused = change.run(&actor, &email(ADA), typed(PASSWORD)).await;
    assert!(matches!(refused, Err(ChangeAddressError::SameAddress)), "{refused:?}");
    let refused = change.run(&actor, &email("ada@blocked.example"), typed(PASSWORD)).await;
    assert!(matches!(refused, Err(ChangeAddressError::NotAllowed)), "{refused:?}");
    world.hashing.refuse_next(1);
    let refused = change.run(&actor, &new, typed(PASSWORD)).await;
    assert!(matches!(refused, Err(ChangeAddressError::Hash(_))), "{refused:?}");
    assert_eq!(world.memory.letters().len(), before, "nobody got a mail");
}

#[tokio::test]
async fn a_token_is_refused_when_it_is_too_old_ended_or_its_domain_is_blocked_meanwhile() {
    let world = World::default();
    let (user, _) = world.join(ADA).await;
    let first = world.wish(ADA, NEW).await;
    let second = world.wish(ADA, "ada@other.example").await;
    assert!(matches!(world.confirm(&first).await, Err(ConfirmAddressError::NotValid(_))), "a newer wish has ended it");
    world.put_domain("other.example", BelongsTo::Blocked).await;
    assert!(matches!(world.confirm(&second).await, Err(ConfirmAddressError::NotAllowed)));
    world.put_domain("other.example", BelongsTo::Allowed).await;
    world.clock.advance(MailedTokenPurpose::ChangeAddress.lifetime());
    assert!(matches!(world.confirm(&second).await, Err(ConfirmAddressError::NotValid(_))), "it is too old");
    assert_eq!(world.user(user.id).await.email.as_str(), ADA);
}

#[tokio::test]
async fn a_new_password_ends_the_wish_of_whoever_knew_the_old_one() {
    let world = World::default();
    world.join(ADA).await;
    let wish = world.wish(ADA, EVE).await;
    world.ask(Wanted::NewPassword, ADA).await;
    let (nobody, token) = (Actor::nobody(Origin::default()), world.mailed_token(Template::ResetPassword));
    world.reset_password().run(&nobody, &token, "a louder morning").await.expect("it is genuine");
    assert!(matches!(world.confirm(&wish).await, Err(ConfirmAddressError::NotValid(_))));
}

#[tokio::test]
async fn an_address_of_another_is_asked_for_alike_and_refused_when_it_is_confirmed() {
    let world = World::default();
    let (ada, _) = world.join(ADA).await;
    let (eve, _) = world.join(EVE).await;
    let token = world.wish(ADA, EVE).await;
    assert_eq!(world.told().last(), Some(&(Template::ConfirmNewAddress, EVE.into())));
    assert!(matches!(world.confirm(&token).await, Err(ConfirmAddressError::AddressTaken)));
    assert_eq!((world.user(ada.id).await, world.user(eve.id).await), (ada.clone(), eve));
    // Nobody is kept from an address that somebody only asked for.
    let token = world.wish(ADA, NEW).await;
    assert!(matches!(world.try_to_join(NEW).await, Outcome::SignedUp { .. }));
    assert!(matches!(world.confirm(&token).await, Err(ConfirmAddressError::AddressTaken)));
    world.enter(ADA, Channel::Api).await;
}

#[tokio::test]
async fn tokens_to_the_old_address_die_with_the_change() {
    let world = World::default();
    world.join(ADA).await;
    let verify = world.mailed_token(Template::VerifyAddress);
    world.ask(Wanted::NewPassword, ADA).await;
    let reset = world.mailed_token(Template::ResetPassword);
    world.move_from(ADA, NEW).await;
    assert!(matches!(world.confirm(&verify).await, Err(ConfirmAddressError::NotValid(_))));
    let nobody = Actor::nobody(Origin::default());
    let refused = world.reset_password().run(&nobody, &reset, "a louder morning").await;
    assert!(matches!(refused, Err(ResetPasswordError::NotValid(_))), "{refused:?}");
}

#[tokio::test]
async fn only_an_owner_who_was_verified_is_told_the_new_address() {
    let world = World::default();
    world.join(ADA).await;
    let fact = |world: &World| {
        let letters = world.memory.letters();
        let changed = letters.iter().map(|delivery| &delivery.letter).rfind(|l| l.template == Template::AddressChanged);
        changed.and_then(|letter| letter.facts.iter().find(|(name, _)| name == "new-address").cloned())
    };
    world.move_from(ADA, NEW).await;
    assert_eq!(fact(&world), None);
    world.move_from(NEW, "ada@other.example").await;
    assert_eq!(fact(&world), Some(("new-address".into(), "ada@other.example".into())));
}

#[tokio::test]
async fn an_old_address_is_reserved_for_a_week() {
    let world = World::default();
    world.join(ADA).await;
    world.join(EVE).await;
    let undo = world.move_from(ADA, NEW).await;
    assert_eq!(world.try_to_join("ADA@example.org").await, Outcome::AlreadyExists);
    let wish = world.wish(EVE, ADA).await;
    assert!(matches!(world.confirm(&wish).await, Err(ConfirmAddressError::AddressTaken)));
    world.clock.advance(MailedTokenPurpose::UndoAddressChange.lifetime() + TimeDelta::seconds(1));
    assert!(matches!(world.undo(&undo).await, Err(RedeemError::NotValid(_))), "it is too old");
    assert!(matches!(world.try_to_join(ADA).await, Outcome::SignedUp { .. }));
}

#[tokio::test]
async fn an_undo_restores_the_address_and_locks_everybody_out_but_its_owner() {
    let world = World::default();
    let (user, _) = world.join(ADA).await;
    let undo = world.move_from(ADA, EVE).await;
    let wish = world.wish(EVE, NEW).await;
    let session = world.enter(EVE, Channel::Pages).await;
    assert_eq!(world.undo_address_change().look(&undo).await.expect("it is genuine"), email(ADA));
    world.undo(&undo).await.expect("it is genuine");
    let after = world.user(user.id).await;
    assert_eq!((after.email.as_str(), after.is_activated(), after.has_user_token()), (ADA, true, false));
    assert_eq!(world.memory.end_reason(session.session.id), Some(EndReason::AddressChanged));
    for address in [ADA, EVE] {
        assert!(world.try_to_enter(address, PASSWORD, Channel::Api).await.is_err(), "{address}");
    }
    assert!(world.confirm(&wish).await.is_err(), "what was wished meanwhile is over");
    assert_eq!(world.told().last(), Some(&(Template::ResetPassword, ADA.into())));
    assert!(world.happened().contains(&EventKind::AddressChangeUndone));
    assert!(matches!(world.undo(&undo).await, Err(RedeemError::NotValid(_))), "it is used");
    let (nobody, reset) = (Actor::nobody(Origin::default()), world.mailed_token(Template::ResetPassword));
    world.reset_password().run(&nobody, &reset, "a louder morning").await.expect("it is genuine");
    assert!(world.try_to_enter(ADA, "a louder morning", Channel::Api).await.is_ok());
    assert!(matches!(world.try_to_join(EVE).await, Outcome::SignedUp { .. }), "the other address is free at once");
}

#[tokio::test]
async fn the_owner_of_the_earliest_address_has_the_last_word() {
    let world = World::default();
    let (user, _) = world.join(ADA).await;
    let of_ada = world.move_from(ADA, EVE).await;
    let of_eve = world.move_from(EVE, "mallory@example.org").await;
    let of_mallory = world.move_from("mallory@example.org", NEW).await;
    world.undo(&of_eve).await.expect("it is genuine");
    assert_eq!(world.user(user.id).await.email.as_str(), EVE);
    assert!(world.undo(&of_mallory).await.is_err(), "it would take back what is taken back");
    world.undo(&of_ada).await.expect("no change after it has ended it");
    assert_eq!(world.user(user.id).await.email.as_str(), ADA);
    assert!(world.undo(&of_eve).await.is_err());
    let addresses = world.told().into_iter().filter(|(template, _)| *template == Template::ResetPassword);
    assert_eq!(addresses.map(|(_, to)| to).collect::<Vec<_>>(), [EVE, ADA]);
}

#[tokio::test]
async fn a_slow_clock_makes_no_later_change_an_earlier_one() {
    let world = World::default();
    let (user, _) = world.join(ADA).await;
    // Another replica, whose clock is an hour fast, has written last.
    let at = world.clock.now() + TimeDelta::hours(1);
    let event = Event::now(
        EventKind::DiscoverabilityChanged,
        &Actor::system(),
        EventSubject::new("user", user.id),
        at,
        &*world.entropy,
    );
    let change = AccountChange::SetDiscoverable { user: user.id, version: 1, discoverable: true, at };
    world.memory.apply(Changes::new(event).with(change)).await.expect("memory writes");
    let of_ada = world.move_from(ADA, EVE).await;
    let of_eve = world.move_from(EVE, "mallory@example.org").await;
    world.undo(&of_ada).await.expect("it is genuine");
    assert!(world.undo(&of_eve).await.is_err(), "it is the younger one");
    assert_eq!(world.user(user.id).await.email.as_str(), ADA);
}

#[tokio::test]
async fn another_spelling_is_confirmed_like_another_address() {
    let world = World::default();
    let (user, _) = world.join(ADA).await;
    let undo = world.move_from(ADA, "Ada@Example.org").await;
    let after: User = world.user(user.id).await;
    assert_eq!((after.email.as_str(), after.is_activated()), ("Ada@Example.org", true));
    world.enter(ADA, Channel::Api).await;
    world.undo(&undo).await.expect("it is genuine");
    assert_eq!(world.user(user.id).await.email.as_str(), ADA);
}

#[tokio::test]
async fn each_token_is_good_for_its_purpose_only() {
    let world = World::default();
    world.join(ADA).await;
    let undo = world.move_from(ADA, NEW).await;
    let wish = world.wish(NEW, EVE).await;
    assert!(matches!(world.confirm(&undo).await, Err(ConfirmAddressError::NotValid(_))));
    assert!(matches!(world.undo(&wish).await, Err(RedeemError::NotValid(_))));
    assert!(matches!(world.undo_address_change().look(&wish).await, Err(RedeemError::NotValid(_))));
    world.undo_address_change().look(&undo).await.expect("it is not used");
    world.confirm_address().look(&wish).await.expect("it is not used");
}

//! What is limited by address, by recipient and by the password of who is signed in.

use chrono::TimeDelta;
use domain::accounts::ask_by_mail::{AskByMailError, Wanted};
use domain::accounts::change_address::ChangeAddressError;
use domain::accounts::change_password::ChangePasswordError;
use domain::accounts::confirm_address::ConfirmAddressError;
use domain::accounts::ports::HashFailure;
use domain::accounts::reset_password::ResetPasswordError;
use domain::accounts::sign_up::SignUpError;
use domain::domains::policy::DefaultPolicy;
use domain::events::EventKind;
use domain::mail::letter::Template;
use domain::mail::redeem::RedeemError;
use domain::sessions::log_in::LogInError;
use domain::sessions::session::Channel;
use domain::throttles::account_delay::FREE;
use domain::throttles::limits::Limit;

use crate::throttles::{ADA, ELSEWHERE, HOME, from, throttled, too_many};
use crate::world::{PASSWORD, application, email, typed};

#[tokio::test]
async fn sign_ups_from_one_address_come_to_an_end_before_they_are_hashed() {
    let world = throttled();
    let sign_up = world.sign_up(DefaultPolicy::Allow);
    for number in 0..Limit::SignUpAddress.quota().most {
        let outcome = sign_up.run(&from(HOME), application(&format!("user{number}@example.org"))).await;
        assert!(outcome.is_ok(), "{number}: {outcome:?}");
    }
    let hashed = world.hashing.hashed();
    let refused = sign_up.run(&from(HOME), application(ADA)).await;
    assert!(matches!(refused, Err(SignUpError::TooMany(_))), "{refused:?}");
    assert_eq!(world.hashing.hashed(), hashed);
    assert!(sign_up.run(&from(ELSEWHERE), application(ADA)).await.is_ok());
}

#[tokio::test]
async fn what_cannot_be_hashed_now_is_refused_before_it_is_counted() {
    let world = throttled();
    world.join(ADA).await;
    world.hashing.fill(true);
    let sign_up = world.sign_up(DefaultPolicy::Allow);
    for number in 0..=Limit::LogInAddress.quota().most {
        let refused = world.enter_from(HOME, ADA, "wrong").await;
        assert!(matches!(refused, Err(LogInError::Hash(HashFailure::Overloaded { .. }))), "{number}: {refused:?}");
        let refused = sign_up.run(&from(HOME), application("bea@example.org")).await;
        assert!(matches!(refused, Err(SignUpError::Hash(HashFailure::Overloaded { .. }))), "{number}: {refused:?}");
    }
    world.hashing.fill(false);
    assert!(world.enter_from(HOME, ADA, PASSWORD).await.is_ok());
    assert!(sign_up.run(&from(HOME), application("bea@example.org")).await.is_ok());
}

#[tokio::test]
async fn a_recipient_gets_five_mails_an_hour_whoever_asks() {
    let world = throttled();
    world.join(ADA).await;
    let told = |template| world.told().iter().filter(|(found, _)| *found == template).count();
    let verifications = told(Template::VerifyAddress);
    for number in 0..8 {
        let stranger = from(&format!("198.51.100.{number}"));
        for wanted in [Wanted::Verification, Wanted::NewPassword] {
            world.ask_by_mail().run(&stranger, wanted, &email(ADA)).await.expect("it tells nothing");
        }
        world.clock.advance(TimeDelta::seconds(1));
    }
    assert_eq!((told(Template::VerifyAddress) - verifications, told(Template::ResetPassword)), (5, 5));
    let token = world.mailed_token(Template::ResetPassword);
    world.clock.advance(TimeDelta::minutes(60) - TimeDelta::seconds(8) - TimeDelta::microseconds(1));
    assert!(world.reset_password().look(&token).await.is_ok(), "the last leads in until there can be another");
    world.clock.advance(TimeDelta::microseconds(1));
    world.ask_by_mail().run(&from(HOME), Wanted::NewPassword, &email(ADA)).await.expect("it is sent");
    assert_eq!(told(Template::ResetPassword), 6);
}

#[tokio::test]
async fn asking_and_redeeming_are_limited_by_address() {
    let world = throttled();
    for number in 0..Limit::AskAddress.quota().most {
        let to = email(&format!("user{number}@example.org"));
        world.ask_by_mail().run(&from(HOME), Wanted::NewPassword, &to).await.expect("it is admitted");
    }
    let refused = world.ask_by_mail().run(&from(HOME), Wanted::NewPassword, &email(ADA)).await;
    assert!(matches!(refused, Err(AskByMailError::TooMany(_))), "{refused:?}");
    for _ in 0..Limit::RedeemAddress.quota().most {
        let outcome = world.confirm_address().run(&from(HOME), "forged").await;
        assert!(matches!(outcome, Err(ConfirmAddressError::NotValid(_))), "{outcome:?}");
    }
    let refused = world.confirm_address().run(&from(HOME), "forged").await;
    assert!(matches!(refused, Err(ConfirmAddressError::TooMany(_))), "{refused:?}");
    let refused = world.reset_password().run(&from(HOME), "forged", PASSWORD).await;
    assert!(matches!(refused, Err(ResetPasswordError::TooMany(_))), "{refused:?}");
    let refused = world.undo_address_change().run(&from(HOME), "forged").await;
    assert!(matches!(refused, Err(RedeemError::TooMany(_))), "{refused:?}");
}

#[tokio::test]
async fn a_valid_token_is_good_where_others_have_used_up_the_limit() {
    let world = throttled();
    world.join(ADA).await;
    world.ask_by_mail().run(&from(ELSEWHERE), Wanted::NewPassword, &email(ADA)).await.expect("it is admitted");
    for _ in 0..Limit::RedeemAddress.quota().most {
        drop(world.reset_password().run(&from(HOME), "forged", PASSWORD).await);
    }
    let token = world.mailed_token(Template::ResetPassword);
    let reset = world.reset_password().run(&from(HOME), &token, "another correct horse").await;
    assert!(reset.is_ok(), "{reset:?}");
    let again = world.reset_password().run(&from(HOME), &token, "another correct horse").await;
    assert!(matches!(again, Err(ResetPasswordError::TooMany(_))), "once it is used it counts as any other: {again:?}");
}

#[tokio::test]
async fn the_password_of_who_is_signed_in_is_guessed_as_slowly() {
    let world = throttled();
    world.join(ADA).await;
    let actor = world.actor(&world.enter(ADA, Channel::Pages).await);
    let change = world.change_password();
    for _ in 0..FREE {
        let wrong = change.run(&actor, typed("a wrong one"), "another afternoon").await;
        assert!(matches!(wrong, Err(ChangePasswordError::WrongPassword)), "{wrong:?}");
    }
    let refused = change.run(&actor, typed(PASSWORD), "another afternoon").await;
    assert!(matches!(refused, Err(ChangePasswordError::TooMany(_))), "{refused:?}");
    let refused = world.change_address().run(&actor, &email("new@example.org"), typed(PASSWORD)).await;
    assert!(matches!(refused, Err(ChangeAddressError::TooMany(_))), "{refused:?}");
    world.enter(ADA, Channel::Pages).await;
    world.clock.advance(TimeDelta::seconds(1));
    change.run(&actor, typed(PASSWORD), "another afternoon").await.expect("the delay is over");
}

#[tokio::test]
async fn nobodys_mailbox_is_flooded_by_wishes_for_their_address() {
    let world = throttled();
    world.join(ADA).await;
    let actor = world.actor(&world.enter(ADA, Channel::Pages).await);
    let (change, victim) = (world.change_address(), email("victim@example.org"));
    for _ in 0..Limit::ChangeMail.quota().most {
        change.run(&actor, &victim, typed(PASSWORD)).await.expect("it is sent");
    }
    let refused = change.run(&actor, &victim, typed(PASSWORD)).await;
    assert!(matches!(refused, Err(ChangeAddressError::TooMany(_))), "{refused:?}");
    let letters = world.told().iter().filter(|(template, _)| *template == Template::ConfirmNewAddress).count();
    assert_eq!(letters, 5);
    change.run(&actor, &email("own@example.org"), typed(PASSWORD)).await.expect("another is free");
}

#[tokio::test]
async fn a_guess_that_nobody_compared_is_none() {
    let world = throttled();
    world.join(ADA).await;
    world.hashing.refuse_next(20);
    for _ in 0..20 {
        let outcome = world.enter_from(HOME, ADA, PASSWORD).await;
        assert!(matches!(outcome, Err(LogInError::Hash(_))), "{outcome:?}");
    }
    world.enter_from(HOME, ADA, PASSWORD).await.expect("nothing was held against her");
}

#[tokio::test]
async fn nothing_is_admitted_uncounted() {
    let world = throttled();
    world.join(ADA).await;
    world.memory.set_away(true);
    let compared = world.hashing.verified();
    let outcome = world.enter_from(HOME, ADA, PASSWORD).await;
    assert!(matches!(&outcome, Err(LogInError::Failed(failure)) if failure.retryable()), "{outcome:?}");
    assert_eq!(world.hashing.verified(), compared);
}

#[tokio::test]
async fn refusals_become_one_event_for_each_key_and_nothing_is_lost() {
    let world = throttled();
    world.join(ADA).await;
    for address in [ADA, "no@example.org"] {
        world.guess_from(ELSEWHERE, address).await;
        for _ in 0..9 {
            too_many(world.enter_from(ELSEWHERE, address, PASSWORD).await);
        }
    }
    world.memory.set_away(true);
    world.gate.0.tell_refusals().await.expect_err("nothing can be written");
    world.memory.set_away(false);
    for _ in 0..2 {
        world.gate.0.tell_refusals().await.expect("it is written");
        let events = world.memory.events();
        let told = events.iter().filter(|event| event.kind == EventKind::Throttled).collect::<Vec<_>>();
        assert_eq!(told.len(), 2, "each once");
        for event in told {
            let data = |name| event.data.iter().find(|(found, _)| *found == name).map(|(_, value)| value.as_str());
            assert_eq!((data("limit"), data("count")), (Some("account"), Some("10")));
            assert!(!event.subject.id.contains('@') && event.origin.network().is_some(), "{event:?}");
        }
    }
}

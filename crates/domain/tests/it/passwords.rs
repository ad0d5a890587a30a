//! New passwords, by mail and by those who know the old one.

use chrono::TimeDelta;
use domain::access::Actor;
use domain::accounts::ask_by_mail::Wanted;
use domain::accounts::change_password::{ChangePassword, ChangePasswordError};
use domain::accounts::password::PasswordError;
use domain::accounts::reset_password::{ResetPassword, ResetPasswordError};
use domain::accounts::user::User;
use domain::events::EventKind;
use domain::mail::letter::Template;
use domain::mail::mailed_token::MailedTokenPurpose;
use domain::origin::Origin;
use domain::sessions::log_in::LogInError;
use domain::sessions::session::{Channel, EndReason};

use crate::world::{PASSWORD, World, by_user_token, email, typed};

const ADA: &str = "ada@example.org";
const NEW: &str = "a louder morning";

impl World {
    pub(crate) fn reset_password(&self) -> ResetPassword {
        ResetPassword {
            gate: self.gate.0.clone(),
            redeem: self.redeem(),
            policy: Self::policy(),
            hashing: self.hashing.clone(),
            keeper: self.keeper.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }

    pub(crate) fn change_password(&self) -> ChangePassword {
        ChangePassword {
            gate: self.gate.0.clone(),
            accounts: self.memory.clone(),
            policy: Self::policy(),
            hashing: self.hashing.clone(),
            keeper: self.keeper.clone(),
            own_row: self.own_row(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }

    async fn reset(&self, token: &str, password: &str) -> Result<(), ResetPasswordError> {
        self.reset_password().run(&Actor::nobody(Origin::default()), token, password).await.map(|_| ())
    }

    /// A mailed token for a new password.
    async fn forgot(&self) -> String {
        self.ask_by_mail()
            .run(&Actor::nobody(Origin::default()), Wanted::NewPassword, &email(ADA))
            .await
            .expect("memory writes");
        self.mailed_token(Template::ResetPassword)
    }
}

#[tokio::test]
async fn a_reset_sets_the_password_ends_everything_else_and_tells() {
    let world = World::default();
    let (user, _) = world.join(ADA).await;
    let sessions = [world.enter(ADA, Channel::Api).await, world.enter(ADA, Channel::Pages).await];
    let token = world.forgot().await;
    assert!(world.try_to_enter(ADA, PASSWORD, Channel::Api).await.is_ok(), "nothing changes by asking");
    // Letters of one moment have no order.
    world.clock.advance(TimeDelta::seconds(1));
    world.reset(&token, NEW).await.expect("it is genuine");
    for signed_in in sessions {
        assert_eq!(world.memory.end_reason(signed_in.session.id), Some(EndReason::PasswordChanged));
    }
    let after: User = world.user(user.id).await;
    assert!(after.is_activated() && !after.has_user_token(), "{after:?}");
    assert!(matches!(world.try_to_enter(ADA, PASSWORD, Channel::Api).await, Err(LogInError::WrongPassword)));
    assert!(world.try_to_enter(ADA, NEW, Channel::Api).await.is_ok());
    assert_eq!(world.told().last(), Some(&(Template::PasswordChanged, ADA.into())));
    assert!(world.happened().contains(&EventKind::PasswordReset));
    assert!(matches!(world.reset(&token, "yet another one").await, Err(ResetPasswordError::NotValid(_))));
}

#[tokio::test]
async fn a_reset_that_is_refused_changes_nothing_and_may_be_tried_again() {
    let world = World::default();
    world.join(ADA).await;
    let token = world.forgot().await;
    let hashed = world.hashing.hashed();
    assert!(matches!(world.reset("urm_forged", NEW).await, Err(ResetPasswordError::NotValid(_))));
    for (weak, error) in [("short", PasswordError::TooShort { minimum: 8 }), (ADA, PasswordError::LikeAddress)] {
        let refused = world.reset(&token, weak).await;
        assert!(matches!(refused, Err(ResetPasswordError::Password(found)) if found == error), "{refused:?}");
    }
    assert_eq!(world.hashing.hashed(), hashed, "nothing was hashed for it");
    world.hashing.refuse_next(1);
    assert!(matches!(world.reset(&token, NEW).await, Err(ResetPasswordError::Hash(_))));
    world.reset(&token, NEW).await.expect("the token is still good");
}

#[tokio::test]
async fn a_token_for_a_reset_lives_an_hour_and_dies_with_a_newer_one_or_a_change() {
    let world = World::default();
    world.join(ADA).await;
    let first = world.forgot().await;
    let second = world.forgot().await;
    assert!(world.reset(&first, NEW).await.is_err());
    world.clock.advance(MailedTokenPurpose::ResetPassword.lifetime());
    assert!(world.reset(&second, NEW).await.is_err());
    let third = world.forgot().await;
    let actor = world.actor(&world.enter(ADA, Channel::Api).await);
    world.change_password().run(&actor, typed(PASSWORD), NEW).await.expect("the password is right");
    assert!(world.reset(&third, "yet another one").await.is_err(), "the change has ended it");
}

#[tokio::test]
async fn a_change_keeps_this_session_and_ends_the_others() {
    let world = World::default();
    let (user, _) = world.join(ADA).await;
    let (this, other) = (world.enter(ADA, Channel::Api).await, world.enter(ADA, Channel::Pages).await);
    let actor = world.actor(&this);
    world.change_password().run(&actor, typed(PASSWORD), NEW).await.expect("the password is right");
    assert_eq!(world.memory.end_reason(this.session.id), None);
    assert_eq!(world.memory.end_reason(other.session.id), Some(EndReason::PasswordChanged));
    assert!(!world.user(user.id).await.has_user_token());
    assert_eq!(world.told().last(), Some(&(Template::PasswordChanged, ADA.into())));
    assert!(world.try_to_enter(ADA, NEW, Channel::Api).await.is_ok());
}

#[tokio::test]
async fn a_change_asks_for_the_password_and_a_session() {
    let world = World::default();
    let (user, _) = world.join(ADA).await;
    let actor = world.actor(&world.enter(ADA, Channel::Api).await);
    let change = world.change_password();
    let refused = change.run(&actor, typed("another one"), NEW).await;
    assert!(matches!(refused, Err(ChangePasswordError::WrongPassword)), "{refused:?}");
    let refused = change.run(&actor, typed(PASSWORD), "short").await;
    assert!(matches!(refused, Err(ChangePasswordError::Password(_))), "{refused:?}");
    for actor in [by_user_token(&world, &user), Actor::nobody(Origin::default()), Actor::system()] {
        let refused = change.run(&actor, typed(PASSWORD), NEW).await;
        assert!(matches!(refused, Err(ChangePasswordError::Denied(_))), "{refused:?}");
    }
    assert!(world.try_to_enter(ADA, PASSWORD, Channel::Api).await.is_ok());
}

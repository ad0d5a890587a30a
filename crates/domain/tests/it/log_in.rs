//! Logging in, showing it, and logging out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use chrono::TimeDelta;
use domain::access::{Actor, Denied, Operation};
use domain::accounts::ports::{Accounts as _, HashFailure};
use domain::accounts::show_me::ShowMe;
use domain::accounts::user::UserState;
use domain::changes::Changes;
use domain::events::EventKind;
use domain::origin::Origin;
use domain::ports::ledger::{Ledger, Receipt, Rejected};
use domain::sessions::authenticate::{AuthenticateError, Shown};
use domain::sessions::log_in::{self, LogIn, LogInError};
use domain::sessions::log_out::{LogOut, LogOutError};
use domain::sessions::session::{Channel, EndReason, IDLE};
use memory::memory::Memory;
use memory::passwords::CheapHashing;

use crate::world::{LIFETIME, PASSWORD, World, by_user_token, email, page_secret, tokens, typed};

const ADA: &str = "ada@example.org";

#[tokio::test]
async fn the_api_gets_tokens() {
    let world = World::default();
    let (user, _) = world.join(ADA).await;
    let signed_in = world.enter("ADA@example.org", Channel::Api).await;
    assert_eq!(signed_in.user, user);
    assert_eq!(tokens(&signed_in).expires_in, LIFETIME);
    let token = tokens(&signed_in).access_token.reveal();
    let actor = world.bearer(token, Operation::LogOut).await.expect("the token is alive");
    assert_eq!(actor, world.actor(&signed_in));
    world.clock.advance(LIFETIME);
    let late = world.bearer(token, Operation::LogOut).await;
    assert!(matches!(late, Err(AuthenticateError::NotValid)), "{late:?}");
    assert_eq!(world.happened(), [EventKind::UserSignedUp, EventKind::SessionStarted]);
}

#[tokio::test]
async fn the_pages_get_a_secret_that_dies_of_idleness() {
    let world = World::default();
    world.join(ADA).await;
    let signed_in = world.enter(ADA, Channel::Pages).await;
    let authenticate = world.authenticate();
    let shown = Shown::Page(page_secret(&signed_in).reveal());
    world.clock.advance(IDLE - TimeDelta::seconds(1));
    assert!(authenticate.run(shown, Operation::ShowMe, Origin::default()).await.is_ok());
    world.clock.advance(TimeDelta::seconds(1));
    let late = authenticate.run(shown, Operation::ShowMe, Origin::default()).await;
    assert!(matches!(late, Err(AuthenticateError::NotValid)), "{late:?}");
}

#[tokio::test]
async fn an_unknown_user_costs_a_comparison_too() {
    let world = World::default();
    let outcome = world.try_to_enter(ADA, PASSWORD, Channel::Api).await;
    assert!(matches!(outcome, Err(LogInError::UnknownUser)), "{outcome:?}");
    assert_eq!(world.hashing.verified(), 1);
}

#[tokio::test]
async fn a_wrong_password_opens_nothing() {
    let world = World::default();
    world.join(ADA).await;
    let outcome = world.try_to_enter(ADA, "another afternoon", Channel::Api).await;
    assert!(matches!(outcome, Err(LogInError::WrongPassword)), "{outcome:?}");
    assert_eq!(world.happened(), [EventKind::UserSignedUp, EventKind::LogInRefused]);
}

#[tokio::test]
async fn only_who_knows_the_password_learns_that_an_account_is_disabled() {
    for state in [UserState::Disabled, UserState::Leaving] {
        let world = World::default();
        world.add(ADA, CheapHashing::hash_of(&typed(PASSWORD)), |user| user.state = state).await;
        let wrong = world.try_to_enter(ADA, "another afternoon", Channel::Api).await;
        assert!(matches!(wrong, Err(LogInError::WrongPassword)), "{wrong:?}");
        let right = world.try_to_enter(ADA, PASSWORD, Channel::Api).await;
        assert!(matches!(right, Err(LogInError::Disabled)), "{right:?}");
    }
}

#[tokio::test]
async fn an_outdated_hash_is_replaced_once() {
    let world = World::default();
    world.add(ADA, CheapHashing::outdated_hash_of(&typed(PASSWORD)), |_| {}).await;
    world.enter(ADA, Channel::Api).await;
    let account = world.memory.by_email(email(ADA).key()).await.expect("memory reads").expect("Ada");
    assert_eq!(account.password, Some(CheapHashing::hash_of(&typed(PASSWORD))));
    assert_eq!(account.user.version, 1, "the same password in a new form is no change of the user");
    world.enter(ADA, Channel::Api).await;
    assert_eq!(world.hashing.hashed(), 1);
}

/// A ledger in front of which somebody else is faster so many times.
struct Overtaken {
    left: AtomicUsize,
    memory: Arc<Memory>,
}

#[async_trait]
impl Ledger for Overtaken {
    async fn apply(&self, changes: Changes) -> Result<Receipt, Rejected> {
        let is_overtaken = |left: usize| left.checked_sub(1);
        match self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, is_overtaken) {
            Ok(_) => Err(Rejected::Stale),
            Err(_) => self.memory.apply(changes).await,
        }
    }
}

#[tokio::test]
async fn a_login_starts_over_twice_when_the_account_changes_under_it() {
    for (times, enters) in [(1, true), (2, true), (3, false)] {
        let world = World::default();
        world.join(ADA).await;
        let ledger = Arc::new(Overtaken { left: times.into(), memory: world.memory.clone() });
        let log_in = LogIn { ledger, ..world.log_in() };
        let command = log_in::Command { email: email(ADA), password: typed(PASSWORD), channel: Channel::Api };
        let outcome = log_in.run(&Actor::nobody(Origin::default()), command).await;
        match &outcome {
            Ok(_) => assert!(enters, "{times}"),
            Err(error) => assert!(!enters && matches!(error, LogInError::Failed(why) if why.retryable()), "{error:?}"),
        }
        assert_eq!(world.hashing.verified(), (times + 1).min(3), "the password is compared with what stands there now");
    }
}

#[tokio::test]
async fn a_busy_pool_of_hashes_is_told() {
    let world = World::default();
    world.join(ADA).await;
    world.hashing.refuse_next(1);
    let outcome = world.try_to_enter(ADA, PASSWORD, Channel::Api).await;
    assert!(matches!(outcome, Err(LogInError::Hash(HashFailure::Overloaded { .. }))), "{outcome:?}");
}

#[tokio::test]
async fn a_logged_out_session_is_dead_at_once_and_others_live() {
    let world = World::default();
    world.join(ADA).await;
    let (one, other) = (world.enter(ADA, Channel::Api).await, world.enter(ADA, Channel::Api).await);
    let log_out = LogOut { ledger: world.memory.clone(), clock: world.clock.clone(), entropy: world.entropy.clone() };
    log_out.run(&world.actor(&one)).await.expect("a session logs out");
    assert_eq!(world.memory.end_reason(one.session.id), Some(EndReason::LoggedOut));
    let dead = world.bearer(tokens(&one).access_token.reveal(), Operation::ShowMe).await;
    assert!(matches!(dead, Err(AuthenticateError::NotValid)), "{dead:?}");
    assert!(world.refresh().run(&Actor::nobody(Origin::default()), tokens(&one).refresh_token.reveal()).await.is_err());
    assert!(world.bearer(tokens(&other).access_token.reveal(), Operation::ShowMe).await.is_ok());
    log_out.run(&world.actor(&one)).await.expect("once more is well");
    let ended = world.happened().into_iter().filter(|kind| *kind == EventKind::SessionEnded).count();
    assert_eq!(ended, 1);
}

#[tokio::test]
async fn without_a_session_there_is_nothing_to_log_out() {
    let world = World::default();
    let (user, _) = world.join(ADA).await;
    let log_out = LogOut { ledger: world.memory.clone(), clock: world.clock.clone(), entropy: world.entropy.clone() };
    for (actor, why) in [
        (Actor::nobody(Origin::default()), Denied::Nobody),
        (Actor::system(), Denied::Nobody),
        (by_user_token(&world, &user), Denied::SessionNeeded),
    ] {
        let outcome = log_out.run(&actor).await;
        assert!(matches!(outcome, Err(LogOutError::Denied(denied)) if denied == why), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_user_sees_themselves_and_nobody_else_does() {
    let world = World::default();
    let (user, token) = world.join(ADA).await;
    let show_me = ShowMe { authenticate: world.authenticate().into() };
    let (_, me) = show_me.run(Shown::Bearer(token.reveal()), Origin::default()).await.expect("the token is alive");
    assert_eq!(me.user, user);
    let mut forged = token.reveal().to_owned();
    let last = forged.pop();
    forged.push(if last == Some('0') { '1' } else { '0' });
    for shown in ["", "nonsense", "urt_", "urr_00", &forged] {
        let outcome = show_me.run(Shown::Bearer(shown), Origin::default()).await;
        assert!(matches!(outcome, Err(AuthenticateError::NotValid)), "{shown:?}");
    }
}

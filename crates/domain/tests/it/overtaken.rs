//! Requests that are overtaken: what permitted them is over when they are written.

use domain::access::{Actor, Denied, Operation};
use domain::accounts::issue_user_token::IssueUserToken;
use domain::accounts::own_row::OwnRowError;
use domain::accounts::remove_user_token::RemoveUserToken;
use domain::accounts::set_preferences::{Preferences, SetPreferences};
use domain::accounts::update_phone::UpdatePhone;
use domain::accounts::user::User;
use domain::authority::issue::{IssueAuthorityToken, IssueAuthorityTokenError, Mode};
use domain::authority::revoke::{RevokeAuthorityToken, RevokeAuthorityTokenError};
use domain::changes::Invariant;
use domain::domains::put_domains::{Command, PutDomainsError};
use domain::domains::remove_domain::{RemoveDomain, RemoveDomainError};
use domain::ids::FieldId;
use domain::land::add_field::{AddField, AddFieldError};
use domain::land::remove_field::{RemoveField, RemoveFieldError};
use domain::land::replace_field::{ReplaceField, ReplaceFieldError};
use domain::ports::clock::Clock as _;
use domain::ports::failure::PortFailure;
use domain::ports::ledger::Rejected;
use domain::sessions::log_out::LogOut;
use domain::sessions::session::Channel;
use memory::passwords::CheapHashing;

use crate::land::checked_field;
use crate::world::{PASSWORD, World, domain_name, tokens, typed};

/// A use case on the storage of a world.
macro_rules! case {
    ($world:expr, $case:ident { $($field:ident: $value:expr),* }) => {
        $case { $($field: $value,)* clock: $world.clock.clone(), entropy: $world.entropy.clone() }
    };
}

#[tokio::test]
async fn who_is_logged_out_meanwhile_writes_nothing_more() {
    let world = World::default();
    let actor = administrator(&world).await;
    let log_out = case!(world, LogOut { ledger: world.memory.clone() });
    log_out.run(&actor).await.expect("a session");
    let before = world.happened();
    expect_denied(&world, &actor).await;
    assert_eq!(world.happened(), before);
}

#[tokio::test]
async fn an_account_that_changed_meanwhile_is_not_written_by_an_ended_session() {
    let world = World::default();
    let actor = administrator(&world).await;
    let phone = case!(world, UpdatePhone { own_row: world.own_row() });
    // The row has moved on, so that the late plan would be made anew.
    phone.run(&actor, None).await.expect("a user may");
    let log_out = case!(world, LogOut { ledger: world.memory.clone() });
    log_out.run(&actor).await.expect("a session");
    let user = actor.user().expect("a user").id;
    let before = world.user(user).await;
    let late = phone.run(&actor, None).await;
    assert!(matches!(late, Err(OwnRowError::Denied(Denied::Nobody))), "{late:?}");
    assert_eq!(world.user(user).await, before);
}

#[tokio::test]
async fn a_token_that_was_removed_meanwhile_writes_nothing_more() {
    let world = World::default();
    let (user, token) = world.join("ada@example.org").await;
    let actor = world.bearer(token.reveal(), Operation::ChangeFields).await.expect("a user may");
    let add = case!(world, AddField { ledger: world.memory.clone() });
    add.run(&actor, checked_field('a')).await.expect("a user may");
    let session = world.actor(&world.enter("ada@example.org", Channel::Api).await);
    let remove = case!(world, RemoveUserToken { own_row: world.own_row() });
    remove.run(&session).await.expect("a session may");
    let late = add.run(&actor, checked_field('b')).await;
    assert!(matches!(late, Err(AddFieldError::Denied(Denied::Nobody))), "{late:?}");
    let phone = case!(world, UpdatePhone { own_row: world.own_row() });
    let late = phone.run(&actor, None).await;
    assert!(matches!(late, Err(OwnRowError::Denied(Denied::Nobody))), "{late:?}");
    assert!(!world.user(user.id).await.has_user_token());
}

#[test]
fn a_broken_requirement_is_a_refusal_and_anything_else_a_failure() {
    let id = domain::ids::UserId::restore(uuid::Uuid::from_u128(1));
    let denied = |invariant| Rejected::Broken(invariant).denied().map_err(|failure| failure.retryable());
    assert_eq!(denied(Invariant::Administrator(id)), Ok(Denied::AdministratorNeeded));
    let session = domain::ids::SessionId::restore(uuid::Uuid::from_u128(2));
    assert_eq!(denied(Invariant::SessionStands(id, session)), Ok(Denied::Nobody));
    assert_eq!(denied(Invariant::FieldLimit(id)), Err(false));
    let failed = Rejected::Failed(PortFailure::passing("away")).denied();
    assert!(failed.is_err_and(|failure| failure.retryable()));
    assert!(Rejected::Stale.denied().is_err_and(|failure| failure.retryable()));
}

/// An administrator who has just logged in.
async fn administrator(world: &World) -> Actor {
    let hash = CheapHashing::hash_of(&typed(PASSWORD));
    world.add("ada@example.org", hash, |user: &mut User| user.administrator = true).await;
    let signed_in = world.enter("ada@example.org", Channel::Api).await;
    let token = tokens(&signed_in).access_token.reveal().to_owned();
    world.bearer(&token, Operation::ChangeDomains).await.expect("an administrator")
}

/// Tries everything that writes.
async fn expect_denied(world: &World, actor: &Actor) {
    let (now, field) = (world.clock.now(), checked_field('a'));
    let id = FieldId::fresh(now, &*world.entropy);
    let of_own_row = [
        case!(world, UpdatePhone { own_row: world.own_row() }).run(actor, None).await.err(),
        case!(world, SetPreferences { own_row: world.own_row() })
            .run(actor, &Preferences::discoverable(true))
            .await
            .err(),
        case!(world, RemoveUserToken { own_row: world.own_row() }).run(actor).await.err(),
        case!(world, IssueUserToken { own_row: world.own_row(), keeper: world.keeper.clone() })
            .run(actor, None)
            .await
            .err(),
    ];
    for outcome in of_own_row {
        assert!(matches!(outcome, Some(OwnRowError::Denied(Denied::Nobody))), "{outcome:?}");
    }
    let ledger = || world.memory.clone();
    let outcome = case!(world, AddField { ledger: ledger() }).run(actor, field.clone()).await;
    assert!(matches!(outcome, Err(AddFieldError::Denied(Denied::Nobody))), "{outcome:?}");
    let outcome = case!(world, ReplaceField { ledger: ledger() }).run(actor, id, field).await;
    assert!(matches!(outcome, Err(ReplaceFieldError::Denied(Denied::Nobody))), "{outcome:?}");
    let outcome = case!(world, RemoveField { ledger: ledger() }).run(actor, id).await;
    assert!(matches!(outcome, Err(RemoveFieldError::Denied(Denied::Nobody))), "{outcome:?}");
    let domain = || domain_name("example.org");
    let issue = case!(world, IssueAuthorityToken { ledger: ledger(), keeper: world.keeper.clone() });
    for mode in [Mode::Issue, Mode::Rotate] {
        let outcome = issue.run(actor, domain(), mode).await;
        assert!(matches!(outcome, Err(IssueAuthorityTokenError::Denied(Denied::Nobody))), "{outcome:?}");
    }
    let outcome = case!(world, RevokeAuthorityToken { ledger: ledger() }).run(actor, domain()).await;
    assert!(matches!(outcome, Err(RevokeAuthorityTokenError::Denied(Denied::Nobody))), "{outcome:?}");
    let command = Command::check(0, &["example.org".into()]).expect("a domain");
    let outcome = world.put_domains().run(actor, command).await;
    assert!(matches!(outcome, Err(PutDomainsError::Denied(Denied::Nobody))), "{outcome:?}");
    let outcome = case!(world, RemoveDomain { ledger: ledger() }).run(actor, domain()).await;
    assert!(matches!(outcome, Err(RemoveDomainError::Denied(Denied::Nobody))), "{outcome:?}");
}

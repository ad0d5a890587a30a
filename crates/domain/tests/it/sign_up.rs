//! Signing up.

use domain::access::{Actor, Operation};
use domain::accounts::phone::PhoneNumber;
use domain::accounts::ports::{Accounts as _, HashFailure};
use domain::accounts::sign_up::{Outcome, SignUpError};
use domain::domains::policy::{BelongsTo, DefaultPolicy};
use domain::events::EventKind;
use domain::land::ports::Fields;
use domain::origin::Origin;

use crate::land::checked_field;
use crate::world::{World, application, email};

#[tokio::test]
async fn a_sign_up_makes_the_user_with_all_that_was_given() {
    let world = World::default();
    let mut command = application("Ada@Example.org");
    command.phone_number = Some(PhoneNumber::parse("+14155552671").expect("a number"));
    command.discoverable = true;
    command.fields = vec![checked_field('a'), checked_field('b')];
    let outcome = world.sign_up(DefaultPolicy::Allow).run(&Actor::nobody(Origin::default()), command).await;
    let Ok(Outcome::SignedUp { id, email, user_token }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(email.as_str(), "Ada@Example.org");
    let user = world.user(id).await;
    assert_eq!(user.phone_number.as_ref().map(PhoneNumber::as_str), Some("+14155552671"));
    assert!(user.discoverable && user.has_user_token() && !user.administrator && !user.is_activated());
    assert_eq!(Fields::list(&*world.memory, id, None, 9).await.expect("fields").len(), 2);
    assert_eq!(world.happened(), [EventKind::UserSignedUp]);
    let actor = world.bearer(user_token.reveal(), Operation::ShowMe).await.expect("the token is alive");
    assert_eq!(actor.user_id(), Some(id));
}

#[tokio::test]
async fn an_address_is_taken_in_every_spelling() {
    let world = World::default();
    let (first, _) = world.join("ada@example.org").await;
    let again = world
        .sign_up(DefaultPolicy::Allow)
        .run(&Actor::nobody(Origin::default()), application("ADA@EXAMPLE.ORG"))
        .await;
    assert!(matches!(again, Ok(Outcome::AlreadyExists)), "{again:?}");
    let found = world.memory.by_email(email("ada@example.org").key()).await.expect("memory reads");
    assert_eq!(found.map(|account| account.user), Some(first));
    assert_eq!(world.happened(), [EventKind::UserSignedUp], "a sign-up that failed is no event");
}

#[tokio::test]
async fn the_row_of_the_domain_decides_before_the_default() {
    for (row, default, admitted) in [
        (None, DefaultPolicy::Allow, true),
        (None, DefaultPolicy::Deny, false),
        (Some(BelongsTo::Allowed), DefaultPolicy::Allow, true),
        (Some(BelongsTo::Allowed), DefaultPolicy::Deny, true),
        (Some(BelongsTo::Blocked), DefaultPolicy::Allow, false),
        (Some(BelongsTo::Blocked), DefaultPolicy::Deny, false),
    ] {
        let world = World::default();
        if let Some(row) = row {
            world.put_domain("example.org", row).await;
        }
        let outcome =
            world.sign_up(default).run(&Actor::nobody(Origin::default()), application("ada@Example.Org")).await;
        match outcome {
            Ok(Outcome::SignedUp { .. }) => assert!(admitted, "{row:?} {default:?}"),
            Err(SignUpError::NotAllowed) => assert!(!admitted, "{row:?} {default:?}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(world.hashing.hashed(), usize::from(admitted), "nothing is hashed for those who may not");
    }
}

#[tokio::test]
async fn a_blocked_domain_does_not_block_those_under_it() {
    let world = World::default();
    world.put_domain("example.org", BelongsTo::Blocked).await;
    world.join("ada@mail.example.org").await;
}

#[tokio::test]
async fn a_busy_pool_of_hashes_is_told() {
    let world = World::default();
    world.hashing.refuse_next(1);
    let outcome = world
        .sign_up(DefaultPolicy::Allow)
        .run(&Actor::nobody(Origin::default()), application("ada@example.org"))
        .await;
    assert!(matches!(outcome, Err(SignUpError::Hash(HashFailure::Overloaded { .. }))), "{outcome:?}");
    assert!(world.happened().is_empty());
}

#[tokio::test]
async fn two_fields_with_one_geo_id_leave_nothing_behind() {
    let world = World::default();
    let mut command = application("ada@example.org");
    command.fields = vec![checked_field('a'), checked_field('a')];
    let outcome = world.sign_up(DefaultPolicy::Allow).run(&Actor::nobody(Origin::default()), command).await;
    assert!(matches!(outcome, Err(SignUpError::Failed(_))), "{outcome:?}");
    assert!(world.memory.by_email(email("ada@example.org").key()).await.expect("memory reads").is_none());
}

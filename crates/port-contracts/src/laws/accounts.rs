//! Accounts and their addresses.

use domain::accounts::email::EmailKey;
use domain::accounts::locale::Locale;
use domain::accounts::phone::PhoneNumber;
use domain::accounts::user::{Account, User, UserState};
use domain::changes::UniqueKey;
use domain::changes::account::AccountChange;
use domain::ids::UserId;
use uuid::Uuid;

use crate::fixture::{Fixture, Ports};
use crate::outcome::{RACERS, expect_conflict};
use crate::samples::{add, at, digest, email, hash, id, plan_of, user};

/// Whatever a user's row can hold is what another process reads.
pub async fn a_user_reads_back_equal(fixture: Fixture) {
    let phone_number = PhoneNumber::restore("+14155552671").ok();
    let samples = [
        user("ada@example.org"),
        User { phone_number, ..user("Ada.Lovelace+post@B\u{fc}cher.Example") },
        User { email_verified_at: Some(at(1)), ..user("jos\u{e9}@example.org") },
        User { discoverable: true, created_at: at(-999_999), updated_at: at(2), ..user("\u{7528}@example.org") },
        User { state: UserState::Disabled, version: 7, ..user("disabled@example.org") },
        User { state: UserState::Leaving, ..user("leaving@example.org") },
        User { administrator: true, locale: Locale::parse("de-CH-1996").ok(), ..user("o'hara{--}|@example.org") },
    ];
    for user in samples {
        fixture.here.write(plan_of(add(&user))).await;
        let account = Account { user: user.clone(), password: Some(hash()) };
        assert_eq!(by_email(&fixture.there, user.email.key()).await, Some(account));
        assert_eq!(by_id(&fixture.there, user.id).await, Some(user));
    }
    let holder = user("token@example.org");
    let user_token = Some(digest("token"));
    fixture
        .here
        .write(plan_of(AccountChange::Add { user: Box::new(holder.clone()), password: hash(), user_token }))
        .await;
    let has_token = by_id(&fixture.there, holder.id).await.map(|user| user.has_user_token());
    assert_eq!(has_token, Some(true));
}

/// An absent user is no failure.
pub async fn absent_accounts_are_none(fixture: Fixture) {
    let ports = &fixture.here;
    assert_eq!(by_email(ports, email("ada@example.org").key()).await, None);
    assert_eq!(by_id(ports, UserId::restore(id())).await, None);
    assert_eq!(list(ports, None, 10).await, []);
    ports.write(plan_of(add(&user("ada@example.org")))).await;
    for other in ["ad@example.org", "ada@example.or", "ada@example.orgs", "ad_@example.org", "%@example.org"] {
        assert_eq!(by_email(ports, email(other).key()).await, None, "{other}");
    }
}

/// A second user of an address, in whatever spelling, is not written, and nothing of the plan is.
pub async fn an_address_is_one_users_in_any_spelling(fixture: Fixture) {
    let first = user("Ada@B\u{fc}cher.example");
    fixture.here.write(plan_of(add(&first))).await;
    for spelling in ["ada@b\u{fc}cher.example", "ADA@xn--bcher-kva.EXAMPLE", "ada@BU\u{308}CHER.example."] {
        let second = user(spelling);
        expect_conflict(fixture.there.apply(plan_of(add(&second))).await, UniqueKey::Address);
        assert_eq!(by_id(&fixture.here, second.id).await, None);
        let found = by_email(&fixture.here, second.email.key()).await;
        assert_eq!(found.map(|account| account.user), Some(first.clone()));
    }
    assert_eq!(list(&fixture.here, None, 10).await, std::slice::from_ref(&first));
    assert_eq!(fixture.event_count().await, 1);
    let same_id = User { id: first.id, ..user("other@example.org") };
    expect_conflict(fixture.here.apply(plan_of(add(&same_id))).await, UniqueKey::Random);
    assert_eq!(by_email(&fixture.here, same_id.email.key()).await, None);
}

/// However many sign up with one address at once, one user is made.
pub async fn one_of_many_sign_ups_of_an_address_wins(fixture: Fixture) {
    let spelling = |number| if number % 3 == 0 { "ada@example.org" } else { "ADA@EXAMPLE.org" };
    let plans = (0..RACERS).map(|number| plan_of(add(&user(spelling(number))))).collect();
    for loser in fixture.race_for_one(plans).await {
        expect_conflict(Err(loser), UniqueKey::Address);
    }
    assert_eq!(list(&fixture.here, None, 10).await.len(), 1);
    assert_eq!(fixture.event_count().await, 1);
}

/// Plans that have nothing to do with each other all go through, also when they come at once.
pub async fn sign_ups_of_different_addresses_all_go_through(fixture: Fixture) {
    let users: Vec<_> = (0..RACERS).map(|number| user(&format!("user{number}@example.org"))).collect();
    let answers = fixture.race(users.iter().map(|user| plan_of(add(user))).collect()).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(list(&fixture.there, None, RACERS + 1).await, users);
    assert_eq!(fixture.event_count().await, RACERS);
}

/// The order is that of the ids, which is that of sign-up; a page begins after any id, also an
/// unknown one.
pub async fn users_list_in_the_order_of_their_ids(fixture: Fixture) {
    let mut users: Vec<_> = (0..5).map(|number| user(&format!("user{number}@example.org"))).collect();
    users[4].id = UserId::restore(Uuid::from_u128(u128::MAX));
    users[0].id = UserId::restore(Uuid::from_u128(1));
    for user in users.iter().rev() {
        fixture.here.write(plan_of(add(user))).await;
    }
    let ports = &fixture.there;
    assert_eq!(list(ports, None, 10).await, users);
    assert_eq!(list(ports, None, 2).await, users[..2]);
    assert_eq!(list(ports, Some(users[1].id), 2).await, users[2..4]);
    assert_eq!(list(ports, Some(UserId::restore(Uuid::from_u128(2))), 1).await, users[1..2]);
    assert_eq!(list(ports, Some(users[4].id), 2).await, []);
}

pub(crate) async fn by_id(ports: &Ports, id: UserId) -> Option<User> {
    ports.accounts.by_id(id).await.expect("the user is read")
}

async fn by_email(ports: &Ports, key: &EmailKey) -> Option<Account> {
    ports.accounts.by_email(key).await.expect("the account is read")
}

async fn list(ports: &Ports, after: Option<UserId>, limit: usize) -> Vec<User> {
    ports.accounts.list(after, limit).await.expect("the users are read")
}

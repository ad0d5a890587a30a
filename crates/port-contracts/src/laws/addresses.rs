//! Users who change their address.

use chrono::TimeDelta;
use domain::accounts::email::EmailAddress;
use domain::accounts::user::{Account, User};
use domain::changes::account::AccountChange;
use domain::changes::{Changes, UniqueKey};
use domain::ports::clock::Timestamp;
use domain::ports::ledger::Rejected;
use domain::sessions::ports::CredentialKey;

use crate::fixture::{Fixture, Ports};
use crate::laws::accounts::by_id;
use crate::outcome::{RACERS, expect_conflict, expect_stale};
use crate::samples::{add, at, digest, email, hash, plan, plan_of, user};

/// The user is found by the new address alone, and everything else of them stays.
pub async fn a_new_address_takes_the_place_of_the_old(fixture: Fixture) {
    let (ada, ben) = (user("ada@example.org"), user("ben@example.org"));
    fixture.here.write(plan().with_all([&ada, &ben].map(add))).await;
    let new = email("Grace@B\u{fc}cher.example");
    fixture.here.write(change(&ada, &new, Some(at(9)), at(1))).await;
    let after =
        User { email: new.clone(), email_verified_at: Some(at(1)), version: 2, updated_at: at(1), ..ada.clone() };
    let there = &fixture.there;
    assert_eq!(by_id(there, ada.id).await, Some(after.clone()));
    let found = by_email(there, "grace@xn--bcher-kva.example").await;
    assert_eq!(found, Some(Account { user: after, password: Some(hash()) }));
    assert_eq!(by_email(there, "ada@example.org").await, None);
    assert_eq!(by_id(there, ben.id).await, Some(ben));
}

/// Another spelling of the address is shown from then on; nothing is left or taken by it.
pub async fn another_spelling_is_the_same_address(fixture: Fixture) {
    let ada = user("ada@example.org");
    fixture.here.write(plan_of(add(&ada))).await;
    fixture.here.write(change(&ada, &email("ADA@Example.org"), Some(at(9)), at(1))).await;
    let found = by_email(&fixture.there, "ada@example.org").await.expect("the user is found").user;
    assert_eq!((found.email.as_str(), found.email_verified_at, found.version), ("ADA@Example.org", Some(at(1)), 2));
    expect_conflict(fixture.here.apply(plan_of(add(&user("ada@example.org")))).await, UniqueKey::Address);
}

/// A plan made of another version, or of another address, is stale, and changes nothing.
pub async fn a_new_address_expects_version_and_old_address(fixture: Fixture) {
    let (ada, ben) = (user("ada@example.org"), user("ben@example.org"));
    fixture.here.write(plan().with_all([&ada, &ben].map(add))).await;
    let new = email("grace@example.org");
    for wrong in [
        User { version: 2, ..ada.clone() },
        User { email: email("ben@example.org"), ..ada.clone() },
        User { email: email("nobody@example.org"), ..ada.clone() },
        user("ada@example.org"),
    ] {
        for reserved_until in [Some(at(9)), None] {
            expect_stale(fixture.there.apply(change(&wrong, &new, reserved_until, at(1))).await);
        }
    }
    expect_stale(
        fixture
            .there
            .apply(change(
                &User { email: email("ben@example.org"), ..ada.clone() },
                &email("BEN@example.org"),
                None,
                at(1),
            ))
            .await,
    );
    assert_eq!(by_id(&fixture.here, ada.id).await, Some(ada));
    assert_eq!(by_email(&fixture.here, "grace@example.org").await, None);
    assert_eq!(by_email(&fixture.here, "ben@example.org").await.map(|account| account.user), Some(ben));
}

/// The address of another user stays theirs, in whatever spelling it is wanted.
pub async fn an_address_of_another_user_is_not_taken(fixture: Fixture) {
    let (ada, ben) = (user("ada@example.org"), user("ben@example.org"));
    fixture.here.write(plan().with_all([&ada, &ben].map(add))).await;
    for spelling in ["ben@example.org", "BEN@EXAMPLE.ORG."] {
        let refused = fixture.there.apply(change(&ada, &email(spelling), None, at(1))).await;
        expect_conflict(refused, UniqueKey::Address);
    }
    assert_eq!(by_id(&fixture.here, ada.id).await, Some(ada));
    assert_eq!(by_id(&fixture.here, ben.id).await, Some(ben));
}

/// Until its time is over nobody else takes it, neither by a change nor by a sign-up; its user may go back.
pub async fn an_address_that_was_left_is_reserved_for_its_user(fixture: Fixture) {
    let (ada, ben) = (user("ada@example.org"), user("ben@example.org"));
    fixture.here.write(plan().with_all([&ada, &ben].map(add))).await;
    let (until, old) = (at(1_000), email("ada@example.org"));
    fixture.here.write(change(&ada, &email("grace@example.org"), Some(until), at(1))).await;
    let last_moment = until - TimeDelta::microseconds(1);
    let late = |time| User { created_at: time, ..user("ADA@example.org") };
    expect_conflict(fixture.there.apply(plan_of(add(&late(last_moment)))).await, UniqueKey::Address);
    expect_conflict(fixture.there.apply(change(&ben, &old, None, last_moment)).await, UniqueKey::Address);
    let grace = by_id(&fixture.there, ada.id).await.expect("the user is there");
    fixture.there.write(change(&grace, &old, Some(until), last_moment)).await;
    let back = by_email(&fixture.here, "ada@example.org").await.expect("the user is found").user;
    assert_eq!((back.id, back.version), (ada.id, 3));
    // The other address is reserved now; then both are somebody's who waited.
    expect_conflict(fixture.here.apply(change(&ben, &grace.email, None, last_moment)).await, UniqueKey::Address);
    fixture.here.write(change(&ben, &grace.email, None, until)).await;
    assert_eq!(by_email(&fixture.there, "grace@example.org").await.map(|account| account.user.id), Some(ben.id));
    fixture.here.write(change(&back, &email("ada@else.example"), Some(until), at(2))).await;
    let heir = late(until);
    fixture.here.write(plan_of(add(&heir))).await;
    assert_eq!(by_email(&fixture.there, "ada@example.org").await.map(|account| account.user), Some(heir));
}

/// An address that is left without a reservation is free at once.
pub async fn an_address_that_was_freed_is_anybodys(fixture: Fixture) {
    let ada = user("ada@example.org");
    fixture.here.write(plan_of(add(&ada))).await;
    fixture.here.write(change(&ada, &email("grace@example.org"), None, at(1))).await;
    let heir = user("ada@example.org");
    fixture.there.write(plan_of(add(&heir))).await;
    assert_eq!(by_email(&fixture.here, "ada@example.org").await.map(|account| account.user), Some(heir));
    assert_eq!(by_email(&fixture.here, "grace@example.org").await.map(|account| account.user.id), Some(ada.id));
}

/// However many users change to one address at once, one has it, and the others keep their own.
pub async fn one_of_many_who_change_to_one_address_wins(fixture: Fixture) {
    let users = crowd(&fixture).await;
    let new = email("wanted@example.org");
    for loser in fixture.race_for_one(users.iter().map(|user| change(user, &new, Some(at(9)), at(1))).collect()).await {
        expect_conflict(Err(loser), UniqueKey::Address);
    }
    let winner = by_email(&fixture.there, "wanted@example.org").await.expect("one has it").user.id;
    for user in users.iter().filter(|user| user.id != winner) {
        assert_eq!(by_id(&fixture.there, user.id).await.as_ref(), Some(user));
        assert_eq!(by_email(&fixture.there, user.email.key().as_str()).await.map(|a| a.user.id), Some(user.id));
    }
}

/// Who signs up with an address and who changes to it race for it like any two.
pub async fn a_change_and_sign_ups_race_for_one_address(fixture: Fixture) {
    let users = crowd(&fixture).await;
    let new = email("wanted@example.org");
    let plans = users.iter().enumerate().map(|(number, member)| {
        if number % 2 == 0 {
            change(member, &new, Some(at(9)), at(1))
        } else {
            plan_of(add(&user("Wanted@example.org")))
        }
    });
    for loser in fixture.race_for_one(plans.collect()).await {
        expect_conflict(Err(loser), UniqueKey::Address);
    }
    assert!(by_email(&fixture.there, "wanted@example.org").await.is_some());
}

/// Of many changes of one user one is written, and the user has one address.
pub async fn a_user_changes_to_one_of_many_addresses(fixture: Fixture) {
    let ada = user("ada@example.org");
    fixture.here.write(plan_of(add(&ada))).await;
    let wanted: Vec<_> = (0..RACERS).map(|number| email(&format!("wanted{number}@example.org"))).collect();
    let plans = wanted.iter().map(|new| change(&ada, new, Some(at(9)), at(1))).collect();
    for loser in fixture.race_for_one(plans).await {
        expect_stale(Err(loser));
    }
    let mut found = 0;
    for new in &wanted {
        found += usize::from(by_email(&fixture.there, new.key().as_str()).await.is_some());
    }
    assert_eq!((found, by_email(&fixture.there, "ada@example.org").await), (1, None));
}

/// Two users who want each other's address both keep their own, however they meet.
pub async fn two_users_cannot_change_places(fixture: Fixture) {
    let (ada, ben) = (user("ada@example.org"), user("ben@example.org"));
    fixture.here.write(plan().with_all([&ada, &ben].map(add))).await;
    for _ in 0..4 {
        let swap = [change(&ada, &ben.email, Some(at(9)), at(1)), change(&ben, &ada.email, Some(at(9)), at(1))];
        for outcome in fixture.race(swap.to_vec()).await {
            expect_conflict(outcome, UniqueKey::Address);
        }
    }
    for user in [ada, ben] {
        assert_eq!(by_id(&fixture.there, user.id).await, Some(user));
    }
}

/// An address whose reservation is over goes to one of many who want it.
pub async fn many_take_an_address_that_is_not_reserved_any_more(fixture: Fixture) {
    let ada = user("ada@example.org");
    fixture.here.write(plan_of(add(&ada))).await;
    fixture.here.write(change(&ada, &email("grace@example.org"), Some(at(2)), at(1))).await;
    let heirs = (0..RACERS).map(|_| plan_of(add(&User { created_at: at(2), ..user("ada@example.org") })));
    for loser in fixture.race_for_one(heirs.collect()).await {
        assert!(matches!(loser, Rejected::Conflict(UniqueKey::Address)), "{loser:?}");
    }
}

/// Neither password nor `token_required` is left.
pub async fn secrets_are_removed_together(fixture: Fixture) {
    let ada = user("ada@example.org");
    let user_token = Some(digest("one"));
    fixture.here.write(plan_of(AccountChange::Add { user: Box::new(ada.clone()), password: hash(), user_token })).await;
    fixture.here.write(plan_of(AccountChange::RemoveSecrets { user: ada.id, version: 1, at: at(1) })).await;
    let after = User { version: 2, updated_at: at(1), ..ada };
    assert_eq!(by_email(&fixture.there, "ada@example.org").await, Some(Account { user: after, password: None }));
    let holder = fixture.there.sessions.holder(&CredentialKey::UserToken(digest("one"))).await;
    assert_eq!(holder.expect("the holder is read"), None);
}

fn change(user: &User, to: &EmailAddress, reserved_until: Option<Timestamp>, at: Timestamp) -> Changes {
    plan_of(AccountChange::SetAddress {
        user: user.id,
        version: user.version,
        from: user.email.key().clone(),
        to: to.clone(),
        reserved_until,
        at,
    })
}

/// As many users as race.
async fn crowd(fixture: &Fixture) -> Vec<User> {
    let users: Vec<_> = (0..RACERS).map(|number| user(&format!("user{number}@example.org"))).collect();
    fixture.here.write(plan().with_all(users.iter().map(add))).await;
    users
}

async fn by_email(ports: &Ports, address: &str) -> Option<Account> {
    ports.accounts.by_email(email(address).key()).await.expect("the account is read")
}

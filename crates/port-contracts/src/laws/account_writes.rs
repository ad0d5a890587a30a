//! Writes to a user's row.

use domain::accounts::locale::Locale;
use domain::accounts::password_hash::PasswordHash;
use domain::accounts::phone::PhoneNumber;
use domain::accounts::user::{User, UserState};
use domain::accounts::user_token::HeldUserToken;
use domain::changes::UniqueKey;
use domain::changes::account::AccountChange;
use domain::ids::UserId;
use domain::ports::secrets::SecretDigest;
use domain::sessions::ports::{CredentialKey, Holder};

use crate::fixture::{Fixture, Ports};
use crate::laws::accounts::by_id;
use crate::outcome::{RACERS, expect_conflict, expect_stale};
use crate::samples::{add, at, digest, email, hash, id, plan_of, user};

/// A plan made of an older row, of a later one or of none is stale, and changes nothing.
pub async fn each_write_expects_the_version_that_was_read(fixture: Fixture) {
    let before = User { version: 3, ..user("ada@example.org") };
    fixture.here.write(plan_of(add(&before))).await;
    for version in [0, 2, 4, -3, i64::MAX] {
        for change in writes(before.id, version) {
            expect_stale(fixture.there.apply(plan_of(change)).await);
        }
    }
    for change in writes(UserId::restore(id()), 3) {
        expect_stale(fixture.there.apply(plan_of(change)).await);
    }
    assert_eq!(by_id(&fixture.here, before.id).await, Some(before));
    assert_eq!(fixture.event_count().await, 1);
}

/// Each write sets its column, counts the version on and notes the time; the rest of the row and
/// every other row stay.
pub async fn each_write_changes_what_it_names_alone(fixture: Fixture) {
    let (other, mut row) = (user("other@example.org"), user("ada@example.org"));
    fixture.here.write(plan_of(add(&other)).with(add(&row))).await;
    for turn in 0..2 {
        for change in writes(row.id, row.version) {
            let change = versioned(change, row.version, turn);
            expected(&mut row, &change);
            fixture.here.write(plan_of(change)).await;
            assert_eq!(by_id(&fixture.there, row.id).await, Some(row.clone()));
        }
    }
    assert_eq!(row.version, 19);
    assert_eq!(by_id(&fixture.there, other.id).await, Some(other));
}

/// Of many plans made of one version, one is written.
pub async fn one_of_many_writes_of_one_version_wins(fixture: Fixture) {
    let before = user("ada@example.org");
    fixture.here.write(plan_of(add(&before))).await;
    let plans = (0..RACERS).map(|number| {
        let (user, discoverable) = (before.id, number % 2 == 0);
        plan_of(AccountChange::SetDiscoverable { user, version: 1, discoverable, at: at(1) })
    });
    for loser in fixture.race_for_one(plans.collect()).await {
        expect_stale(Err(loser));
    }
    assert_eq!(by_id(&fixture.here, before.id).await.map(|user| user.version), Some(2));
}

/// A user is found by the digest of their `token_required` as long as it is theirs.
pub async fn a_user_token_is_found_until_it_is_replaced_or_removed(fixture: Fixture) {
    let user = user("ada@example.org");
    let (user_token, password) = (Some(digest("one")), hash());
    fixture.here.write(plan_of(AccountChange::Add { user: Box::new(user.clone()), password, user_token })).await;
    let holder = by_token(&fixture.there, &digest("one")).await.expect("the user is found");
    assert_eq!((holder.user.id, holder.user.has_user_token(), holder.session), (user.id, true, None));
    let set =
        |version, digest| AccountChange::SetUserToken { user: user.id, version, digest, expires_at: None, at: at(1) };
    fixture.here.write(plan_of(set(1, Some(digest("two"))))).await;
    assert_eq!(by_token(&fixture.there, &digest("one")).await, None);
    let holder = by_token(&fixture.there, &digest("two")).await.expect("the user is found");
    assert_eq!((holder.user.version, holder.user.has_user_token()), (2, true));
    fixture.here.write(plan_of(set(2, None))).await;
    assert_eq!(by_token(&fixture.there, &digest("two")).await, None);
    assert_eq!(by_id(&fixture.there, user.id).await.map(|user| user.has_user_token()), Some(false));
}

/// The last use of a `token_required` moves on and never back; a new one has not been used, and a change of the
/// account it is not.
pub async fn the_last_use_of_a_user_token_is_noted(fixture: Fixture) {
    let user = user("ada@example.org");
    let (user_token, password) = (Some(digest("one")), hash());
    fixture.here.write(plan_of(AccountChange::Add { user: Box::new(user.clone()), password, user_token })).await;
    for (used, shown) in [(7, 7), (5, 7), (9, 9)] {
        fixture.here.last_seen.note_user_token(&digest("one"), at(used)).await.expect("noted");
        let found = by_id(&fixture.there, user.id).await.expect("there");
        let held = HeldUserToken { expires_at: None, last_used_at: Some(at(shown)) };
        assert_eq!((found.user_token, found.version, found.updated_at), (Some(held), 1, user.updated_at));
    }
    fixture.here.last_seen.note_user_token(&digest("nobody's"), at(9)).await.expect("it is well");
    let (digest, expires_at) = (Some(digest("two")), Some(at(99)));
    let set = AccountChange::SetUserToken { user: user.id, version: 1, digest, expires_at, at: at(10) };
    fixture.here.write(plan_of(set)).await;
    let held = by_id(&fixture.there, user.id).await.expect("there").user_token;
    assert_eq!(held, Some(HeldUserToken { expires_at, last_used_at: None }));
}

/// No two users have one `token_required`; that several have none is well.
pub async fn a_user_token_is_one_users(fixture: Fixture) {
    let (ada, ben, eve) = (user("ada@example.org"), user("ben@example.org"), user("eve@example.org"));
    let with_token = |user: &User| {
        let (user, password) = (Box::new(user.clone()), hash());
        AccountChange::Add { user, password, user_token: Some(digest("one")) }
    };
    fixture.here.write(plan_of(with_token(&ada))).await;
    fixture.here.write(plan_of(add(&ben))).await;
    expect_conflict(fixture.here.apply(plan_of(with_token(&eve))).await, UniqueKey::Random);
    assert_eq!(by_id(&fixture.here, eve.id).await, None);
    let (user, digest_of_ada) = (ben.id, Some(digest("one")));
    let take = AccountChange::SetUserToken { user, version: 1, digest: digest_of_ada, expires_at: None, at: at(1) };
    expect_conflict(fixture.here.apply(plan_of(take)).await, UniqueKey::Random);
    assert_eq!(by_token(&fixture.here, &digest("one")).await.map(|holder| holder.user.id), Some(ada.id));
}

/// A rehash is no change of the account: version and time stay. When the hash is another meanwhile,
/// that one stays, and the plan goes through all the same.
pub async fn a_rehash_replaces_only_the_hash_that_was_verified(fixture: Fixture) {
    let before = user("ada@example.org");
    fixture.here.write(plan_of(add(&before))).await;
    let stronger = PasswordHash::restore("$argon2id$v=19$m=65536,t=3,p=1$c2FsdA$aGFzaA");
    let rehash = |from: &PasswordHash, to: &PasswordHash, user| {
        plan_of(AccountChange::Rehash { user, from: from.clone(), to: to.clone() })
    };
    let receipt = fixture.here.write(rehash(&hash(), &stronger, before.id)).await;
    assert_eq!(receipt.rows, [1]);
    for (user, from) in [(before.id, hash()), (UserId::restore(id()), stronger.clone())] {
        let receipt = fixture.here.write(rehash(&from, &PasswordHash::restore("late"), user)).await;
        assert_eq!(receipt.rows, [0]);
    }
    let account = fixture.there.accounts.by_email(before.email.key()).await.expect("the account is read");
    let account = account.expect("the account is there");
    assert_eq!((account.user, account.password), (before, Some(stronger)));
    assert_eq!(fixture.event_count().await, 4);
}

/// A new password is the only one from then on, and what programs show is dead.
pub async fn a_new_password_takes_the_user_token_along(fixture: Fixture) {
    let user = user("ada@example.org");
    let (user_token, first) = (Some(digest("one")), hash());
    let add = AccountChange::Add { user: Box::new(user.clone()), password: first, user_token };
    fixture.here.write(plan_of(add)).await;
    let second = PasswordHash::restore("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$b3RoZXI");
    let set = AccountChange::SetPassword { user: user.id, version: 1, password: second.clone(), at: at(1) };
    fixture.here.write(plan_of(set)).await;
    assert_eq!(by_token(&fixture.there, &digest("one")).await, None);
    let account = fixture.there.accounts.by_email(user.email.key()).await.expect("read").expect("there");
    assert_eq!((account.password, account.user.version, account.user.has_user_token()), (Some(second), 2, false));
}

/// Only the primary address of the user is verified, and the first time it was stays.
pub async fn an_address_is_verified_as_long_as_it_is_the_users(fixture: Fixture) {
    let (ada, ben) = (user("ada@example.org"), user("ben@example.org"));
    fixture.here.write(plan_of(add(&ada)).with(add(&ben))).await;
    let verify = |user: &User, version, address: &str, time| {
        let address = email(address).key().clone();
        plan_of(AccountChange::VerifyAddress { user: user.id, version, address, at: at(time) })
    };
    for (address, version) in [("ben@example.org", 1), ("new@example.org", 1), ("ada@example.org", 2)] {
        expect_stale(fixture.here.apply(verify(&ada, version, address, 1)).await);
    }
    assert_eq!(by_id(&fixture.there, ada.id).await, Some(ada.clone()), "nothing has changed");
    fixture.here.write(verify(&ada, 1, "ADA@Example.org", 1)).await;
    fixture.here.write(verify(&ada, 2, "ada@example.org", 2)).await;
    let verified = by_id(&fixture.there, ada.id).await.expect("there");
    assert_eq!((verified.email_verified_at, verified.version), (Some(at(1)), 3));
    assert_eq!(by_id(&fixture.there, ben.id).await, Some(ben));
}

async fn by_token(ports: &Ports, digest: &SecretDigest) -> Option<Holder> {
    ports.sessions.holder(&CredentialKey::UserToken(digest.clone())).await.expect("the holder is read")
}

/// One of each kind of write.
fn writes(user: UserId, version: i64) -> [AccountChange; 9] {
    let phone_number = PhoneNumber::restore("+442071838750").ok();
    [
        AccountChange::SetPhone { user, version, phone_number, at: at(1) },
        AccountChange::SetDiscoverable { user, version, discoverable: true, at: at(2) },
        AccountChange::SetLocale { user, version, locale: Locale::parse("es-419").ok(), at: at(8) },
        AccountChange::SetUserToken {
            user,
            version,
            digest: Some(digest("written")),
            expires_at: Some(at(99)),
            at: at(3),
        },
        AccountChange::SetPassword { user, version, password: hash(), at: at(4) },
        AccountChange::SetState { user, version, state: UserState::Disabled, at: at(6) },
        AccountChange::VerifyAddress { user, version, address: email("ada@example.org").key().clone(), at: at(5) },
        AccountChange::RemoveSecrets { user, version, at: at(6) },
        AccountChange::SetAddress {
            user,
            version,
            from: email("ada@example.org").key().clone(),
            to: email("Ada@example.org"),
            reserved_until: None,
            at: at(7),
        },
    ]
}

/// The write with the version of now; in the second turn it takes away what the first has set.
fn versioned(change: AccountChange, version: i64, turn: usize) -> AccountChange {
    let set = turn == 0;
    match change {
        AccountChange::SetPhone { user, phone_number, at, .. } => {
            AccountChange::SetPhone { user, version, phone_number: phone_number.filter(|_| set), at }
        }
        AccountChange::SetDiscoverable { user, at, .. } => {
            AccountChange::SetDiscoverable { user, version, discoverable: set, at }
        }
        AccountChange::SetLocale { user, locale, at, .. } => {
            AccountChange::SetLocale { user, version, locale: locale.filter(|_| set), at }
        }
        AccountChange::SetUserToken { user, digest, expires_at, at, .. } => {
            let (digest, expires_at) = (digest.filter(|_| set), expires_at.filter(|_| set));
            AccountChange::SetUserToken { user, version, digest, expires_at, at }
        }
        AccountChange::SetState { user, at, .. } => {
            let state = if set { UserState::Disabled } else { UserState::Active };
            AccountChange::SetState { user, version, state, at }
        }
        AccountChange::SetPassword { user, password, at, .. } => {
            AccountChange::SetPassword { user, version, password, at }
        }
        AccountChange::VerifyAddress { user, address, at, .. } => {
            let at = if set { at } else { at + chrono::TimeDelta::microseconds(1) };
            AccountChange::VerifyAddress { user, version, address, at }
        }
        AccountChange::RemoveSecrets { user, at, .. } => AccountChange::RemoveSecrets { user, version, at },
        AccountChange::SetAddress { user, from, reserved_until, at, .. } => {
            let to = email(if set { "ADA@example.org" } else { "ada@example.org" });
            AccountChange::SetAddress { user, version, from, to, reserved_until, at }
        }
        other @ (AccountChange::Add { .. } | AccountChange::Rehash { .. }) => other,
    }
}

/// What the row must be after the write.
fn expected(row: &mut User, change: &AccountChange) {
    match change {
        AccountChange::SetPhone { phone_number, at, .. } => {
            (row.phone_number, row.updated_at) = (phone_number.clone(), *at);
        }
        AccountChange::SetDiscoverable { discoverable, at, .. } => {
            (row.discoverable, row.updated_at) = (*discoverable, *at);
        }
        AccountChange::SetLocale { locale, at, .. } => (row.locale, row.updated_at) = (locale.clone(), *at),
        AccountChange::SetUserToken { digest, expires_at, at, .. } => {
            let expires_at = *expires_at;
            row.user_token = digest.as_ref().map(|_| HeldUserToken { expires_at, last_used_at: None });
            row.updated_at = *at;
        }
        AccountChange::SetState { state, at, .. } => (row.state, row.updated_at) = (*state, *at),
        AccountChange::SetAddress { to, at, .. } => {
            (row.email, row.email_verified_at, row.updated_at) = (to.clone(), Some(*at), *at);
        }
        AccountChange::SetPassword { at, .. } | AccountChange::RemoveSecrets { at, .. } => {
            (row.user_token, row.updated_at) = (None, *at);
        }
        AccountChange::VerifyAddress { at, .. } => {
            (row.email_verified_at, row.updated_at) = (row.email_verified_at.or(Some(*at)), *at);
        }
        AccountChange::Add { .. } | AccountChange::Rehash { .. } => {}
    }
    row.version += 1;
}

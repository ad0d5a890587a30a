//! Accounts on both engines.

use std::time::Duration;

use domain::accounts::locale::Locale;
use domain::accounts::phone::PhoneNumber;
use domain::accounts::ports::Accounts as _;
use domain::accounts::user::{User, UserState};
use domain::accounts::user_token::HeldUserToken;
use domain::changes::UniqueKey;
use domain::changes::account::AccountChange;
use domain::ids::UserId;
use domain::ports::ledger::{Ledger as _, Rejected};
use domain::ports::readiness::Readiness as _;
use domain::sessions::ports::{CredentialKey, Sessions as _};
use sea_orm::{ConnectionTrait as _, Statement};

use crate::fixture::{Place, adding, apply, at, digest, hash, id, on_both_engines, plan, race, user};

on_both_engines!(
    a_user_reads_back_equal,
    users_are_listed_in_the_order_of_their_ids,
    one_of_many_sign_ups_with_one_address_wins,
    a_write_expects_the_version_that_was_read,
    a_hash_is_replaced_only_when_it_is_the_one_verified,
    a_plan_is_written_whole_or_not_at_all,
    a_plan_goes_on_when_nobody_waits,
    an_event_is_written_once,
    a_corrupt_row_is_named,
);

async fn a_user_reads_back_equal(place: &Place) {
    let database = place.open().await;
    database.check().await.expect("ready");
    let full = User {
        email_verified_at: Some(at(7)),
        phone_number: Some(PhoneNumber::parse("+14155552671").expect("a number")),
        discoverable: true,
        administrator: true,
        state: UserState::Disabled,
        locale: Locale::parse("pt-BR").ok(),
        user_token: Some(HeldUserToken::default()),
        updated_at: at(999_999),
        ..user("Ada@B\u{fc}cher.example")
    };
    let add = AccountChange::Add {
        user: Box::new(full.clone()),
        password: hash("$argon2id$"),
        user_token: Some(digest("token")),
    };
    assert_eq!(apply(&database, add).await.expect("added").rows, [1]);
    let plain = user("bo@example.org");
    database.apply(adding(&plain)).await.expect("added");
    assert_eq!(database.by_id(full.id).await.expect("read"), Some(full.clone()));
    assert_eq!(database.by_id(plain.id).await.expect("read"), Some(plain.clone()));
    assert_eq!(database.by_id(UserId::restore(id())).await.expect("read"), None);
    let account = database.by_email(full.email.key()).await.expect("read").expect("found");
    assert_eq!((account.user, account.password), (full.clone(), Some(hash("$argon2id$"))));
    let holder = database.holder(&CredentialKey::UserToken(digest("token"))).await.expect("read").expect("found");
    assert_eq!((holder.user, holder.session), (full, None));
    database.close().await;
    assert!(database.apply(adding(&user("late@example.org"))).await.is_err());
    let again = place.open().await;
    assert_eq!(again.by_id(plain.id).await.expect("read"), Some(plain));
}

async fn users_are_listed_in_the_order_of_their_ids(place: &Place) {
    let database = place.open().await;
    let users = (0..5).map(|n| user(&format!("u{n}@example.org"))).collect::<Vec<_>>();
    for at in [3, 0, 4, 1, 2] {
        database.apply(adding(&users[at])).await.expect("added");
    }
    assert_eq!(database.list(None, 3).await.expect("read"), users[..3]);
    assert_eq!(database.list(Some(users[2].id), 9).await.expect("read"), users[3..]);
}

async fn one_of_many_sign_ups_with_one_address_wins(place: &Place) {
    let database = place.open().await;
    let spelling = |n| if n % 2 == 0 { "ada@example.org" } else { "ADA@Example.org" };
    let plans = (0..64).map(|n| adding(&user(spelling(n)))).collect();
    let outcomes = race(&database, plans).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes {
        assert!(matches!(outcome, Ok(_) | Err(Rejected::Conflict(UniqueKey::Address))), "{outcome:?}");
    }
    assert_eq!(database.list(None, 99).await.expect("read").len(), 1);
}

async fn a_write_expects_the_version_that_was_read(place: &Place) {
    let database = place.open().await;
    let (ada, bo) = (user("ada@example.org"), user("bo@example.org"));
    database.apply(adding(&ada).with_all(adding(&bo).list)).await.expect("added");
    let discoverable =
        |version| AccountChange::SetDiscoverable { user: ada.id, version, discoverable: true, at: at(5) };
    apply(&database, discoverable(1)).await.expect("set");
    assert!(matches!(apply(&database, discoverable(1)).await, Err(Rejected::Stale)));
    let number = PhoneNumber::parse("+14155552671").expect("a number");
    let phone = |version, phone_number| AccountChange::SetPhone { user: ada.id, version, phone_number, at: at(6) };
    apply(&database, phone(2, Some(number.clone()))).await.expect("set");
    let token =
        |user, version, digest| AccountChange::SetUserToken { user, version, digest, expires_at: None, at: at(7) };
    apply(&database, token(ada.id, 3, Some(digest("token")))).await.expect("set");
    let taken = apply(&database, token(bo.id, 1, Some(digest("token")))).await;
    assert!(matches!(taken, Err(Rejected::Conflict(UniqueKey::Random))), "{taken:?}");
    let expected = User {
        discoverable: true,
        phone_number: Some(number),
        user_token: Some(HeldUserToken::default()),
        version: 4,
        updated_at: at(7),
        ..ada.clone()
    };
    assert_eq!(database.by_id(ada.id).await.expect("read"), Some(expected.clone()));
    apply(&database, token(ada.id, 4, None)).await.expect("removed");
    apply(&database, phone(5, None)).await.expect("removed");
    let expected = User { user_token: None, phone_number: None, version: 6, updated_at: at(6), ..expected };
    assert_eq!(database.by_id(ada.id).await.expect("read"), Some(expected));
}

async fn a_hash_is_replaced_only_when_it_is_the_one_verified(place: &Place) {
    let database = place.open().await;
    let ada = user("ada@example.org");
    database.apply(adding(&ada)).await.expect("added");
    let rehash = |from, to| AccountChange::Rehash { user: ada.id, from: hash(from), to: hash(to) };
    assert_eq!(apply(&database, rehash("other", "new")).await.expect("well").rows, [0]);
    assert_eq!(apply(&database, rehash("hash", "new")).await.expect("well").rows, [1]);
    let account = database.by_email(ada.email.key()).await.expect("read").expect("found");
    assert_eq!((account.user, account.password), (ada, Some(hash("new"))));
}

async fn a_plan_is_written_whole_or_not_at_all(place: &Place) {
    let database = place.open().await;
    let (ada, bo) = (user("ada@example.org"), user("bo@example.org"));
    database.apply(adding(&ada)).await.expect("added");
    let stale = AccountChange::SetDiscoverable { user: ada.id, version: 9, discoverable: true, at: at(5) };
    let broken = adding(&bo).with(stale);
    assert!(matches!(database.apply(broken.clone()).await, Err(Rejected::Stale)));
    assert_eq!(database.by_id(bo.id).await.expect("read"), None);
    assert!(database.by_email(bo.email.key()).await.expect("read").is_none());
    // Neither the address nor the event of the refused plan is taken.
    let receipt =
        database.apply(adding(&bo).with(AccountChange::Rehash { user: ada.id, from: hash("no"), to: hash("new") }));
    assert_eq!(receipt.await.expect("added").rows, [1, 0]);
}

async fn a_plan_goes_on_when_nobody_waits(place: &Place) {
    let database = place.open().await;
    let users = (0..40).map(|n| user(&format!("u{n}@example.org"))).collect::<Vec<_>>();
    // On a machine that is busy with other work a plan may find no connection in time: it is handed over once more then.
    for _ in 0..20 {
        let stored = database.list(None, 99).await.unwrap_or_default();
        for user in users.iter().filter(|user| stored.iter().all(|other| other.id != user.id)) {
            let waiting = { database.apply(adding(user)) };
            // Polled once, so that the plan is handed over; then nobody waits.
            let _ = tokio::time::timeout(Duration::ZERO, waiting).await;
        }
        let are_stored = async {
            while database.list(None, 99).await.unwrap_or_default().len() < users.len() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let are_stored = tokio::time::timeout(Duration::from_secs(5), are_stored).await.is_ok();
        // The connections are sound.
        if are_stored && database.apply(adding(&user("last@example.org"))).await.is_ok() {
            return;
        }
    }
    panic!("a plan ends with whoever waits for it");
}

async fn an_event_is_written_once(place: &Place) {
    let database = place.open().await;
    let first = plan();
    database.apply(first.clone()).await.expect("written");
    let again = database.apply(first).await;
    assert!(matches!(again, Err(Rejected::Conflict(UniqueKey::Random))), "{again:?}");
    let raw = place.raw().await;
    let sql = "SELECT kind, actor, subject_kind, subject_id, data FROM events";
    let rows = raw.query_all_raw(Statement::from_string(raw.get_database_backend(), sql)).await.expect("read");
    let text = |column| rows[0].try_get::<String>("", column).expect("a text");
    assert_eq!((rows.len(), text("kind").as_str(), text("actor").as_str()), (1, "user.signed-up", "user"));
    assert_eq!((text("subject_kind").as_str(), text("subject_id").as_str()), ("user", "somebody"));
    assert_eq!(text("data"), r#"{"quote":"\"'ä"}"#);
}

async fn a_corrupt_row_is_named(place: &Place) {
    let database = place.open().await;
    let ada = user("ada@example.org");
    database.apply(adding(&ada)).await.expect("added");
    place.raw().await.execute_unprepared("UPDATE users SET state = 'odd'").await.expect("spoilt");
    let failure = database.by_id(ada.id).await.expect_err("corrupt");
    assert!(!failure.retryable());
    assert_eq!(failure.to_string(), format!("the row {} of users holds no valid state", ada.id));
}

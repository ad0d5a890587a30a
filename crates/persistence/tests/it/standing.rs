//! Who is disabled, logged out or no administrator any more while their request is under way.

use domain::accounts::ports::Accounts as _;
use domain::changes::account::AccountChange;
use domain::changes::{Change, Changes, DomainChange, Invariant, SessionChange};
use domain::domains::policy::{BelongsTo, DomainRule};
use domain::ids::DomainRuleId;
use domain::ports::ledger::{Ledger as _, Rejected};
use domain::sessions::session::{Channel, Session};
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};

use crate::fixture::{
    Place, adding, at, digest, domain, grant, hash, id, on_both_engines, opening, plan, session, user,
};

on_both_engines!(
    nothing_is_written_for_who_is_disabled_meanwhile,
    nothing_is_written_for_who_is_logged_out_meanwhile,
    nothing_is_written_for_a_token_that_is_replaced_meanwhile,
    nothing_is_written_for_who_is_no_administrator_meanwhile,
    what_is_taken_back_counts_for_nothing,
    a_refresh_of_a_disabled_user_is_stale,
);

async fn nothing_is_written_for_who_is_disabled_meanwhile(place: &Place) {
    let (user, session) = somebody(place).await;
    for invariant in [Invariant::SessionStands(user, session.id), Invariant::UserTokenStands(user, digest("token"))] {
        place.raw().await.execute_unprepared("UPDATE users SET state = 'active'").await.expect("set");
        expect_broken(place, "UPDATE users SET state = 'disabled'", invariant).await;
    }
}

async fn nothing_is_written_for_who_is_logged_out_meanwhile(place: &Place) {
    let (user, session) = somebody(place).await;
    let end = "UPDATE sessions SET ended_at = last_seen_at";
    expect_broken(place, end, Invariant::SessionStands(user, session.id)).await;
}

async fn nothing_is_written_for_a_token_that_is_replaced_meanwhile(place: &Place) {
    let (user, _) = somebody(place).await;
    let replace = "UPDATE users SET token_required = 'next' WHERE token_required = 'token'";
    expect_broken(place, replace, Invariant::UserTokenStands(user, digest("token"))).await;
}

async fn nothing_is_written_for_who_is_no_administrator_meanwhile(place: &Place) {
    let (user, _) = somebody(place).await;
    expect_broken(place, "UPDATE users SET administrator = FALSE", Invariant::Administrator(user)).await;
}

async fn what_is_taken_back_counts_for_nothing(place: &Place) {
    let (user, session) = somebody(place).await;
    let database = place.open().await;
    let raw = place.raw().await;
    let other = raw.begin().await.expect("begun");
    other.execute_unprepared("UPDATE users SET state = 'disabled'").await.expect("set");
    let waiting =
        tokio::spawn(async move { database.apply(putting(Invariant::SessionStands(user, session.id))).await });
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    other.rollback().await.expect("taken back");
    waiting.await.expect("no panic").expect("the user is active");
}

async fn a_refresh_of_a_disabled_user_is_stale(place: &Place) {
    let (user, session) = somebody(place).await;
    let database = place.open().await;
    let grant = grant(&session);
    let add = SessionChange::AddGrant { grant: grant.clone(), at: at(0) };
    database.apply(plan().with(add)).await.expect("added");
    place.raw().await.execute_unprepared("UPDATE users SET state = 'disabled'").await.expect("set");
    let rotate = SessionChange::Rotate { grant: grant.id, session: session.id, from: 0, to: 1, at: at(1) };
    let refused = database.apply(plan().with(rotate)).await;
    assert!(matches!(refused, Err(Rejected::Stale)), "{refused:?}");
    assert!(database.by_id(user).await.expect("read").is_some());
}

/// An administrator with a token and a session.
async fn somebody(place: &Place) -> (domain::ids::UserId, Session) {
    let database = place.open().await;
    let ada = domain::accounts::user::User { administrator: true, ..user("ada@example.org") };
    let session = session(&ada, Channel::Api);
    let add =
        AccountChange::Add { user: Box::new(ada.clone()), password: hash("hash"), user_token: Some(digest("token")) };
    database.apply(plan().with(add).with(opening(&session, None))).await.expect("added");
    database.apply(adding(&user("bo@example.org"))).await.expect("added");
    database.close().await;
    (ada.id, session)
}

/// Carries out a plan while another transaction has changed a row, and commits only then.
async fn expect_broken(place: &Place, sql: &str, invariant: Invariant) {
    let database = place.open().await;
    let raw = place.raw().await;
    let other = raw.begin().await.expect("begun");
    other.execute_unprepared(sql).await.expect("changed");
    let plan = putting(invariant.clone());
    let waiting = tokio::spawn(async move { database.apply(plan).await });
    // However far the plan has come by then, it must not go through.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    other.commit().await.expect("committed");
    let refused = waiting.await.expect("no panic");
    assert!(matches!(&refused, Err(Rejected::Broken(broken)) if *broken == invariant), "{sql}: {refused:?}");
}

fn putting(invariant: Invariant) -> Changes {
    let (created_at, updated_at) = (at(1), at(2));
    let id = DomainRuleId::restore(id());
    let rule = DomainRule { id, domain: domain("a.example"), belongs_to: BelongsTo::Blocked, created_at, updated_at };
    plan().with(invariant).with(Change::from(DomainChange::Put(rule)))
}

//! Counts of the throttles beside other writes.

use std::time::Duration;

use chrono::TimeDelta;
use domain::ports::ledger::Ledger as _;
use domain::throttles::limits::Limit;
use domain::throttles::ports::{CounterKey, Throttles as _};
use sea_orm::{ConnectOptions, ConnectionTrait as _};
use tokio::time::timeout;

use crate::fixture::{Place, adding, at, on_both_engines, user};

on_both_engines!(counting_waits_for_nobody_who_writes);

async fn counting_waits_for_nobody_who_writes(place: &Place) {
    let database = place.open().await;
    let mut options = ConnectOptions::new(&place.url);
    options.max_connections(1);
    let other = sea_orm::Database::connect(options).await.expect("connected");
    let hold = if place.url.starts_with("sqlite:") {
        "BEGIN IMMEDIATE"
    } else {
        "BEGIN; LOCK TABLE users, sessions, events IN EXCLUSIVE MODE"
    };
    other.execute_unprepared(hold).await.expect("nobody writes");
    let waiting = tokio::spawn({
        let (database, ada) = (database.clone(), user("ada@example.org"));
        async move { database.apply(adding(&ada)).await }
    });
    let key = |name: &str| CounterKey::restore(format!("test:{name}"));
    let counted = timeout(Duration::from_secs(10), async {
        let reserved = database.reserve(&key("address"), Limit::LogInAddress.quota(), at(0)).await.expect("counted");
        let guessed = database.guess(&key("account"), at(0)).await.expect("counted");
        database.take_back(&key("account"), at(0)).await.expect("taken back");
        database.vouch(&key("place"), at(0), at(0) + TimeDelta::hours(1)).await.expect("noted");
        let vouched = database.is_vouched(&key("place"), at(1)).await.expect("read");
        database.forget(&key("account")).await.expect("forgotten");
        (reserved.admitted, guessed.admitted, vouched)
    });
    assert_eq!(counted.await.expect("none of it waits"), (true, true, true));
    assert!(!waiting.is_finished(), "whoever writes other things does wait");
    other.execute_unprepared("ROLLBACK").await.expect("they may write");
    waiting.await.expect("it ends").expect("written");
}

//! Counts of the throttles beside other writes.

use std::time::Duration;

use chrono::TimeDelta;
use domain::ports::ledger::Ledger as _;
use domain::throttles::limits::Limit;
use domain::throttles::ports::{CounterKey, Throttles as _};
use sea_orm::{ConnectOptions, ConnectionTrait as _, DatabaseConnection, Statement};
use tokio::time::timeout;

use crate::fixture::{Place, adding, at, on_both_engines, user};

on_both_engines!(counting_waits_for_nobody_who_writes, counts_that_say_nothing_any_more_are_dropped_and_no_others);

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

async fn counts_that_say_nothing_any_more_are_dropped_and_no_others(place: &Place) {
    let database = place.open().await;
    let counts = if place.url.starts_with("sqlite:") {
        sea_orm::Database::connect(format!("sqlite:{}-throttles", place.file().display())).await.expect("connected")
    } else {
        place.raw().await
    };
    // More than are looked at together; two of three are over, and so is the last of some parts.
    let fill = "INSERT INTO throttles (key, recent, failures, next_at, over_at) WITH RECURSIVE numbers (n) AS \
                (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 3000) \
                SELECT 'test:' || n, '', 1, 0, CASE WHEN n % 3 = 1 THEN 9000000000000000 ELSE n END FROM numbers";
    counts.execute_unprepared(fill).await.expect("filled");
    let (key, quota) = (CounterKey::restore("test:address"), Limit::LogInAddress.quota());
    database.reserve(&key, quota, at(0)).await.expect("counted");
    database.reserve(&key, quota, at(10 * 60 * 1_000_000)).await.expect("counted");
    let left = async {
        while number(&counts, "over_at < 9000000").await > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        number(&counts, "key LIKE 'test:%'").await
    };
    assert_eq!(timeout(Duration::from_secs(10), left).await.expect("they are dropped"), 1001);
}

async fn number(counts: &DatabaseConnection, which: &str) -> i64 {
    let sql = format!("SELECT count(*) AS number FROM throttles WHERE {which}");
    let row = counts.query_one_raw(Statement::from_string(counts.get_database_backend(), sql)).await;
    row.expect("asked").expect("a row").try_get("", "number").expect("a number")
}

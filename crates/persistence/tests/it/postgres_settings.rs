//! What bounds the work on `PostgreSQL`, and how its columns are ordered.

use domain::accounts::ports::Accounts as _;
use domain::ids::UserId;
use domain::ports::ledger::{Ledger as _, Rejected};
use domain::ports::readiness::Readiness;
use persistence::database::Database;
use persistence::options::Options;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, Statement, TransactionTrait as _};

use crate::fixture::{Place, adding, id, user};

/// Notes the settings of the connection that writes an event.
const WITNESS: &str = "CREATE TABLE seen (name text, value text); \
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO seen SELECT name, setting \
    FROM pg_settings WHERE name IN (''statement_timeout'', ''lock_timeout'', \
    ''idle_in_transaction_session_timeout'', ''synchronous_commit''); RETURN NULL; END'; \
    CREATE TRIGGER note AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION note()";

#[tokio::test(flavor = "multi_thread")]
async fn each_connection_has_its_time_outs_and_waits_for_the_disk() {
    let place = Place::postgres().await;
    place.open().await.close().await;
    let raw = place.raw().await;
    let name = place.url.rsplit_once('/').expect("a path").1;
    // Whatever the operator has set, an answer must not come before the write is durable.
    raw.execute_unprepared(&format!("ALTER DATABASE {name} SET synchronous_commit = off")).await.expect("set");
    raw.execute_unprepared(WITNESS).await.expect("laid");
    place.open().await.apply(adding(&user("ada@example.org"))).await.expect("written");
    let seen = texts(&raw, "SELECT name || ' ' || value AS line FROM seen ORDER BY name").await;
    let expected = [
        "idle_in_transaction_session_timeout 10000",
        "lock_timeout 3000",
        "statement_timeout 5000",
        "synchronous_commit on",
    ];
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stricter_commit_stays() {
    let place = Place::postgres().await;
    place.open().await.close().await;
    let raw = place.raw().await;
    let name = place.url.rsplit_once('/').expect("a path").1;
    raw.execute_unprepared(&format!("ALTER DATABASE {name} SET synchronous_commit = remote_apply")).await.expect("set");
    raw.execute_unprepared(WITNESS).await.expect("laid");
    place.open().await.apply(adding(&user("ada@example.org"))).await.expect("written");
    let seen = texts(&raw, "SELECT value AS line FROM seen WHERE name = 'synchronous_commit'").await;
    assert_eq!(seen, ["remote_apply"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_finds_no_connection_or_no_lock_is_told_to_come_again() {
    let place = Place::postgres().await;
    place.open().await.close().await;
    let database = Database::open(Options { max_connections: 2, ..Options::new(&place.url) }).await.expect("opened");
    let raw = place.raw().await;
    let other = raw.begin().await.expect("begun");
    other.execute_unprepared("LOCK TABLE users IN ACCESS EXCLUSIVE MODE").await.expect("locked");
    // Two wait for the lock, and the third for one of their connections; that one is told first.
    let read = |database: Database| async move { database.by_id(UserId::restore(id())).await };
    let holders = [tokio::spawn(read(database.clone())), tokio::spawn(read(database.clone()))];
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let failure = read(database.clone()).await.expect_err("there is no connection");
    assert!(failure.retryable(), "{failure}");
    assert!(holders.iter().all(|holder| !holder.is_finished()), "they still wait for the lock");
    for holder in holders {
        let failure = holder.await.expect("no panic").expect_err("there is no lock");
        assert!(failure.retryable(), "{failure}");
    }
    let refused = database.apply(adding(&user("ada@example.org"))).await;
    assert!(matches!(&refused, Err(Rejected::Failed(failure)) if failure.retryable()), "{refused:?}");
    other.rollback().await.expect("let go");
    database.apply(adding(&user("ada@example.org"))).await.expect("the connections are sound");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_lets_nobody_in_is_away_and_not_broken() {
    let place = Place::postgres().await;
    let database = place.open().await;
    let (server, name) = place.url.rsplit_once('/').expect("a path");
    let admin = sea_orm::Database::connect(format!("{server}/postgres")).await.expect("connected");
    let shut = |allowed: bool| format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS {allowed}");
    let end = format!("SELECT CAST(pg_terminate_backend(pid) AS text) FROM pg_stat_activity WHERE datname = '{name}'");
    let (gone, back) = (
        format!("ALTER DATABASE {name} RENAME TO {name}_gone"),
        format!("ALTER DATABASE {name}_gone RENAME TO {name}"),
    );
    // What the server answers to a new connection: 55000, then 3D000.
    for (away, again) in [(shut(false), shut(true)), (gone, back)] {
        do_once_nobody_is_in(&admin, &end, &away).await;
        for _ in 0..3 {
            // The connections that were cut off first, and then new ones.
            let failure = Readiness::check(&database).await.expect_err("it is away");
            assert!(failure.retryable(), "{failure}");
            let failure = database.by_id(UserId::restore(id())).await.expect_err("it is away");
            assert!(failure.retryable(), "{failure}");
        }
        let refused = database.apply(adding(&user("ada@example.org"))).await;
        assert!(matches!(&refused, Err(Rejected::Failed(failure)) if failure.retryable()), "{refused:?}");
        admin.execute_unprepared(&again).await.expect("back");
        Readiness::check(&database).await.expect("it is back");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_its_tables_is_not_ready() {
    let place = Place::postgres().await;
    let database = place.open().await;
    place.raw().await.execute_unprepared("ALTER TABLE installation RENAME TO gone").await.expect("renamed");
    let failure = Readiness::check(&database).await.expect_err("there is no such table");
    assert!(failure.retryable(), "{failure}");
}

/// A database can be renamed only while nobody is connected to it; the pool of the program connects again.
async fn do_once_nobody_is_in(admin: &DatabaseConnection, end: &str, statement: &str) {
    for _ in 0..200 {
        admin.execute_unprepared(end).await.expect("ended");
        if admin.execute_unprepared(statement).await.is_ok() {
            admin.execute_unprepared(end).await.expect("ended");
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("somebody is always connected");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_text_is_in_the_order_of_its_bytes() {
    let place = Place::postgres().await;
    place.open().await.close().await;
    let raw = place.raw().await;
    let others = "SELECT table_name || '.' || column_name AS line FROM information_schema.columns \
                  WHERE table_schema = 'public' AND data_type IN ('text', 'character varying', 'character') \
                  AND collation_name IS DISTINCT FROM 'C' ORDER BY 1";
    // The table of steps is of the library that takes them; nobody sorts it but to look through it.
    assert_eq!(texts(&raw, others).await, ["seaql_migrations.version"]);
}

async fn texts(raw: &DatabaseConnection, sql: &str) -> Vec<String> {
    let rows = raw.query_all_raw(Statement::from_string(raw.get_database_backend(), sql)).await.expect("read");
    rows.iter().map(|row| row.try_get("", "line").expect("a text")).collect()
}

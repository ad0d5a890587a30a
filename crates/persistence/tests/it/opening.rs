//! How databases are opened, and which are refused.

use std::time::Duration;

use domain::accounts::ports::Accounts as _;
use domain::ports::ledger::Ledger as _;
use migrations::{Migrator, steps};
use persistence::database::Database;
use persistence::open_error::OpenError;
use persistence::options::Options;
use sea_orm::{
    ConnectionTrait as _, DbBackend, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait as _,
};
use sea_orm_migration::MigratorTrait as _;
use tempfile::TempDir;

use crate::fixture::{Place, adding, on_both_engines, user};

on_both_engines!(
    replicas_that_start_together_make_the_tables_once,
    a_database_of_another_program_is_refused,
    a_database_of_another_program_with_steps_of_its_own_is_refused,
    a_newer_database_is_refused,
    a_first_start_that_was_cut_off_is_finished,
);

async fn replicas_that_start_together_make_the_tables_once(place: &Place) {
    let replicas = (0..8).map(|_| tokio::spawn(Database::open(Options::new(&place.url)))).collect::<Vec<_>>();
    let mut opened = Vec::new();
    for replica in replicas {
        opened.push(replica.await.expect("no panic").expect("opened"));
    }
    for (n, database) in opened.iter().enumerate() {
        database.apply(adding(&user(&format!("u{n}@example.org")))).await.expect("written");
    }
    // What one has committed, every other reads.
    for database in &opened {
        assert_eq!(database.list(None, 99).await.expect("read").len(), 8);
    }
}

async fn a_database_of_another_program_is_refused(place: &Place) {
    place.raw().await.execute_unprepared("CREATE TABLE users (id INTEGER)").await.expect("made");
    assert_eq!(refusal(place).await, OpenError::Foreign);
    place.raw().await.execute_unprepared("CREATE TABLE installation (id INTEGER)").await.expect("made");
    assert_eq!(refusal(place).await, OpenError::Foreign);
}

async fn a_database_of_another_program_with_steps_of_its_own_is_refused(place: &Place) {
    let raw = place.raw().await;
    let table = "CREATE TABLE seaql_migrations (version varchar(255) PRIMARY KEY, applied_at bigint)";
    raw.execute_unprepared(table).await.expect("made");
    raw.execute_unprepared("INSERT INTO seaql_migrations VALUES ('m2020', 1)").await.expect("made");
    assert_eq!(refusal(place).await, OpenError::Foreign);
}

async fn a_newer_database_is_refused(place: &Place) {
    place.open().await.close().await;
    let raw = place.raw().await;
    raw.execute_unprepared("INSERT INTO seaql_migrations VALUES ('m9999_later', 1)").await.expect("made");
    let error = refusal(place).await;
    assert_eq!(error, OpenError::Newer("m9999_later".into()));
    assert!(error.to_string().contains("newer version"), "{error}");
    raw.execute_unprepared("UPDATE installation SET program = 'other'").await.expect("made");
    assert_eq!(refusal(place).await, OpenError::Foreign);
}

async fn a_first_start_that_was_cut_off_is_finished(place: &Place) {
    let table = "CREATE TABLE seaql_migrations (version varchar(255) PRIMARY KEY, applied_at bigint NOT NULL)";
    place.raw().await.execute_unprepared(table).await.expect("made");
    let database = place.open().await;
    database.apply(adding(&user("ada@example.org"))).await.expect("written");
}

#[tokio::test(start_paused = true)]
async fn a_start_does_not_wait_for_ever_for_another_that_keeps_the_tables() {
    let place = Place::sqlite();
    let other = std::fs::File::create(format!("{}.lock", place.file().display())).expect("made");
    other.lock().expect("locked");
    let refused = OpenError::Migration("another program keeps them locked".into());
    assert_eq!(refusal(&place).await, refused);
    drop(other);
    tokio::time::resume();
    place.open().await.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_brought_up_to_date_once_nobody_uses_the_table_and_nobody_waits_meanwhile() {
    let place = Place::postgres().await;
    let (raw, other) = (place.raw().await, place.raw().await);
    let before = steps().iter().position(|step| step == "m0020_throttles_in_place").expect("a step");
    let before = u32::try_from(before).expect("a number");
    Migrator::up(&raw, Some(before)).await.expect("taken");
    // As a dump does, which takes long.
    let reading = raw.begin().await.expect("begun");
    reading.execute_unprepared("SELECT count(*) FROM throttles").await.expect("read");
    let opening = tokio::spawn(Database::open(Options::new(&place.url)));
    for number in 0..25 {
        let count = "SET lock_timeout = '1s'; INSERT INTO throttles (key, recent, failures, next_at, over_at)";
        let count = format!("{count} VALUES ('test:{number}', '', 0, 0, 0)");
        other.execute_unprepared(&count).await.expect("the version before counts");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(!opening.is_finished());
    reading.rollback().await.expect("ended");
    opening.await.expect("it ends").expect("opened").close().await;
}

#[tokio::test]
async fn an_address_that_leads_nowhere_is_named_without_its_password() {
    let directory = TempDir::new().expect("a directory");
    let missing = directory.path().join("missing");
    for (url, expected) in [
        (format!("sqlite:{}/registry.db", missing.display()), OpenError::MissingDirectory(missing.clone())),
        ("sqlite::memory:".into(), OpenError::Address),
        ("mysql://ada:lovelace@localhost/registry".into(), OpenError::Address),
        ("postgres://ada:lovelace@localhost:port/registry".into(), OpenError::Address),
        ("".into(), OpenError::Address),
    ] {
        let error = Database::open(Options::new(url)).await.expect_err("refused");
        assert_eq!(error, expected);
        assert!(!error.to_string().contains("lovelace"), "{error}");
    }
    let error = Database::open(Options::new("postgres://ada:lovelace@127.0.0.1:1/registry")).await;
    let shown = error.expect_err("nobody listens there").to_string();
    assert_eq!(shown, "the database cannot be opened: the server cannot be reached");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_a_connection_out_is_told_in_a_sentence() {
    let place = Place::postgres().await;
    let raw = place.raw().await;
    let (before, name) = place.url.rsplit_once('/').expect("a path");
    let host = before.rsplit_once('@').expect("a user").1;
    raw.execute_unprepared(&format!("CREATE ROLE role_{name} LOGIN PASSWORD 'lovelace'")).await.expect("made");
    raw.execute_unprepared(&format!("ALTER DATABASE {name} CONNECTION LIMIT 0")).await.expect("set");
    for (url, reason) in [
        (format!("{before}/{name}_missing"), "the server has no database of this name"),
        (format!("postgres://nobody_{name}:lovelace@{host}/{name}"), "the server refuses this user or this password"),
        // A limit of connections does not bind superusers.
        (format!("postgres://role_{name}:lovelace@{host}/{name}"), "the server has too many connections already"),
        (format!("{}?sslmode=require", place.url), "the server makes no connection by TLS that can be trusted"),
    ] {
        let error = Database::open(Options::new(&url)).await.expect_err("kept out");
        assert_eq!(error.to_string(), format!("the database cannot be opened: {reason}"));
    }
    raw.execute_unprepared(&format!("DROP ROLE role_{name}")).await.expect("dropped");
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_extensions_and_in_other_schemas_are_nobodys() {
    let place = Place::postgres().await;
    let raw = place.raw().await;
    raw.execute_unprepared("CREATE TABLE spatial_systems (id INTEGER)").await.expect("made");
    raw.execute_unprepared("ALTER EXTENSION plpgsql ADD TABLE spatial_systems").await.expect("given to the extension");
    raw.execute_unprepared("CREATE SCHEMA other CREATE TABLE users (id INTEGER)").await.expect("made");
    let database = place.open().await;
    database.apply(adding(&user("ada@example.org"))).await.expect("written");
    database.close().await;
    place.open().await.apply(adding(&user("bo@example.org"))).await.expect("it is ours");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_finds_all_in_order_makes_one_connection() {
    let place = Place::postgres().await;
    place.open().await.close().await;
    let named = Options::new(format!("{}?application_name=counted", place.url));
    let database = Database::open(named).await.expect("opened");
    database.list(None, 1).await.expect("read");
    let sql = "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'counted'";
    let rows = place.raw().await.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.expect("asked");
    let last = rows.iter().map(|row| row.try_get_by_index::<String>(0).expect("a text")).collect::<Vec<_>>();
    assert!(matches!(&last[..], [query] if query.contains("FROM users")), "{last:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_another_program_beside_those_of_extensions_is_foreign() {
    let place = Place::postgres().await;
    let raw = place.raw().await;
    raw.execute_unprepared("CREATE TABLE spatial_systems (id INTEGER)").await.expect("made");
    raw.execute_unprepared("ALTER EXTENSION plpgsql ADD TABLE spatial_systems").await.expect("given to the extension");
    raw.execute_unprepared("CREATE TABLE invoices (id INTEGER) PARTITION BY RANGE (id)").await.expect("made");
    assert_eq!(refusal(&place).await, OpenError::Foreign);
}

#[tokio::test]
async fn a_start_waits_longer_for_its_first_connection_than_a_request() {
    let place = Place::sqlite();
    place.open().await.close().await;
    let raw = place.raw().await;
    raw.execute_unprepared("PRAGMA journal_mode = DELETE").await.expect("nobody else has it open");
    let exclusive = Some(SqliteTransactionMode::Exclusive);
    let options = TransactionOptions { sqlite_transaction_mode: exclusive, ..Default::default() };
    // As a disk that answers late.
    let busy = raw.begin_with_options(options).await.expect("nobody else has it open");
    let opening = tokio::spawn(Database::open(Options::new(&place.url)));
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert!(!opening.is_finished());
    busy.rollback().await.expect("it is there");
    opening.await.expect("no panic").expect("opened");
}

async fn refusal(place: &Place) -> OpenError {
    Database::open(Options::new(&place.url)).await.expect_err("refused")
}

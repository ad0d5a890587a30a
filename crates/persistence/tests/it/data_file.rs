//! Data files of `SQLite`: whose they are.

use std::fs;
use std::path::{Path, PathBuf};

use domain::ports::ledger::Ledger as _;
use persistence::database::Database;
use persistence::open_error::OpenError;
use persistence::options::Options;
use sea_orm::ConnectionTrait as _;

use crate::fixture::{Place, adding, user};

#[tokio::test]
async fn a_foreign_data_file_stays_as_it_is() {
    let place = Place::sqlite();
    let raw = place.raw().await;
    raw.execute_unprepared("CREATE TABLE users (id INTEGER); INSERT INTO users VALUES (7)").await.expect("made");
    raw.close().await.expect("closed");
    let before = fs::read(place.file()).expect("read");
    assert_eq!(refusal(&place.file()).await, OpenError::Foreign);
    assert!(fs::read(place.file()).expect("read") == before, "not a byte has changed");
    assert_eq!(names_beside(&place.file()), ["registry.db", "registry.db.lock"]);
}

#[tokio::test]
async fn a_foreign_data_file_with_a_log_stays_as_it_is() {
    let place = Place::sqlite();
    let raw = place.raw().await;
    raw.execute_unprepared("PRAGMA journal_mode = WAL").await.expect("set");
    // The table stands in the log alone.
    raw.execute_unprepared("CREATE TABLE users (id INTEGER); INSERT INTO users VALUES (7)").await.expect("made");
    let log = with_ending(&place.file(), "-wal");
    // Once beside the program that works on it, and once as that program leaves it when it is killed.
    let left = place.file().with_file_name("left.db");
    fs::copy(place.file(), &left).expect("copied");
    fs::copy(&log, with_ending(&left, "-wal")).expect("copied");
    for file in [place.file(), left] {
        let log = with_ending(&file, "-wal");
        let before = (fs::read(&file).expect("read"), fs::read(&log).expect("read"));
        assert_eq!(refusal(&file).await, OpenError::Foreign);
        assert!((fs::read(&file).expect("read"), fs::read(&log).expect("read")) == before, "not a byte has changed");
    }
    raw.execute_unprepared("INSERT INTO users VALUES (8)").await.expect("the other program works on");
}

#[tokio::test]
async fn a_newer_data_file_stays_as_it_is() {
    let place = Place::sqlite();
    place.open().await.close().await;
    let raw = place.raw().await;
    raw.execute_unprepared("INSERT INTO seaql_migrations VALUES ('m9999_later', 1)").await.expect("made");
    raw.close().await.expect("closed");
    let before = fs::read(place.file()).expect("read");
    assert_eq!(refusal(&place.file()).await, OpenError::Newer("m9999_later".into()));
    assert!(fs::read(place.file()).expect("read") == before, "not a byte has changed");
}

#[tokio::test]
async fn what_is_no_database_stays_as_it_is() {
    let place = Place::sqlite();
    let long = "This is a text, and no database at all; it is long enough to be read as one. ".repeat(100);
    for text in ["short", "SQLite format 4\0", &long] {
        fs::write(place.file(), text).expect("written");
        assert_eq!(refusal(&place.file()).await, OpenError::Unreachable("the file is not a database".into()));
        assert!(fs::read(place.file()).expect("read") == text.as_bytes(), "not a byte has changed");
        assert_eq!(names_beside(&place.file()), ["registry.db"]);
    }
}

#[tokio::test]
async fn a_database_that_was_cut_off_is_ours_again() {
    let place = Place::sqlite();
    let database = place.open().await;
    database.apply(adding(&user("ada@example.org"))).await.expect("written");
    // What a killed program leaves: the last writes stand in the log alone.
    let left = place.file().with_file_name("left.db");
    fs::copy(place.file(), &left).expect("copied");
    fs::copy(with_ending(&place.file(), "-wal"), with_ending(&left, "-wal")).expect("copied");
    let again = open(&left).await.expect("opened");
    let taken = again.apply(adding(&user("ada@example.org"))).await;
    assert!(taken.is_err(), "the write before the end is there: {taken:?}");
}

async fn open(file: &Path) -> Result<Database, OpenError> {
    Database::open(Options::new(format!("sqlite:{}", file.display()))).await
}

async fn refusal(file: &Path) -> OpenError {
    open(file).await.expect_err("refused")
}

fn with_ending(file: &Path, ending: &str) -> PathBuf {
    format!("{}{ending}", file.display()).into()
}

/// The names in the directory of a file, in their order.
fn names_beside(file: &Path) -> Vec<String> {
    let entries = fs::read_dir(file.parent().expect("a directory")).expect("read");
    let mut names =
        entries.map(|entry| entry.expect("read").file_name().into_string().expect("UTF-8")).collect::<Vec<_>>();
    names.sort();
    names
}

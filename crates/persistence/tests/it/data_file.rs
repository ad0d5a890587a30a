//! Data files of `SQLite`: whose they are, and who can read them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use domain::ports::ledger::Ledger as _;
use domain::throttles::limits::Limit;
use domain::throttles::ports::{CounterKey, Throttles as _};
use persistence::database::Database;
use persistence::open_error::OpenError;
use persistence::options::Options;
use rustix::fs::Mode;
use sea_orm::{ConnectionTrait as _, Statement};

use crate::fixture::{Place, adding, at, user};

#[tokio::test]
async fn a_foreign_data_file_stays_as_it_is() {
    let place = Place::sqlite();
    let raw = place.raw().await;
    raw.execute_unprepared("CREATE TABLE users (id INTEGER); INSERT INTO users VALUES (7)").await.expect("made");
    raw.close().await.expect("closed");
    let before = fs::read(place.file()).expect("read");
    assert_eq!(refusal(&place.file()).await, OpenError::Foreign);
    assert!(fs::read(place.file()).expect("read") == before, "not a byte has changed");
    assert_eq!(names_beside(&place.file()), ["registry.db"]);
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

#[tokio::test]
async fn only_their_owner_reads_data_files_whatever_the_umask_is() {
    let place = Place::sqlite();
    // Of the whole process: no other test may rest on it.
    let usual = rustix::process::umask(Mode::empty());
    let database = place.open().await;
    database.apply(adding(&user("ada@example.org"))).await.expect("written");
    rustix::process::umask(usual);
    let names = names_beside(&place.file());
    let expected = [
        "registry.db",
        "registry.db-shm",
        "registry.db-throttles",
        "registry.db-throttles-shm",
        "registry.db-throttles-wal",
        "registry.db-wal",
        "registry.db.lock",
    ];
    assert_eq!(names, expected);
    assert_eq!(modes(&place.file(), &names), [0o600; 7]);
    database.close().await;
}

#[tokio::test]
async fn a_data_file_that_others_could_read_is_shut() {
    let place = Place::sqlite();
    let running = place.open().await;
    let names = ["registry.db", "registry.db-shm", "registry.db-wal"].map(String::from);
    for name in &names {
        fs::set_permissions(place.file().with_file_name(name), fs::Permissions::from_mode(0o664)).expect("set");
    }
    let _second = place.open().await;
    assert_eq!(modes(&place.file(), &names), [0o600; 3]);
    running.apply(adding(&user("ada@example.org"))).await.expect("the first goes on");
}

#[tokio::test]
async fn counts_whose_file_is_lost_or_damaged_begin_anew() {
    let (place, key, quota) = (Place::sqlite(), CounterKey::restore("a"), Limit::ResetMail.quota());
    let counters = with_ending(&place.file(), "-throttles");
    for damage in [None, Some("no database"), Some("SQLite format 3\0 and then rubbish")] {
        let database = place.open().await;
        let counted = database.reserve(&key, quota, at(0)).await.expect("it counts");
        assert_eq!(counted.recent.len(), 1, "{damage:?}");
        database.close().await;
        let again = place.open().await;
        assert_eq!(again.reserve(&key, quota, at(0)).await.expect("it counts").recent.len(), 2, "it outlives a start");
        again.close().await;
        match damage {
            Some(text) => fs::write(&counters, text.repeat(200)).expect("written"),
            None => fs::remove_file(&counters).expect("removed"),
        }
    }
    place.open().await.close().await;
}

#[tokio::test]
async fn the_index_of_counts_that_are_over_goes_with_the_program_that_made_it() {
    let place = Place::sqlite();
    place.open().await.close().await;
    let counts = sea_orm::Database::connect(format!("{}-throttles", place.url)).await.expect("connected");
    counts.execute_unprepared("CREATE INDEX throttles_over_at_idx ON throttles (over_at)").await.expect("made");
    place.open().await.close().await;
    let sql = "SELECT name FROM sqlite_schema WHERE name = 'throttles_over_at_idx'";
    let found = counts.query_one_raw(Statement::from_string(counts.get_database_backend(), sql)).await;
    assert_eq!(found.expect("read").map(|_| ()), None);
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

fn modes(file: &Path, names: &[String]) -> Vec<u32> {
    let mode = |name| fs::metadata(file.with_file_name(name)).expect("there").permissions().mode() & 0o777;
    names.iter().map(mode).collect()
}

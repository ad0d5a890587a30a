//! What stands in the way of a start: one clear sentence each, and nothing half made.

use std::path::Path;

use e2e::database::{Database, Engine};
use e2e::program::{self, Program};

use crate::ran::{run, run_with};

e2e::on_both_engines! {
    a_data_directory_that_cannot_be_made_is_told
    a_data_directory_that_cannot_be_written_is_told
    a_port_in_use_is_told
    a_database_of_another_program_is_refused
    a_newer_database_is_refused
    a_foreign_or_missing_root_secret_is_refused
}

const OTHER_SECRET: &str = "0123456789abcdef00112233445566778899aabbccddeeff1032547698badcfe";

/// Every command that opens the database.
const COMMANDS: [&[&str]; 3] = [&["serve"], &["users", "list"], &["domains", "authority", "issue", "example.org"]];

/// The sentence with which a command ends on these settings, on a port of its own if it serves.
#[track_caller]
fn refusal(database: &Database, settings: &[(&str, &str)], command: &[&str]) -> String {
    let address = program::free_address();
    let settings = [settings, &[("USER_REGISTRY_LISTEN", &address)]].concat();
    run_with(database, &settings, command, b"").refused(1)
}

/// How many tables there are; on `SQLite` also none when there is no file.
async fn tables(database: &Database) -> i64 {
    match database.engine {
        Engine::Sqlite if !database.folder().join("registry.sqlite").exists() => 0,
        Engine::Sqlite => database.number("SELECT count(*) FROM sqlite_schema WHERE type = 'table'").await,
        Engine::Postgres => database.number("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").await,
    }
}

async fn a_data_directory_that_cannot_be_made_is_told(database: Database) {
    let file = database.folder().join("file");
    std::fs::write(&file, "").unwrap();
    let below = file.join("data");
    for command in COMMANDS.iter().chain(&[["migrate"].as_slice()]) {
        let said = refusal(&database, &[("USER_REGISTRY_DATA_DIR", below.to_str().unwrap())], command);
        assert!(said.starts_with(&format!("The data directory {} cannot be made: ", below.display())), "{said}");
    }
    assert_eq!(tables(&database).await, 0);
}

async fn a_data_directory_that_cannot_be_written_is_told(database: Database) {
    // Nobody makes a file in there, not even a superuser, whom rights do not bind.
    let mut settings = vec![("USER_REGISTRY_DATA_DIR", "/proc")];
    if database.engine == Engine::Sqlite {
        // Empty as if it was not given: the file in the data directory.
        settings.push(("USER_REGISTRY_DATABASE_URL", ""));
    }
    for command in COMMANDS {
        let said = refusal(&database, &settings, command);
        assert!(said.starts_with("The data directory /proc cannot be written: "), "{said}");
    }
    assert_eq!(tables(&database).await, 0);
    if database.engine == Engine::Postgres {
        // Nothing needs to be written there when the root secret is configured.
        settings.push(("USER_REGISTRY_SECRET", OTHER_SECRET));
        run_with(&database, &settings, &["users", "list"], b"").done();
    }
}

async fn a_port_in_use_is_told(database: Database) {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = database.folder().join("data");
    let settings = [("USER_REGISTRY_DATA_DIR", data.to_str().unwrap())];
    let said = run_with(&database, &settings, &["serve", "--listen", &address], b"").refused(1);
    assert!(said.starts_with(&format!("Cannot listen on {address}: ")), "{said}");
    assert!(!data.exists());
    assert_eq!(tables(&database).await, 0);
}

async fn a_database_of_another_program_is_refused(database: Database) {
    let data = database.folder().join("data");
    if database.engine == Engine::Sqlite {
        std::fs::write(database.folder().join("registry.sqlite"), "").unwrap();
    }
    database.run("CREATE TABLE users (id integer)").await;
    for command in COMMANDS.iter().chain(&[["migrate"].as_slice()]) {
        let said = refusal(&database, &[("USER_REGISTRY_DATA_DIR", data.to_str().unwrap())], command);
        assert!(said.contains("belongs to another program"), "{said}");
    }
    assert_eq!(tables(&database).await, 1, "it is as it was");
    assert!(!data.exists(), "and no secret was made for it");
}

async fn a_newer_database_is_refused(database: Database) {
    run(&database, &["migrate"]).done();
    let before = tables(&database).await;
    database.run("INSERT INTO seaql_migrations VALUES ('m9999_later', 1)").await;
    let data = database.folder().join("data");
    for command in COMMANDS.iter().chain(&[["migrate"].as_slice()]) {
        let said = refusal(&database, &[("USER_REGISTRY_DATA_DIR", data.to_str().unwrap())], command);
        assert!(said.contains("newer version") && said.contains("m9999_later"), "{said}");
    }
    assert_eq!(tables(&database).await, before, "it is as it was");
    assert!(!data.exists(), "and no secret was made for it");
}

async fn a_foreign_or_missing_root_secret_is_refused(database: Database) {
    run(&database, &["users", "list"]).done();
    let key = database.folder().join("secret.key");
    let own = std::fs::read_to_string(&key).unwrap();
    let is_refused = |settings: &[(&str, &str)], sentence: &str| {
        for command in COMMANDS {
            let said = refusal(&database, settings, command);
            assert!(said.contains(sentence) && said.contains("with the fingerprint "), "{said}");
            assert!(!said.contains(OTHER_SECRET) && !said.contains(own.trim()), "{said}");
        }
    };
    let other = "This database was made with another root secret: bring the one ";
    is_refused(&[("USER_REGISTRY_SECRET", OTHER_SECRET)], other);
    std::fs::write(&key, OTHER_SECRET).unwrap();
    is_refused(&[], other);
    assert_eq!(std::fs::read_to_string(&key).unwrap(), OTHER_SECRET, "what was there stays");
    let kept = database.folder().join("kept.key");
    std::fs::rename(&key, &kept).unwrap();
    is_refused(&[], "The database needs the root secret ");
    let elsewhere = database.folder().join("data");
    is_refused(&[("USER_REGISTRY_DATA_DIR", elsewhere.to_str().unwrap())], "The database needs the root secret ");
    assert!(!key.exists() && !elsewhere.exists(), "no secret is made for a database that has one");
    std::fs::rename(&kept, &key).unwrap();
    std::fs::write(&key, "hunter2").unwrap();
    let said = run(&database, &["users", "list"]).refused(1);
    assert!(said.contains("secret.key") && !said.contains("hunter2"), "{said}");
    std::fs::write(&key, own).unwrap();
    assert_eq!(Program::start(&database).await.stop().await, Some(0), "its own secret opens it as before");
}

#[tokio::test]
async fn a_server_that_is_away_is_told_without_its_password() {
    let database = Database::new(Engine::Sqlite).await;
    let data = database.folder().join("data");
    // Port 1 is the one of a service that nobody has run for decades.
    let url = "postgres://ada:canary@127.0.0.1:1/registry";
    let settings = [("USER_REGISTRY_DATABASE_URL", url), ("USER_REGISTRY_DATA_DIR", data.to_str().unwrap())];
    let said = run_with(&database, &settings, &["users", "list"], b"").refused(1);
    assert!(
        said.ends_with("cannot be opened: the server cannot be reached (PostgreSQL, 127.0.0.1:1/registry)."),
        "{said}"
    );
    assert!(!data.exists(), "nothing is half made");
}

#[tokio::test]
async fn a_login_that_the_server_refuses_is_told_without_its_password() {
    let database = Database::new(Engine::Postgres).await;
    let mut url = reqwest::Url::parse(&database.url).expect("a URL");
    url.set_username("nobody_of_this_name").expect("a server has users");
    url.set_password(Some("canary")).expect("and passwords");
    let said = run_with(&database, &[("USER_REGISTRY_DATABASE_URL", url.as_str())], &["users", "list"], b"").refused(1);
    assert!(said.contains("cannot be opened: the server refuses this user or this password (PostgreSQL, "), "{said}");
    assert_eq!(names(database.folder()), [""; 0], "nothing is half made");
}

#[tokio::test]
async fn a_data_file_that_is_none_or_is_nowhere_is_told() {
    let database = Database::new(Engine::Sqlite).await;
    let (data, text) = (database.folder().join("data"), database.folder().join("text"));
    let page = "This is a text, and no database at all; it is long enough to be read as one.".repeat(20);
    std::fs::write(&text, &page).unwrap();
    let missing = database.folder().join("missing/registry.sqlite");
    for (file, sentence) in [(&text, "cannot be opened"), (&missing, "does not exist")] {
        let url = format!("sqlite:{}", file.display());
        let settings =
            [("USER_REGISTRY_DATABASE_URL", url.as_str()), ("USER_REGISTRY_DATA_DIR", data.to_str().unwrap())];
        let said = run_with(&database, &settings, &["users", "list"], b"").refused(1);
        assert!(said.contains(sentence) && said.contains(&file.display().to_string()), "{said}");
    }
    assert_eq!(std::fs::read_to_string(&text).unwrap(), page, "what was there stays");
    assert!(!data.exists() && !missing.exists());
}

fn names(folder: &Path) -> Vec<String> {
    folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

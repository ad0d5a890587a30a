//! `migrate`, `openapi`, `healthcheck`, `check-config`, and the help.

use e2e::database::{Database, Engine};
use e2e::program::{self, Program};
use e2e::workspace;

use crate::ran::{run, run_with};

e2e::on_both_engines! {
    the_tables_are_made_before_the_first_start_and_beside_a_server
    a_health_check_asks_the_server_of_its_settings
    the_settings_are_shown_without_secrets
}

async fn the_tables_are_made_before_the_first_start_and_beside_a_server(database: Database) {
    let said = "The tables of the database are up to date.\n";
    assert_eq!(run(&database, &["migrate"]).done(), said);
    assert_eq!(database.number("SELECT count(*) FROM users").await, 0);
    assert!(!database.folder().join("secret.key").exists(), "who brings tables up to date needs no secret");
    let program = Program::start(&database).await;
    assert_eq!(run(&database, &["migrate"]).done(), said);
    assert_eq!(program.stop().await, Some(0));
}

async fn a_health_check_asks_the_server_of_its_settings(database: Database) {
    let program = Program::start(&database).await;
    let address = program.url.trim_start_matches("http://").to_owned();
    let check = |address: &str| run(&database, &["healthcheck", "--listen", address]);
    assert_eq!(check(&address).done(), "");
    let everywhere = address.replace("127.0.0.1", "0.0.0.0");
    run(&database, &["healthcheck", "--listen", &everywhere, "--public-url", "https://registry.example"]).done();
    let elsewhere = program::free_address();
    assert!(check(&elsewhere).refused(1).contains(&elsewhere));
    assert_eq!(program.stop().await, Some(0));
    assert!(check(&address).refused(1).contains("does not answer"));
}

async fn the_settings_are_shown_without_secrets(database: Database) {
    let secret = "canary00112233445566778899aabbccddeeff0123456789abcdefCANARY1234";
    let settings = [
        ("USER_REGISTRY_SECRET", secret),
        ("USER_REGISTRY_ISSUER", "https://issuer.example"),
        ("USER_REGISTRY_HASHING_THREADS", "3"),
    ];
    // Neither a user nor a password.
    let place = match database.engine {
        Engine::Sqlite => format!("SQLite, {}", database.folder().join("registry.sqlite").display()),
        Engine::Postgres => {
            let (_, server) = database.url.rsplit_once('@').expect("a user");
            format!("PostgreSQL, {server}")
        }
    };
    let shown = run_with(&database, &settings, &["check-config", "--shutdown-grace", "3s"], b"").done();
    for line in [
        &format!("database_url = \"(set, not shown)\" # {place}"),
        "secret = \"(set, not shown)\"",
        "issuer = \"https://issuer.example\"",
        "shutdown_grace = \"3s\"",
        "listen = \"127.0.0.1:8080\"",
        // What was left open, and what it comes to.
        "public_url = \"\" # http://127.0.0.1:8080",
        "password_minimum = \"\" # 8",
        "hashing_threads = \"3\"",
        "hashing_queue = \"\" # 96",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line} is not in\n{shown}");
    }
    assert!(!shown.to_lowercase().contains("canary") && !shown.contains(&database.url), "{shown}");
    assert_eq!(database.folder().read_dir().unwrap().count(), 0, "it touches nothing");
    let shown = run(&database, &["check-config", "--public-url", "https://registry.example/"]).done();
    for line in [
        format!("secret = \"\" # {}", database.folder().join("secret.key").display()),
        "public_url = \"https://registry.example/\" # https://registry.example".into(),
        "issuer = \"\" # https://registry.example".into(),
        format!("mail_url = \"\" # the directory {}", database.folder().join("mail").display()),
        "mail_from = \"\" # registry@registry.example".into(),
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line} is not in\n{shown}");
    }
}

#[tokio::test]
async fn the_document_is_the_committed_one() {
    let database = Database::new(Engine::Sqlite).await;
    let committed = std::fs::read_to_string(workspace::root().join("docs/openapi.json")).unwrap();
    assert_eq!(run(&database, &["openapi"]).done(), committed);
    assert_eq!(database.folder().read_dir().unwrap().count(), 0, "it touches nothing");
}

#[tokio::test]
async fn every_command_tells_what_it_does() {
    let database = Database::new(Engine::Sqlite).await;
    for command in [
        "serve",
        "migrate",
        "users create",
        "users list",
        "domains allow",
        "domains block",
        "domains remove",
        "domains list",
        "domains authority issue",
        "domains authority rotate",
        "domains authority show",
        "domains authority revoke",
        "keys list",
        "keys rotate",
        "keys revoke",
        "keys rewrap",
        "openapi",
        "healthcheck",
        "check-config",
    ] {
        let words = command.split(' ').collect::<Vec<_>>();
        let long = run(&database, &[words.as_slice(), &["--help"]].concat()).done();
        let short = run(&database, &[words.as_slice(), &["-h"]].concat()).done();
        assert!(long.contains(&format!("Usage: user-registry {command} [OPTIONS]")), "{long}");
        assert!(long.contains("--shutdown-grace <TIME>") && !short.contains("--shutdown-grace"), "{short}");
    }
    assert!(run(&database, &["--version"]).done().starts_with("user-registry 0."));
    run(&database, &["dance"]).misused();
    // Without a command there is nothing to do: the help is the answer.
    assert_eq!(run(&database, &[]).code, Some(2));
}

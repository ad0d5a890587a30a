//! Where settings come from, and malformed ones.

use std::fs::write;

use e2e::database::{Database, Engine};
use e2e::program::Program;

use crate::ran::{Ran, run, run_with};

e2e::on_both_engines! {
    a_malformed_configuration_is_told_and_touches_nothing
}

#[tokio::test]
async fn a_flag_wins_over_the_environment_over_the_file_over_the_default() {
    let database = Database::new(Engine::Sqlite).await;
    let file = database.folder().join("registry.toml");
    write(&file, "issuer = \"file\"\naudience = \"file\"\nshutdown_grace = \"2s\"\n").unwrap();
    let path = file.to_str().unwrap();
    let environment = [
        ("USER_REGISTRY_CONFIG", path),
        ("USER_REGISTRY_ISSUER", "environment"),
        ("USER_REGISTRY_AUDIENCE", "environment"),
    ];
    let shown = run_with(&database, &environment, &["check-config", "--issuer", "flag"], b"").done();
    for line in
        ["issuer = \"flag\"", "audience = \"environment\"", "shutdown_grace = \"2s\"", "hashing_deadline = \"2s\""]
    {
        assert!(shown.lines().any(|shown| shown == line), "{line} is not in\n{shown}");
    }
}

#[tokio::test]
async fn secrets_have_no_flag() {
    let database = Database::new(Engine::Sqlite).await;
    for flag in ["--secret", "--database-url", "--mail-url"] {
        run(&database, &["check-config", flag, "sqlite:x"]).misused();
    }
}

#[tokio::test]
async fn every_wrong_setting_is_told_at_once_with_the_nearest_name() {
    let database = Database::new(Engine::Sqlite).await;
    let file = database.folder().join("registry.toml");
    write(&file, "listn = \"x\"\npasword_minimum = 8\n").unwrap();
    let ran = run(&database, &["check-config", "--config", file.to_str().unwrap()]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.err.contains("Did you mean listen?") && ran.err.contains("Did you mean password_minimum?"),
        "{}",
        ran.err
    );
    assert_eq!(ran.err.lines().count(), 2);
}

async fn a_malformed_configuration_is_told_and_touches_nothing(database: Database) {
    let folder = database.folder().to_owned();
    let (data, file) = (folder.join("data"), folder.join("registry.toml"));
    let data = data.to_str().unwrap();
    let serve = |settings: &[(&str, &str)]| -> Ran {
        let base = [("USER_REGISTRY_DATA_DIR", data), ("USER_REGISTRY_CONFIG", file.to_str().unwrap())];
        run_with(&database, &[&base, settings].concat(), &["serve"], b"")
    };
    let said = serve(&[]).refused(2);
    assert!(said.contains("registry.toml cannot be read"), "{said}");
    for (text, sentence) in [
        ("listen = \"127.0.0.1:8080\"\nsecret = canary", "is not TOML: look at line 2."),
        ("[listen]\naddress = \"canary\"", "The setting listen in "),
        ("surprise = \"canary\"", "There is no setting surprise in "),
        ("listen = \"canary\"", "The setting listen must be an address and a port"),
        ("listen = 8080", "The setting listen must be an address and a port"),
    ] {
        write(&file, text).unwrap();
        let said = serve(&[]).refused(2);
        assert!(said.contains(sentence), "{said}");
    }
    write(&file, "").unwrap();
    for (name, value, sentence) in [
        ("USER_REGISTRY_SURPRISE", "canary", "There is no setting USER_REGISTRY_SURPRISE in the environment."),
        ("USER_REGISTRY_SECRET", "canary", "The setting secret does not hold: The root secret"),
        (
            "USER_REGISTRY_SECRET_FILE",
            "/nowhere/canary",
            "The file that USER_REGISTRY_SECRET_FILE names cannot be read",
        ),
        ("USER_REGISTRY_DATABASE_URL", "mysql://ada:canary@db.example", "The setting database_url must be"),
        ("USER_REGISTRY_DATABASE_URL", "postgres://ada:canary@db.example:port/a", "The setting database_url must be"),
        ("USER_REGISTRY_HASHING_THREADS", "999", "The settings of password hashing do not hold: 999 hashing threads"),
        (
            "USER_REGISTRY_PASSWORD_PROFILE",
            "canary",
            "The setting password_profile must be standard or nist-800-63b-4.",
        ),
        ("USER_REGISTRY_PUBLIC_URL", "http://registry.example", "The setting public_url does not hold: "),
        (
            "USER_REGISTRY_LISTEN",
            "0.0.0.0:8080",
            "The setting public_url must be given when listening on all addresses.",
        ),
    ] {
        let said = serve(&[(name, value)]).refused(2);
        assert!(said.contains(sentence), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
    assert_eq!(folder.read_dir().unwrap().count(), 1, "only the configuration is there");
    // The database is as empty as before: it opens for the first time.
    assert_eq!(Program::start(&database).await.stop().await, Some(0));
}

//! What the server says of itself when it starts.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use e2e::database::{Database, Engine};
use e2e::program::{self, Program};
use reqwest::Url;
use serde_json::Value;

use crate::ran::run;

e2e::on_both_engines! {
    one_line_tells_the_whole_posture_and_no_secret
    insecure_http_is_said_loudly
    who_reads_that_it_is_ready_can_ask_it
}

/// A root secret that nobody must see.
const CANARY: &str = "6361a17261107965636f6c6f6e80736563726574fe6361eed1727900cafe5431";

/// The fields of the lines that have this message.
fn lines(log: &str, message: &str) -> Vec<Value> {
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("the log is JSON"));
    lines.filter(|line| line["fields"]["message"].as_str().is_some_and(|said| said.contains(message))).collect()
}

/// Engine and place, as the posture tells them, and what it must not tell.
fn place(database: &Database) -> (String, Vec<String>) {
    match database.engine {
        Engine::Sqlite => {
            let file = database.folder().join("registry.sqlite");
            (format!("SQLite, {}", file.display()), vec![])
        }
        Engine::Postgres => {
            let url = Url::parse(&database.url).expect("a URL");
            let (host, port) = (url.host_str().expect("a host"), url.port().unwrap_or(5432));
            let password = url.password().expect("the server of the tests asks for a password");
            let credentials = format!("{}:{password}", url.username());
            (format!("PostgreSQL, {host}:{port}{}", url.path()), vec![format!(":{password}@"), credentials])
        }
    }
}

async fn one_line_tells_the_whole_posture_and_no_secret(database: Database) {
    let settings = [
        ("USER_REGISTRY_SECRET", CANARY),
        ("USER_REGISTRY_FURTHER_SIGNING_ALGORITHMS", "EdDSA"),
        ("USER_REGISTRY_HASHING_THREADS", "3"),
    ];
    let program = Program::start_with(&database, &settings).await;
    let log = program.log();
    let ready = lines(&log, "ready");
    let [line] = ready.as_slice() else { panic!("not one line: {log}") };
    assert_eq!(line["level"], "INFO");
    let fields = &line["fields"];
    let (place, secrets) = place(&database);
    let jwks = program.get("/.well-known/jwks.json", "").await.json();
    let signing = ["ES256", "EdDSA"].map(|algorithm| {
        let key = jwks["keys"].as_array().unwrap().iter().find(|key| key["alg"] == algorithm).unwrap();
        format!("{algorithm} {}", key["kid"].as_str().unwrap())
    });
    for (name, value) in [
        ("address", program.url.trim_start_matches("http://")),
        ("public_url", &program.url),
        ("database", &place),
        ("root_secret", "from the configuration"),
        ("signing", &signing.join(", ")),
        ("passwords", "argon2id m=19456 KiB, t=2, p=1"),
        ("throttles", "on"),
        ("mail", &format!("the directory {}", database.folder().join("mail").display())),
        ("pages", "over plain http, for this machine only"),
    ] {
        assert_eq!(fields[name], value, "{name}");
    }
    assert_eq!(fields["hashing_threads"], 3);
    // The fingerprint is what a start with another secret asks for.
    let other = [("USER_REGISTRY_SECRET", "0123456789abcdef00112233445566778899aabbccddeeff1032547698badcfe")];
    let refused = crate::ran::run_with(&database, &other, &["users", "list"], b"").refused(1);
    assert!(refused.contains(fields["root_fingerprint"].as_str().unwrap()), "{refused}");
    for secret in secrets.iter().map(String::as_str).chain([CANARY, "INSECURE"]) {
        assert!(!log.contains(secret), "{log}");
    }
}

async fn insecure_http_is_said_loudly(database: Database) {
    let settings =
        [("USER_REGISTRY_PUBLIC_URL", "http://registry.example"), ("USER_REGISTRY_ALLOW_INSECURE_HTTP", "true")];
    let program = Program::start_with(&database, &settings).await;
    let log = program.log();
    let warned = lines(&log, "INSECURE");
    assert_eq!(warned.iter().map(|line| line["level"].as_str().unwrap()).collect::<Vec<_>>(), ["WARN"]);
    let ready = lines(&log, "ready");
    assert_eq!(ready[0]["fields"]["pages"], "over plain http, INSECURE");
    assert_eq!(ready[0]["fields"]["throttles"], "on");
    let kept = ready[0]["fields"]["root_secret"].as_str().unwrap();
    assert!(kept.starts_with("secret.key in the data directory: it protects a stolen dump"), "{kept}");
    program.stop().await;
    let settings = [("USER_REGISTRY_PUBLIC_URL", "https://registry.example")];
    let program = Program::start_with(&database, &settings).await;
    assert_eq!(lines(&program.log(), "ready")[0]["fields"]["pages"], "over https");
    assert!(!program.log().contains("INSECURE"));
}

async fn who_reads_that_it_is_ready_can_ask_it(database: Database) {
    let address = program::free_address();
    let mut command = program::command(&database, &[]);
    let mut child = command.args(["serve", "--listen", &address]).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let ready = log.by_ref().map(Result::unwrap).find(|line| !lines(line, "ready").is_empty());
    let asked = run(&database, &["healthcheck", "--listen", &address]);
    let killed = child.kill();
    child.wait().unwrap();
    assert!(ready.is_some() && killed.is_ok());
    asked.done();
}

//! Keys are rotated and revoked and the root secret is changed, beside servers that run.

use std::collections::BTreeSet;
use std::fs::read_to_string;
use std::process::Stdio;
use std::time::Duration;

use e2e::database::{Database, Engine};
use e2e::mailbox::Mailbox;
use e2e::program::{self, Answer, Program};
use reqwest::Method;
use serde_json::{Value, json};

use crate::journeys::{PASSWORD, administrator};
use crate::pages::page_secret;

const ISSUER: (&str, &str) = ("USER_REGISTRY_ISSUER", "https://registry.example");

e2e::on_both_engines! {
    a_rotation_beside_a_server_costs_no_token_and_a_revocation_those_of_the_key
    keys_rotate_by_themselves_when_it_is_time_and_stay_for_their_tokens
    every_kind_of_token_outlives_a_change_of_the_root_secret
    a_change_of_the_root_secret_that_is_killed_leaves_the_one_of_before
}

async fn log_in(program: &Program) -> Answer {
    let answer = program.post("/login", &json!({ "email": "ada@example.org", "password": PASSWORD })).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer
}

async fn sign_up(program: &Program) -> Answer {
    let answer = program.post("/signup", &json!({ "email": "ada@example.org", "password": PASSWORD })).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer
}

/// Runs a command that must do its work, and gives what it prints.
fn run(database: &Database, arguments: &[&str]) -> String {
    let output = program::run(database, arguments, "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The ids of the keys in this state.
fn kids(database: &Database, state: &str) -> Vec<String> {
    let keys = serde_json::from_str::<Value>(&run(database, &["keys", "list", "--json"])).expect("JSON");
    let keys = keys.as_array().cloned().unwrap_or_default().into_iter().filter(|key| key["state"] == state);
    keys.map(|key| key["kid"].as_str().expect("an id").to_owned()).collect()
}

async fn published(program: &Program) -> BTreeSet<String> {
    let keys = program.get("/.well-known/jwks.json", "").await.json();
    let keys = keys["keys"].as_array().expect("a JWK Set").iter();
    keys.map(|key| key["kid"].as_str().expect("an id").to_owned()).collect()
}

/// Asks until it is so.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..800 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("not within 20 seconds: {what}");
}

async fn publishes(program: &Program, kid: &str) {
    until("it publishes the key", async || published(program).await.contains(kid)).await;
}

async fn a_rotation_beside_a_server_costs_no_token_and_a_revocation_those_of_the_key(database: Database) {
    let program = Program::start(&database).await;
    sign_up(&program).await;
    let before = log_in(&program).await.text_of("access_token");
    let active = kids(&database, "active").remove(0);
    let refused = program::run(&database, &["keys", "rotate"], "");
    let said = String::from_utf8(refused.stderr).expect("UTF-8");
    assert!(!refused.status.success() && said.contains("others may not know it before"), "{said}");
    let had = program.get("/.well-known/jwks.json", "").await.headers["etag"].clone();
    run(&database, &["keys", "rotate", "--now"]);
    let [next] = kids(&database, "next").try_into().expect("one is next");
    publishes(&program, &next).await;
    let after = log_in(&program).await.text_of("access_token");
    assert_ne!(before.split('.').next(), after.split('.').next(), "another key signs");
    for token in [&before, &after, &before] {
        assert_eq!(program.get("/me", token).await.status, 200);
    }
    let asked = |tag| program.request(Method::GET, "/.well-known/jwks.json").header("if-none-match", tag);
    let changed = program.send(asked(had)).await;
    assert_eq!(changed.status, 200);
    assert_eq!(changed.headers["cache-control"], "public, max-age=300");
    let same = program.send(asked(changed.headers["etag"].clone())).await;
    assert_eq!((same.status.as_u16(), same.text.as_str()), (304, ""));
    run(&database, &["keys", "revoke", &active]);
    until("its tokens are refused", async || program.get("/me", &before).await.status == 401).await;
    assert!(!published(&program).await.contains(&active));
    assert_eq!(program.get("/me", &after).await.status, 200);
    let unknown = program::run(&database, &["keys", "revoke", &active], "");
    assert!(String::from_utf8_lossy(&unknown.stderr).contains(&format!("There is no signing key {active}.")));
    assert_eq!(program.stop().await, Some(0));
}

async fn keys_rotate_by_themselves_when_it_is_time_and_stay_for_their_tokens(database: Database) {
    run(&database, &["keys", "list"]);
    let (active, next) = (kids(&database, "active"), kids(&database, "next"));
    let age =
        "UPDATE signing_keys SET created_at = '2020-01-01 00:00:00+00:00', changed_at = '2020-01-01 00:00:00+00:00'";
    database.run(age).await;
    let program = Program::start(&database).await;
    program.has_logged("a key was rotated").await;
    assert_eq!((kids(&database, "active"), kids(&database, "retired")), (next.clone(), active.clone()));
    publishes(&program, &kids(&database, "next")[0]).await;
    assert_eq!(published(&program).await.len(), 3, "what is retired stays for its tokens");
    assert_eq!(program.stop().await, Some(0));
    database.run("UPDATE signing_keys SET changed_at = '2020-01-01 00:00:00+00:00' WHERE state = 'retired'").await;
    let program = Program::start(&database).await;
    // By the clock its time is over: a process that has just started does not believe it.
    publishes(&program, &active[0]).await;
    assert_eq!((kids(&database, "active"), kids(&database, "retired")), (next, active));
    assert_eq!(program.stop().await, Some(0));
}

#[tokio::test]
async fn three_processes_follow_each_rotation_and_revocation() {
    let database = Database::new(Engine::Postgres).await;
    let mut programs = Vec::new();
    for _ in 0..3 {
        programs.push(Program::start_with(&database, &[ISSUER]).await);
    }
    sign_up(&programs[0]).await;
    let mut tokens = Vec::new();
    for round in 0..2 {
        for program in &programs {
            tokens.push(log_in(program).await.text_of("access_token"));
        }
        // Every process remembers every signature.
        for program in &programs {
            for token in &tokens {
                assert_eq!(program.get("/me", token).await.status, 200);
            }
        }
        if round == 0 {
            run(&database, &["keys", "rotate", "--now"]);
            for program in &programs {
                publishes(program, &kids(&database, "next")[0]).await;
            }
        }
    }
    let signed = tokens.iter().filter_map(|token| token.split('.').next()).collect::<BTreeSet<_>>();
    assert_eq!(signed.len(), 2, "both keys have signed");
    let jwks = programs[0].get("/.well-known/jwks.json", "").await;
    for program in &programs {
        let same = program.get("/.well-known/jwks.json", "").await;
        assert_eq!((same.text, &same.headers["etag"]), (jwks.text.clone(), &jwks.headers["etag"]));
    }
    // The key that signs now is revoked: the next takes over, and only the retired one's tokens are left.
    run(&database, &["keys", "revoke", &kids(&database, "active")[0]]);
    for program in &programs {
        for token in &tokens[3..] {
            until("its tokens are refused", async || program.get("/me", token).await.status == 401).await;
        }
        for token in &tokens[..3] {
            assert_eq!(program.get("/me", token).await.status, 200);
        }
    }
    let fresh = log_in(&programs[1]).await.text_of("access_token");
    for program in &programs {
        assert_eq!(program.get("/me", &fresh).await.status, 200);
    }
    for program in programs {
        assert_eq!(program.stop().await, Some(0));
    }
}

#[tokio::test]
async fn several_processes_whose_time_has_come_rotate_once() {
    let database = Database::new(Engine::Postgres).await;
    run(&database, &["keys", "list"]);
    let age =
        "UPDATE signing_keys SET created_at = '2020-01-01 00:00:00+00:00', changed_at = '2020-01-01 00:00:00+00:00'";
    database.run(age).await;
    let started = (0..3).map(|_| Program::start_with(&database, &[ISSUER]));
    let programs = e2e::join_all(started).await;
    until("they are rotated", async || kids(&database, "retired").len() == 1).await;
    for program in &programs {
        publishes(program, &kids(&database, "next")[0]).await;
    }
    assert_eq!(kids(&database, "retired").len(), 1);
    assert_eq!(database.number("SELECT count(*) FROM events WHERE kind = 'keys.rotated'").await, 1);
    for program in programs {
        assert_eq!(program.stop().await, Some(0));
    }
}

async fn every_kind_of_token_outlives_a_change_of_the_root_secret(database: Database) {
    let key = database.folder().join("secret.key");
    let program = Program::start_with(&database, &[ISSUER]).await;
    let user_token = sign_up(&program).await.text_of("token_required");
    let mailed = Mailbox::of(&database).has(1).await[0].token();
    let tokens = log_in(&program).await;
    let root = administrator(&database, &program).await;
    let path = "/domains/example.org/authority-token";
    let authority = program.with_token(Method::POST, path, &root, &Value::Null).await.text_of("authority_token");
    let page = page_secret(&program, "ada@example.org").await;
    let before = read_to_string(&key).expect("the secret");
    run(&database, &["keys", "rewrap"]);
    let after = read_to_string(&key).expect("the secret");
    assert_ne!(before, after);
    // The running process goes on, and says what it needs.
    program.has_logged("the root secret was changed").await;
    assert_eq!(program.get("/me", &tokens.text_of("access_token")).await.status, 200);
    let meanwhile = log_in(&program).await;
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(program.log().matches("the root secret was changed").count(), 1);
    assert!(!program.log().contains(before.trim()) && !program.log().contains(after.trim()));
    assert_eq!(program.stop().await, Some(0));
    let old = [("USER_REGISTRY_SECRET", before.trim())];
    let refused = program::command(&database, &old).args(["users", "list"]).output().expect("it runs");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("another root secret"), "the old one is refused");
    let program = Program::start_with(&database, &[ISSUER]).await;
    for token in [&tokens.text_of("access_token"), &meanwhile.text_of("access_token"), &user_token] {
        assert_eq!(program.get("/me", token).await.status, 200);
    }
    for tokens in [&tokens, &meanwhile] {
        let refreshed = program.post("/refresh", &json!({ "refresh_token": tokens.text_of("refresh_token") })).await;
        assert_eq!(refreshed.status, 200, "{}", refreshed.text);
    }
    let read = program.get("/authority-token?domain=example.org", &root).await;
    assert_eq!(read.text_of("authority_token"), authority);
    let account = program.request(Method::GET, "/account").header("cookie", format!("user-registry-session={page}"));
    let account = program.send(account).await;
    assert!(account.status == 200 && account.text.contains("ada@example.org"), "the page session goes on");
    let confirmed = program.post("/email/verification/confirm", &json!({ "token": mailed })).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.text);
    assert_eq!(program.stop().await, Some(0));
}

/// The secrets in the data directory.
fn secrets(database: &Database) -> Vec<String> {
    let entries = database.folder().read_dir().expect("the folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"));
    let mut names = names.filter(|name| name.starts_with("secret.key")).collect::<Vec<_>>();
    names.sort();
    names
}

async fn a_change_of_the_root_secret_that_is_killed_leaves_the_one_of_before(database: Database) {
    let program = Program::start_with(&database, &[ISSUER]).await;
    sign_up(&program).await;
    let token = log_in(&program).await.text_of("access_token");
    let (key, rewrap) = (database.folder().join("secret.key"), ["keys", "rewrap"]);
    let first = read_to_string(&key).expect("the secret");
    // It has written the new secret and waits for the database.
    let held = database.hold_writes().await;
    let mut killed = program::command(&database, &[]);
    let mut killed = killed.args(rewrap).stderr(Stdio::null()).spawn().expect("it starts");
    until("the new secret is written", async || secrets(&database).len() == 2).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    killed.kill().expect("it waits");
    killed.wait().expect("it has ended");
    drop(held);
    assert_eq!(read_to_string(&key).expect("the secret"), first);
    assert_eq!(kids(&database, "active").len(), 1, "the secret of before opens the database");
    assert_eq!(program.get("/me", &token).await.status, 200);
    // The next one goes through, and takes away what was left.
    run(&database, &rewrap);
    let second = read_to_string(&key).expect("the secret");
    assert_eq!((secrets(&database), second == first), (vec!["secret.key".to_owned()], false));
    // It is killed at any time: whatever is the root secret then is found.
    for milliseconds in (0..160).step_by(10) {
        let mut killed = program::command(&database, &[]);
        let mut killed = killed.args(rewrap).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        killed.kill().expect("it may have ended");
        killed.wait().expect("it has ended");
        assert_eq!(kids(&database, "active").len(), 1, "after {milliseconds} ms");
    }
    run(&database, &rewrap);
    assert_eq!(secrets(&database), ["secret.key"]);
    assert_eq!(program.stop().await, Some(0));
    let program = Program::start_with(&database, &[ISSUER]).await;
    assert_eq!(program.get("/me", &token).await.status, 200);
    assert_eq!(program.stop().await, Some(0));
}

//! A process that is killed under load loses nothing that it has acknowledged, on both engines.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use e2e::database::{Database, Engine};
use e2e::program::Program;
use serde_json::json;
use tokio::task::JoinSet;

const PASSWORD: &str = "canary-horse battery";
/// How many sign up at a time, and how often the process is killed in the long form.
const CLIENTS: usize = 4;
const LONG: usize = 200;

e2e::on_both_engines! {
    nothing_that_was_acknowledged_is_lost_with_a_process_that_is_killed
}

async fn nothing_that_was_acknowledged_is_lost_with_a_process_that_is_killed(database: Database) {
    kill_again_and_again(&database, 6).await;
}

#[tokio::test]
#[ignore = "it takes minutes: make crashes runs it"]
async fn crashes_for_long_on_sqlite() {
    kill_again_and_again(&Database::new(Engine::Sqlite).await, LONG).await;
}

#[tokio::test]
#[ignore = "it takes minutes: make crashes runs it"]
async fn crashes_for_long_on_postgres() {
    kill_again_and_again(&Database::new(Engine::Postgres).await, LONG).await;
}

/// What clients were told.
#[derive(Default)]
struct Told {
    signed_up: Mutex<Vec<String>>,
    refresh_token: Mutex<String>,
}

async fn kill_again_and_again(database: &Database, rounds: usize) {
    let issuer = [("USER_REGISTRY_ISSUER", "https://registry.example"), ("USER_REGISTRY_THROTTLES", "off")];
    let told = Arc::new(Told::default());
    let program = Program::start_with(database, &issuer).await;
    let form = json!({ "email": "ada@example.org", "password": PASSWORD });
    assert_eq!(program.post("/signup", &form).await.status, 201);
    *told.refresh_token.lock().expect("whole") = program.post("/login", &form).await.text_of("refresh_token");
    let (mut program, mut all) = (program, 1);
    for round in 0..rounds {
        let url = program.url.clone();
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            clients.spawn(sign_up(url.clone(), format!("{round}-{client}"), Arc::clone(&told)));
        }
        clients.spawn(refresh(url, Arc::clone(&told)));
        // At another moment each time, and never before something was acknowledged.
        has_signed_up(&told).await;
        tokio::time::sleep(Duration::from_millis(20 + (round as u64 * 37) % 230)).await;
        drop(program);
        clients.join_all().await;
        program = Program::start_with(database, &issuer).await;
        all += check(database, &told, all).await;
        // A refresh whose answer was lost is answered again: nobody is logged out.
        let token = told.refresh_token.lock().expect("whole").clone();
        let answer = program.post("/refresh", &json!({ "refresh_token": token })).await;
        assert_eq!(answer.status, 200, "round {round}: {}", answer.text);
        *told.refresh_token.lock().expect("whole") = answer.text_of("refresh_token");
    }
    assert!(all > rounds, "{all} sign-ups in {rounds} rounds");
    assert_eq!(program.stop().await, Some(0));
}

/// Waits until somebody was told that they are signed up, however slow the machine is.
async fn has_signed_up(told: &Told) {
    for _ in 0..2400 {
        if !told.signed_up.lock().expect("whole").is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("nobody signs up");
}

/// Looks for every sign-up of this round, and says how many there were.
async fn check(database: &Database, told: &Told, before: usize) -> usize {
    let emails = std::mem::take(&mut *told.signed_up.lock().expect("whole"));
    let stored = database.texts("SELECT email_key FROM user_emails".into()).await.into_iter().collect::<BTreeSet<_>>();
    let lost = emails.iter().filter(|email| !stored.contains(*email)).collect::<Vec<_>>();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    let events = database.number("SELECT COUNT(*) FROM events WHERE kind = 'user.signed-up'").await;
    let users = database.number("SELECT COUNT(*) FROM users").await;
    assert_eq!(events, users, "each with its event, and none without");
    assert!(users >= i64::try_from(before + emails.len()).expect("few"));
    if database.engine == Engine::Sqlite {
        let broken = "SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'";
        assert_eq!(database.number(broken).await, 0);
    }
    emails.len()
}

/// Signs up one user after the other, until nobody answers.
async fn sign_up(url: String, name: String, told: Arc<Told>) {
    let client = reqwest::Client::new();
    for number in 0.. {
        let email = format!("ada-{name}-{number}@example.org");
        let form = json!({ "email": email, "password": PASSWORD });
        let Ok(answer) = client.post(format!("{url}/signup")).json(&form).send().await else { return };
        // Only the status is awaited: it is what counts.
        if answer.status() == 201 {
            told.signed_up.lock().expect("whole").push(email);
        }
    }
}

/// Refreshes again and again, until nobody answers.
async fn refresh(url: String, told: Arc<Told>) {
    let client = reqwest::Client::new();
    loop {
        let token = told.refresh_token.lock().expect("whole").clone();
        let asked = client.post(format!("{url}/refresh")).json(&json!({ "refresh_token": token })).send().await;
        let Ok(Ok(answer)) = asked.map(|answer| answer.error_for_status()) else { return };
        let Ok(answer) = answer.json::<serde_json::Value>().await else { return };
        let next = answer["refresh_token"].as_str().expect("a token").to_owned();
        *told.refresh_token.lock().expect("whole") = next;
    }
}

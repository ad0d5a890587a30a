//! Refresh tokens and processes that die, through the real program, on both engines.

use e2e::database::{Database, Engine};
use e2e::mailbox::Mailbox;
use e2e::program::{Answer, Program};
use serde_json::json;

const PASSWORD: &str = "canary-horse battery";

e2e::on_both_engines! {
    an_answer_that_was_lost_with_its_process_is_given_again
    a_copied_token_is_found_out_after_the_process_was_killed
    the_token_before_is_a_copy_once_its_half_minute_is_over
}

async fn log_in(program: &Program) -> String {
    let form = json!({ "email": "ada@example.org", "password": PASSWORD });
    assert_eq!(program.post("/signup", &form).await.status, 201);
    program.post("/login", &form).await.text_of("refresh_token")
}

async fn refresh(program: &Program, token: &str) -> Answer {
    program.post("/refresh", &json!({ "refresh_token": token })).await
}

/// A process whose tokens name the same issuer, whatever its address is.
async fn start(database: &Database) -> Program {
    Program::start_with(database, &[("USER_REGISTRY_ISSUER", "https://registry.example")]).await
}

/// Another process on the database of one that is killed, without a word of warning.
async fn killed_and_started_again(program: Program, database: &Database) -> Program {
    drop(program);
    start(database).await
}

async fn an_answer_that_was_lost_with_its_process_is_given_again(database: Database) {
    let program = start(&database).await;
    let first = log_in(&program).await;
    let lost = refresh(&program, &first).await.text_of("refresh_token");
    let program = killed_and_started_again(program, &database).await;
    let again = refresh(&program, &first).await;
    assert_eq!(again.text_of("refresh_token"), lost, "the same child, so that no family splits in two");
    let access_token = again.text_of("access_token");
    assert_eq!(program.get("/me", &access_token).await.status, 200);
    let program = killed_and_started_again(program, &database).await;
    assert_eq!(program.get("/me", &access_token).await.status, 200);
    assert_eq!(refresh(&program, &lost).await.status, 200);
}

async fn a_copied_token_is_found_out_after_the_process_was_killed(database: Database) {
    let program = start(&database).await;
    let first = log_in(&program).await;
    let second = refresh(&program, &first).await.text_of("refresh_token");
    let third = refresh(&program, &second).await.text_of("refresh_token");
    let program = killed_and_started_again(program, &database).await;
    assert_eq!(refresh(&program, &first).await.problem(), "refresh-token-not-valid");
    assert_eq!(refresh(&program, &third).await.problem(), "refresh-token-not-valid", "nobody keeps the session");
    let ended = "SELECT COUNT(*) FROM sessions WHERE end_reason = 'reuse-detected'";
    assert_eq!(database.number(ended).await, 1);
    let told = "SELECT COUNT(*) FROM deliveries WHERE intent LIKE '%refresh-token-reused%'";
    assert_eq!(database.number(told).await, 1);
}

async fn the_token_before_is_a_copy_once_its_half_minute_is_over(database: Database) {
    let program = start(&database).await;
    let first = log_in(&program).await;
    let second = refresh(&program, &first).await.text_of("refresh_token");
    assert_eq!(refresh(&program, &first).await.text_of("refresh_token"), second);
    let (sqlite, postgres) = (
        "UPDATE grants SET rotated_at = strftime('%Y-%m-%dT%H:%M:%f+00:00', rotated_at, '-31 seconds')",
        "UPDATE grants SET rotated_at = rotated_at - INTERVAL '31 seconds'",
    );
    database.run(if database.engine == Engine::Sqlite { sqlite } else { postgres }).await;
    for token in [&first, &second] {
        assert_eq!(refresh(&program, token).await.problem(), "refresh-token-not-valid");
    }
    let told = Mailbox::of(&database).has(2).await;
    assert!(told[1].head.contains("Subject: ") && !told[1].text.contains("token="), "{}", told[1].text);
    let events = "SELECT COUNT(*) FROM events WHERE kind = 'session.refresh-token-reused'";
    assert_eq!(database.number(events).await, 1);
}

//! What happened to an account, and how long it is kept, through the real program, on both engines.

use std::collections::BTreeSet;

use e2e::database::Database;
use e2e::mailbox::Mailbox;
use e2e::program::{Answer, Program};
use reqwest::Method;
use serde_json::{Value, json};

const ADA: &str = "ada@example.org";
const EVE: &str = "eve@example.org";
const PASSWORD: &str = "canary-horse battery";

e2e::on_both_engines! {
    an_owner_reads_what_happened_and_nothing_of_others
    what_is_too_old_goes_and_the_rest_stays
    events_are_kept_for_ever_where_that_is_wanted
}

async fn member(program: &Program, email: &str) -> Answer {
    let body = json!({ "email": email, "password": PASSWORD });
    assert_eq!(program.post("/signup", &body).await.status, 201);
    program.post("/login", &body).await
}

fn kinds(page: &Value) -> Vec<String> {
    let events = page["events"].as_array().cloned().unwrap_or_default();
    events.iter().map(|event| event["kind"].as_str().unwrap_or_default().to_owned()).collect()
}

async fn an_owner_reads_what_happened_and_nothing_of_others(database: Database) {
    let program = Program::start(&database).await;
    let eve = member(&program, EVE).await.text_of("access_token");
    let tokens = member(&program, ADA).await;
    let ada = tokens.text_of("access_token");
    let phone = json!({ "phone_number": "+14155552671" });
    let request = program.request(Method::PATCH, "/update").bearer_auth(&ada).header("user-agent", "curl/8.5.0");
    let changed = program.send(request.json(&phone)).await;
    assert_eq!(changed.status, 200);
    let refreshed = program.post("/refresh", &json!({ "refresh_token": tokens.text_of("refresh_token") })).await;
    assert_eq!(refreshed.status, 200);
    let answer = program.get("/me/events", &ada).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let expected = ["session.refreshed", "user.phone-number-changed", "session.started", "user.signed-up"];
    assert_eq!(kinds(&answer.json()), expected);
    let event = answer.json()["events"][1].clone();
    assert_eq!((&event["by"], &event["device"]), (&json!("you"), &json!("curl")));
    assert_eq!(event["address"], "127.0.0.0/24");
    assert_eq!(event["request_id"], changed.headers["x-request-id"].to_str().expect("ASCII"));
    for hidden in ["canary", EVE, "data", "subject", "actor", "7145"] {
        assert!(!answer.text.contains(hidden), "{hidden}: {}", answer.text);
    }
    let first = program.get("/me/events?limit=3", &ada).await.json();
    let next = first["next"].as_str().expect("there are more").to_owned();
    let second = program.get(&format!("/me/events?limit=3&after={next}"), &ada).await.json();
    assert_eq!([kinds(&first), kinds(&second)].concat(), expected);
    assert_eq!(second["next"], Value::Null);
    let foreign = program.get(&format!("/me/events?after={next}"), &eve).await;
    assert_eq!(foreign.wrong_fields(), [("after".into(), "foreign-cursor".into())]);
    let ids = |page: &Value| page["events"].as_array().cloned().unwrap_or_default();
    let of_eve: BTreeSet<_> =
        ids(&program.get("/me/events", &eve).await.json()).iter().map(|e| e["id"].to_string()).collect();
    assert!(ids(&answer.json()).iter().all(|event| !of_eve.contains(&event["id"].to_string())));
    assert_eq!(program.get("/me/events", "urt_nobody").await.status, 401);
}

/// Makes everything that is over as old as it takes.
const AGE: [&str; 5] = [
    "UPDATE events SET at = '2020-01-01 00:00:00+00:00' WHERE kind = 'user.signed-up'",
    "UPDATE deliveries SET due_at = '2020-01-01 00:00:00+00:00'",
    "UPDATE mailed_tokens SET created_at = '2020-01-01 00:00:00+00:00', expires_at = '2020-01-02 00:00:00+00:00'",
    "UPDATE sessions SET ended_at = '2020-01-01 00:00:00+00:00', end_reason = 'logged-out' WHERE channel = 'api'",
    "UPDATE user_emails SET reserved_until = '2020-01-01 00:00:00+00:00' WHERE kind = 'former'",
];

async fn what_is_too_old_goes_and_the_rest_stays(database: Database) {
    let program = Program::start(&database).await;
    let access_token = member(&program, ADA).await.text_of("access_token");
    let body = json!({ "new_email": EVE, "password": PASSWORD });
    assert_eq!(program.with_token(Method::POST, "/email/change", &access_token, &body).await.status, 202);
    let token = Mailbox::of(&database).has(2).await[1].token();
    assert_eq!(program.post("/email/verification/confirm", &json!({ "token": token })).await.status, 200);
    Mailbox::of(&database).has(3).await;
    assert_eq!(program.stop().await, Some(0));
    for statement in AGE {
        assert!(database.run(statement).await > 0, "{statement}");
    }
    // A letter that waits stays, however old it is.
    database.run("UPDATE deliveries SET state = 'waiting', due_at = '2999-01-01 00:00:00+00:00' WHERE id = (SELECT id FROM deliveries ORDER BY id LIMIT 1)").await;
    let (first, second) = (Program::start(&database).await, Program::start(&database).await);
    let counts = [
        ("SELECT COUNT(*) FROM events WHERE kind = 'user.signed-up'", 0),
        ("SELECT COUNT(*) FROM events WHERE kind = 'session.started'", 1),
        ("SELECT COUNT(*) FROM deliveries", 1),
        ("SELECT COUNT(*) FROM mailed_tokens", 0),
        ("SELECT COUNT(*) FROM sessions", 0),
        ("SELECT COUNT(*) FROM grants", 0),
        ("SELECT COUNT(*) FROM user_emails", 1),
        ("SELECT COUNT(*) FROM users", 1),
    ];
    for (query, count) in counts {
        for _ in 0..400 {
            if database.number(query).await == count {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(database.number(query).await, count, "{query}");
    }
    let body = json!({ "email": EVE, "password": PASSWORD });
    assert_eq!(first.post("/login", &body).await.status, 200);
    let log = first.log() + &second.log();
    assert!(log.contains("rows that were too old are removed"), "{log}");
    assert_eq!((first.stop().await, second.stop().await), (Some(0), Some(0)));
}

async fn events_are_kept_for_ever_where_that_is_wanted(database: Database) {
    let program = Program::start_with(&database, &[("USER_REGISTRY_EVENT_RETENTION", "off")]).await;
    let body = json!({ "email": ADA, "password": PASSWORD });
    assert_eq!(program.post("/signup", &body).await.status, 201);
    Mailbox::of(&database).has(1).await;
    assert_eq!(program.stop().await, Some(0));
    database.run("UPDATE events SET at = '1999-01-01 00:00:00+00:00'").await;
    database.run("UPDATE mailed_tokens SET expires_at = '1999-01-01 00:00:00+00:00'").await;
    let program = Program::start_with(&database, &[("USER_REGISTRY_EVENT_RETENTION", "off")]).await;
    program.has_logged("rows that were too old are removed").await;
    assert_eq!(program.stop().await, Some(0));
    assert_eq!(database.number("SELECT COUNT(*) FROM events WHERE kind = 'user.signed-up'").await, 1);
}

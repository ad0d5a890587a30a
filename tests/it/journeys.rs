//! The contract over real HTTP, on both engines.

use std::collections::BTreeSet;

use e2e::database::Database;
use e2e::join_all;
use e2e::mailbox::Mailbox;
use e2e::program::{self, Answer, Program};
use reqwest::Method;
use serde_json::{Value, json};

use crate::pages::page_secret;

pub(crate) const PASSWORD: &str = "canary-horse battery";

e2e::on_both_engines! {
    the_walk_of_an_account
    all_wrong_fields_at_once
    refusals_come_in_their_order
    one_address_makes_one_user
    a_blocked_domain_is_refused_in_every_spelling
    refresh_tokens_are_used_once
    only_genuine_tokens_are_let_in
    a_token_required_reaches_its_own_record_only
    fields_read_back_equal
    authority_tokens_are_for_their_domain
    an_access_token_expires
    secrets_stay_inside
}

async fn sign_up(program: &Program, email: &str) -> Answer {
    program.post("/signup", &json!({ "email": email, "password": PASSWORD })).await
}

async fn log_in(program: &Program, email: &str) -> Answer {
    program.post("/login", &json!({ "email": email, "password": PASSWORD })).await
}

/// A user who has signed up and logged in: the access token.
async fn member(program: &Program, email: &str) -> String {
    assert_eq!(sign_up(program, email).await.status, 201);
    log_in(program, email).await.text_of("access_token")
}

/// An administrator, made from the command line beside the running server: the access token.
pub(crate) async fn administrator(database: &Database, program: &Program) -> String {
    let arguments = ["users", "create", "--email", "root@example.org", "--admin", "--password-stdin"];
    let output = program::run(database, &arguments, &format!("{PASSWORD}\n"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    log_in(program, "root@example.org").await.text_of("access_token")
}

async fn the_walk_of_an_account(database: Database) {
    let program = Program::start(&database).await;
    let created = sign_up(&program, "Ada@Example.org").await;
    assert_eq!(created.verdict(), (201, "Successfully registered.".into()));
    assert_eq!(created.headers["cache-control"], "no-store");
    assert!(created.text_of("token_required").starts_with("urt_"));
    assert_eq!(
        sign_up(&program, "ada@example.org").await.verdict(),
        (202, "User already exists. Please log in".into())
    );
    let unknown = log_in(&program, "nobody@example.org").await;
    assert_eq!(unknown.verdict(), (401, "User does not exist".into()));
    let wrong = program.post("/login", &json!({ "email": "ada@example.org", "password": "another one" })).await;
    assert_eq!(wrong.verdict(), (401, "Wrong password".into()));
    let tokens = log_in(&program, "ADA@example.org").await;
    assert_eq!((tokens.status.as_u16(), tokens.text_of("token_type")), (200, "Bearer".into()));
    assert_eq!(tokens.json()["expires_in"], 900);
    let token = tokens.text_of("access_token");
    let me = program.get("/me", &token).await.json();
    assert_eq!(
        (&me["email"], &me["phone_number"], &me["roles"]),
        (&json!("Ada@Example.org"), &Value::Null, &json!([]))
    );
    let phone = json!({ "phone_number": "+14155552671" });
    let updated = program.with_token(Method::PATCH, "/update", &token, &phone).await;
    assert_eq!(updated.verdict(), (200, "User updated successfully.".into()));
    assert_eq!(program.get("/me", &token).await.json()["phone_number"], "+14155552671");
    let removed = program.with_token(Method::PATCH, "/update", &token, &json!({ "phone_number": null })).await;
    assert_eq!(removed.json()["phone_number"], Value::Null);
    let found = program.with_token(Method::PATCH, "/me", &token, &json!({ "discoverable": true })).await;
    assert_eq!(found.json()["discoverable"], true);
    let logged_out = program.with_token(Method::POST, "/logout", &token, &Value::Null).await;
    assert_eq!(logged_out.verdict(), (200, "Successfully logged out.".into()));
    assert_eq!(program.get("/me", &token).await.status, 401);
    let refreshed = program.post("/refresh", &json!({ "refresh_token": tokens.text_of("refresh_token") })).await;
    assert_eq!(refreshed.status, 401);
    database.run("UPDATE users SET state = 'disabled'").await;
    assert_eq!(log_in(&program, "ada@example.org").await.verdict(), (403, "This account is disabled.".into()));
    let wrong = program.post("/login", &json!({ "email": "ada@example.org", "password": "another one" })).await;
    assert_eq!(wrong.verdict(), (401, "Wrong password".into()));
    assert_eq!(program.stop().await, Some(0));
}

async fn all_wrong_fields_at_once(database: Database) {
    let program = Program::start(&database).await;
    let body = json!({
        "email": "ada", "password": "tinyone", "phone_number": "+0", "administrator": true,
        "fields": [{ "geo_id": "x", "boundary": { "type": "Polygon", "coordinates": [] } }],
    });
    let refused = program.post("/signup", &body).await;
    assert_eq!((refused.status.as_u16(), refused.problem()), (422, "invalid".into()));
    let wrong = refused.wrong_fields().into_iter().map(|(field, _)| field).collect::<BTreeSet<_>>();
    let expected = ["administrator", "email", "fields[0].boundary", "fields[0].geo_id", "password", "phone_number"];
    assert_eq!(wrong, expected.map(String::from).into());
    assert!(!refused.text.contains("tinyone"), "no password is repeated");
    let twice = program.request(Method::POST, "/login").header("content-type", "application/json");
    let twice = program.send(twice.body(r#"{"email":"a@b.example","email":"c@d.example","password":"x"}"#)).await;
    assert_eq!(twice.wrong_fields(), [("email".into(), "duplicate".into())]);
    assert_eq!(database.number("SELECT count(*) FROM users").await, 0);
}

async fn refusals_come_in_their_order(database: Database) {
    let program = Program::start(&database).await;
    let large = "x".repeat(70_000);
    let send = async |method: Method, path: &str, kind: &str, body: &str| {
        let request = program.request(method, path).header("content-type", kind.to_owned()).body(body.to_owned());
        let answer = program.send(request).await;
        (answer.status.as_u16(), answer.problem(), answer.headers.contains_key("allow"))
    };
    let json = "application/json";
    for (method, path, kind, body, status, problem) in [
        (Method::POST, "/nowhere", json, large.as_str(), 404, "not-found"),
        (Method::PUT, "/update", json, &large, 405, "method-not-allowed"),
        (Method::PATCH, "/update", json, &large, 413, "body-too-large"),
        (Method::PATCH, "/update", "text/plain", "not JSON", 401, "not-authenticated"),
        (Method::POST, "/login", "text/plain", "not JSON", 415, "unsupported-media-type"),
        (Method::POST, "/login", json, "not JSON", 400, "bad-json"),
        (Method::POST, "/login", json, "[]", 422, "invalid"),
    ] {
        let answer = send(method, path, kind, body).await;
        assert_eq!(answer, (status, problem.into(), status == 405), "{path} {kind}");
    }
    let token = member(&program, "ada@example.org").await;
    let denied = program.with_token(Method::POST, "/domains", &token, &json!("no object")).await;
    assert_eq!((denied.status.as_u16(), denied.problem()), (403, "not-permitted".into()));
}

async fn one_address_makes_one_user(database: Database) {
    let program = Program::start_with(
        &database,
        &[("USER_REGISTRY_HASHING_QUEUE", "100"), ("USER_REGISTRY_HASHING_DEADLINE", "60s")],
    )
    .await;
    let spellings = ["Ada@b\u{fc}cher.example", "aDA@XN--BCHER-KVA.example."];
    let attempts = (0..48).map(|at| sign_up(&program, spellings[at % 2]));
    let mut created = 0;
    for answer in join_all(attempts).await {
        assert!([201, 202].contains(&answer.status.as_u16()), "{}", answer.text);
        created += u32::from(answer.status == 201);
    }
    assert_eq!((created, database.number("SELECT count(*) FROM users").await), (1, 1));
}

async fn a_blocked_domain_is_refused_in_every_spelling(database: Database) {
    let program = Program::start(&database).await;
    let token = administrator(&database, &program).await;
    let body = json!({ "belongs_to": 1, "domains": ["B\u{fc}cher.example", "gmail.com"] });
    let put = program.with_token(Method::POST, "/domains", &token, &body).await;
    assert_eq!(put.json()["domains"][1]["domain"], "xn--bcher-kva.example");
    for email in ["a@gmail.com", "a@GMAIL.com", "a@gmail.com.", "a@b\u{fc}cher.example", "a@XN--BCHER-KVA.example"] {
        assert_eq!(
            sign_up(&program, email).await.verdict(),
            (401, "You are not allowed to register.".into()),
            "{email}"
        );
    }
    for email in ["a@gmail.co", "a@mail.gmail.com", "a@bucher.example", "a@gmai1.com"] {
        assert_eq!(sign_up(&program, email).await.status, 201, "{email}");
    }
    let removed = program.with_token(Method::DELETE, "/domains/gmail.com", &token, &Value::Null).await;
    assert_eq!(removed.status, 204);
    assert_eq!(sign_up(&program, "b@gmail.com").await.status, 201);
}

async fn refresh_tokens_are_used_once(database: Database) {
    let program = Program::start(&database).await;
    assert_eq!(sign_up(&program, "ada@example.org").await.status, 201);
    let refresh = async |token: &str| program.post("/refresh", &json!({ "refresh_token": token })).await;
    let first = log_in(&program, "ada@example.org").await.text_of("refresh_token");
    let second = refresh(&first).await;
    assert_eq!(second.status, 200);
    let again = refresh(&first).await;
    assert_eq!(again.text_of("refresh_token"), second.text_of("refresh_token"), "two tabs get one child");
    let third = refresh(&second.text_of("refresh_token")).await;
    assert_eq!(refresh(&first).await.problem(), "refresh-token-not-valid");
    assert_eq!(refresh(&third.text_of("refresh_token")).await.status, 401, "reuse ends the family");
    assert_eq!(program.get("/me", &third.text_of("access_token")).await.status, 401);
    let fresh = log_in(&program, "ada@example.org").await.text_of("refresh_token");
    let successors = join_all((0..64).map(|_| refresh(&fresh))).await;
    let tokens = successors.iter().map(|answer| answer.text_of("refresh_token")).collect::<BTreeSet<_>>();
    assert_eq!(tokens.len(), 1, "64 at once get one successor");
}

async fn only_genuine_tokens_are_let_in(database: Database) {
    let program = Program::start(&database).await;
    let token = member(&program, "ada@example.org").await;
    let (head, signature) = token.rsplit_once('.').expect("a JWT");
    let none = format!("eyJhbGciOiJub25lIn0.{}.", head.split_once('.').expect("a JWT").1);
    let forged = format!("{head}.{}", signature.chars().rev().collect::<String>());
    for bad in
        ["x", &none, &forged, head, "urt_00", &format!("urt_{}", "0".repeat(64)), &format!("urs_{}", "0".repeat(64))]
    {
        let answer = program.get("/me", bad).await;
        assert_eq!(
            (answer.status.as_u16(), answer.headers["www-authenticate"].to_str().expect("ASCII")),
            (401, "Bearer error=\"invalid_token\"")
        );
    }
    let other = Database::new(database.engine).await;
    let foreign = Program::start(&other).await;
    assert_eq!(foreign.get("/me", &token).await.status, 401, "another installation's token");
    let replica = Program::start_with(&database, &[("USER_REGISTRY_ISSUER", &program.url)]).await;
    assert_eq!(replica.get("/me", &token).await.status, 200, "a replica's token");
    assert_eq!(program.with_token(Method::POST, "/logout", &token, &Value::Null).await.status, 200);
    assert_eq!(replica.get("/me", &token).await.status, 401, "a logout holds everywhere at once");
}

async fn a_token_required_reaches_its_own_record_only(database: Database) {
    let program = Program::start(&database).await;
    let token = sign_up(&program, "ada@example.org").await.text_of("token_required");
    assert_eq!(program.get("/me", &token).await.status, 200);
    for (method, path) in [(Method::POST, "/logout"), (Method::POST, "/me/token-required"), (Method::GET, "/domains")] {
        assert_eq!(program.with_token(method, path, &token, &Value::Null).await.problem(), "session-needed", "{path}");
    }
    let session = log_in(&program, "ada@example.org").await.text_of("access_token");
    let issued = program.with_token(Method::POST, "/me/token-required", &session, &Value::Null).await;
    assert_eq!(issued.status, 201);
    assert_eq!(program.get("/me", &token).await.status, 401, "the one before is dead");
    assert_eq!(program.get("/me", &issued.text_of("token_required")).await.status, 200);
    assert_eq!(program.with_token(Method::DELETE, "/me/token-required", &session, &Value::Null).await.status, 204);
    assert_eq!(program.get("/me", &issued.text_of("token_required")).await.status, 401);
}

async fn fields_read_back_equal(database: Database) {
    let program = Program::start(&database).await;
    let token = member(&program, "ada@example.org").await;
    let boundary =
        json!({ "type": "Polygon", "coordinates": [[[1e-7, 0.1], [1.5, 0.3], [1.25, 2.125, 7.5], [1e-7, 0.1]]] });
    let field = json!({ "name": "N\u{f6}rdlich", "geo_id": "ab".repeat(32), "boundary": boundary });
    let added = program.with_token(Method::POST, "/me/fields", &token, &field).await;
    assert_eq!(added.status, 201, "{}", added.text);
    let id = added.text_of("id");
    assert_eq!(program.get("/me", &token).await.json()["fields"][0]["boundary"], boundary);
    assert_eq!(program.with_token(Method::POST, "/me/fields", &token, &field).await.status, 409);
    let path = format!("/me/fields/{id}");
    let other = member(&program, "eve@example.org").await;
    assert_eq!(program.with_token(Method::PUT, &path, &other, &field).await.status, 404, "not yours");
    assert_eq!(program.with_token(Method::PUT, &path, &token, &field).await.status, 200);
    assert_eq!(program.with_token(Method::DELETE, &path, &token, &Value::Null).await.status, 204);
    assert_eq!(program.get("/me/fields", &token).await.json(), json!({ "fields": [] }));
    assert_eq!(program.get("/me/fields?limit=0&x=1", &token).await.wrong_fields().len(), 2);
}

async fn authority_tokens_are_for_their_domain(database: Database) {
    let program = Program::start(&database).await;
    let root = administrator(&database, &program).await;
    let path = "/domains/example.org/authority-token";
    let issued = program.with_token(Method::POST, path, &root, &Value::Null).await;
    assert_eq!(issued.status, 201);
    assert_eq!(program.with_token(Method::POST, path, &root, &Value::Null).await.status, 409);
    let read = program.get("/authority-token?domain=EXAMPLE.org", &root).await;
    assert_eq!(read.text_of("authority_token"), issued.text_of("authority_token"));
    let member = member(&program, "ada@example.org").await;
    let denied = program.get("/authority-token?domain=example.org", &member).await;
    assert_eq!(denied.status, 403, "an address that is not verified speaks for no domain");
    assert_eq!(program.get("/authority-token?domain=other.example", &root).await.status, 404);
    assert_eq!(program.get("/authority-token?domain=x", &root).await.status, 422);
    let rotated = program.with_token(Method::POST, &format!("{path}?rotate=true"), &root, &Value::Null).await;
    assert_ne!(rotated.text_of("authority_token"), issued.text_of("authority_token"));
    assert_eq!(program.with_token(Method::DELETE, path, &root, &Value::Null).await.status, 204);
}

async fn an_access_token_expires(database: Database) {
    let program = Program::start_with(&database, &[("USER_REGISTRY_ACCESS_TOKEN_LIFETIME", "1s")]).await;
    let token = member(&program, "ada@example.org").await;
    tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
    assert_eq!(program.get("/me", &token).await.status, 401);
}

async fn secrets_stay_inside(database: Database) {
    let program = Program::start(&database).await;
    let user_token = sign_up(&program, "ada@example.org").await.text_of("token_required");
    let tokens = log_in(&program, "ada@example.org").await;
    let root = administrator(&database, &program).await;
    let issued = program.with_token(Method::POST, "/domains/example.org/authority-token", &root, &Value::Null).await;
    let page_secret = page_secret(&program, "ada@example.org").await;
    let body = json!({ "email": "ada@example.org", "password": [PASSWORD], "x": PASSWORD });
    let refused = program.post("/login", &body).await;
    assert_eq!(refused.status, 422);
    let mailed = Mailbox::of(&database).has(1).await[0].token();
    let log = program.log();
    program.stop().await;
    let stored = database.contents().await;
    for (place, bytes) in [("log", log.as_bytes()), ("problem", refused.text.as_bytes()), ("database", &stored)] {
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        // What must be there shows that the place was read at all.
        let known = if place == "database" { "ada@example.org" } else { "422" };
        assert!(holds(known), "the {place} was not read");
        for (secret, start) in [
            (PASSWORD.split(' ').next().expect("a word").to_owned(), "canary-horse"),
            (user_token.clone(), "urt_"),
            (tokens.text_of("access_token"), "eyJ"),
            (tokens.text_of("refresh_token"), "urr_"),
            (issued.text_of("authority_token"), "uat_"),
            (page_secret.clone(), "urs_"),
            (mailed.clone(), "urm_"),
        ] {
            assert!(secret.starts_with(start), "{start} begins no {secret}");
            let hex = secret.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
            assert!(!holds(&secret) && !holds(&hex), "a secret {start} stands in the {place}");
        }
    }
}

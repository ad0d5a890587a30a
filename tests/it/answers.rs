//! What strangers are told and what owners are told, through the real program, on both engines.

use e2e::database::Database;
use e2e::mailbox::Mailbox;
use e2e::program::{Answer, Program};
use reqwest::Method;
use serde_json::{Value, json};

const ADA: &str = "ada@example.org";
const PASSWORD: &str = "canary-horse battery";
const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Gecko/20100101 Firefox/140.0";

/// The program believes a proxy on this machine.
const PROXIED: (&str, &str) = ("USER_REGISTRY_TRUSTED_PROXIES", "127.0.0.0/8");

e2e::on_both_engines! {
    hardened_answers_tell_strangers_nothing
    an_address_is_verified_first_where_that_is_asked
    an_owner_sees_where_sessions_began_and_is_told_of_new_places
    what_was_refused_is_recorded
}

async fn sign_up(program: &Program, email: &str) -> Answer {
    program.post("/signup", &json!({ "email": email, "password": PASSWORD })).await
}

async fn log_in(program: &Program, email: &str, password: &str) -> Answer {
    program.post("/login", &json!({ "email": email, "password": password })).await
}

async fn log_in_from(program: &Program, address: &str, agent: &str) -> Answer {
    let body = json!({ "email": ADA, "password": PASSWORD });
    let request = program.request(Method::POST, "/login").json(&body);
    program.send(request.header("x-forwarded-for", address).header("user-agent", agent)).await
}

/// An answer without what differs from request to request: the ids and the date.
fn bare(answer: &Answer) -> (u16, String, Vec<(String, String)>) {
    let body = answer.json();
    let instance = body["instance"].as_str().unwrap_or("-").to_owned();
    let text = answer.text.replace(&instance, "-");
    let headers = answer.headers.iter().filter(|(name, _)| *name != "x-request-id" && *name != "date");
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()));
    (answer.status.as_u16(), text, headers.collect())
}

async fn hardened_answers_tell_strangers_nothing(database: Database) {
    let program = Program::start_with(&database, &[("USER_REGISTRY_ANSWERS", "hardened")]).await;
    program.has_logged("users must verify their address before they log in").await;
    let mailbox = Mailbox::of(&database);
    let new = sign_up(&program, ADA).await;
    mailbox.has(1).await;
    let existing = sign_up(&program, "ADA@example.org").await;
    assert_eq!((new.status.as_u16(), new.json()), (202, json!({ "message": "Check your mail." })));
    assert_eq!(bare(&new), bare(&existing));
    let mails = mailbox.has(2).await;
    // The account may be a stranger's: only a new password of who reads the mail verifies it from now on.
    let verify = mails.iter().find(|mail| mail.head.contains("Confirm your e-mail address")).expect("mailed").token();
    let reset = mails.iter().find(|mail| mail.head.contains("Choose a new password")).expect("mailed").token();
    let unverified = log_in(&program, ADA, PASSWORD).await;
    let refused = [
        log_in(&program, "nobody@example.org", PASSWORD).await,
        log_in(&program, ADA, "canary-horse cart").await,
        unverified,
    ];
    for answer in &refused {
        assert_eq!(bare(answer), bare(&refused[0]));
        assert_eq!((answer.status.as_u16(), answer.problem()), (401, "log-in-refused".into()));
    }
    let confirmed = program.post("/email/verification/confirm", &json!({ "token": verify })).await;
    assert_eq!(confirmed.problem(), "mailed-token-not-valid");
    let chosen = program.post("/password/reset", &json!({ "token": reset, "new_password": PASSWORD })).await;
    assert_eq!(chosen.status, 200, "{}", chosen.text);
    assert_eq!(bare(&sign_up(&program, ADA).await), bare(&new), "the owner of a verified account is told");
    let fields = json!([{ "geo_id": "a".repeat(64), "boundary": { "type": "Polygon",
        "coordinates": [[[0, 0], [1, 0], [0, 1], [0, 0]]] } }]);
    for email in [ADA, "new@example.org"] {
        let form = json!({ "email": email, "password": PASSWORD, "fields": fields });
        let refused = program.post("/signup", &form).await;
        assert_eq!(refused.wrong_fields(), [("fields".into(), "after-login".into())], "{}", refused.text);
    }
    assert_eq!(log_in(&program, ADA, PASSWORD).await.status, 200);
    database.run("UPDATE users SET state = 'disabled'").await;
    assert_eq!(bare(&log_in(&program, ADA, PASSWORD).await), bare(&refused[0]));
    for email in [ADA, "nobody@example.org"] {
        for path in ["/password/forgot", "/email/verification"] {
            let answer = program.post(path, &json!({ "email": email })).await;
            assert_eq!(bare(&answer), bare(&program.post(path, &json!({ "email": "x@example.org" })).await));
        }
    }
}

async fn an_address_is_verified_first_where_that_is_asked(database: Database) {
    let program = Program::start_with(&database, &[("USER_REGISTRY_REQUIRE_VERIFIED_EMAIL", "true")]).await;
    assert_eq!(sign_up(&program, ADA).await.status, 201);
    let wrong = log_in(&program, ADA, "canary-horse cart").await;
    assert_eq!(wrong.verdict(), (401, "Wrong password".into()));
    let refused = log_in(&program, ADA, PASSWORD).await;
    assert_eq!((refused.status.as_u16(), refused.problem()), (403, "email-not-verified".into()));
    let token = Mailbox::of(&database).has(1).await[0].token();
    program.post("/email/verification/confirm", &json!({ "token": token })).await;
    assert_eq!(log_in(&program, ADA, PASSWORD).await.status, 200);
}

async fn an_owner_sees_where_sessions_began_and_is_told_of_new_places(database: Database) {
    let (program, mailbox) = (Program::start_with(&database, &[PROXIED]).await, Mailbox::of(&database));
    let body = json!({ "email": ADA, "password": PASSWORD });
    let request = program.request(Method::POST, "/signup").header("accept-language", "es").json(&body);
    assert_eq!(program.send(request).await.status, 201);
    assert!(
        mailbox.has(1).await[0].text.contains("Confirme que es suya"),
        "letters are in the language of who signed up"
    );
    log_in_from(&program, "192.0.2.1, 203.0.113.7", "curl/8.5").await;
    log_in_from(&program, "203.0.113.99", "curl/8.5").await;
    let answer = log_in_from(&program, "2001:db8:1:2::3", FIREFOX).await;
    let sessions = program.get("/sessions", &answer.text_of("access_token")).await.json();
    let places: Vec<_> = sessions["sessions"].as_array().expect("a list").iter().map(place).collect();
    assert_eq!(places[0], (json!("2001:db8:1::/48"), json!("Firefox, Windows"), json!(true)));
    let curl = (json!("203.0.113.0/24"), json!("curl"), json!(false));
    assert_eq!(places[1..], [curl.clone(), curl]);
    let mails = mailbox.has(2).await;
    assert_eq!(mails.len(), 2, "of the first sign-in, and of the same place again, nothing is told");
    assert!(
        mails[1].text.contains("Firefox, Windows") && mails[1].text.contains("2001:db8:1::/48"),
        "{}",
        mails[1].text
    );
}

fn place(session: &Value) -> (Value, Value, Value) {
    (session["address"].clone(), session["device"].clone(), session["current"].clone())
}

async fn what_was_refused_is_recorded(database: Database) {
    let program = Program::start_with(&database, &[PROXIED]).await;
    sign_up(&program, ADA).await;
    log_in(&program, ADA, "canary-horse cart").await;
    log_in(&program, "nobody@example.org", "canary-horse cart").await;
    let refused = "SELECT COUNT(*) FROM events WHERE kind = 'login.refused' AND network = '127.0.0.0/24' \
                   AND address IS NOT NULL AND request_id IS NOT NULL";
    assert_eq!(database.number(refused).await, 2);
    let of_user = "SELECT COUNT(*) FROM events e JOIN users u ON u.id = e.user_id WHERE e.kind = 'login.refused'";
    assert_eq!(database.number(of_user).await, 1);
    let nowhere = "SELECT COUNT(*) FROM events WHERE data LIKE '%nobody%' OR subject_id LIKE '%nobody%'";
    assert_eq!(database.number(nowhere).await, 0);
}

//! The language of a user, through the real program, on both engines.

use e2e::database::Database;
use e2e::mailbox::Mailbox;
use e2e::program::{Answer, Program};
use reqwest::Method;
use serde_json::{Value, json};

use crate::pages::page_secret;

const ADA: &str = "ada@example.org";
const PASSWORD: &str = "canary-horse battery";

e2e::on_both_engines! {
    mails_and_pages_are_in_the_language_that_a_user_has_named
    what_the_browser_asks_for_at_the_sign_up_is_the_language_until_the_user_says_otherwise
}

async fn sign_up(program: &Program, accept_language: &str) -> Answer {
    let body = json!({ "email": ADA, "password": PASSWORD });
    let request = program.request(Method::POST, "/signup").header("accept-language", accept_language).json(&body);
    let answer = program.send(request).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer
}

async fn log_in(program: &Program) -> String {
    program.post("/login", &json!({ "email": ADA, "password": PASSWORD })).await.text_of("access_token")
}

async fn name(program: &Program, token: &str, locale: Value) {
    let answer = program.with_token(Method::PATCH, "/me", token, &json!({ "locale": locale })).await;
    assert_eq!((answer.status.as_u16(), answer.json()["locale"].clone()), (200, locale));
    assert_eq!(program.get("/me", token).await.json()["locale"], answer.json()["locale"]);
}

async fn account_page(program: &Program, session: &str) -> String {
    let request = program.request(Method::GET, "/account").header("accept-language", "en-GB,en;q=0.9");
    let answer = program.send(request.header("cookie", format!("user-registry-session={session}"))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text
}

async fn mails_and_pages_are_in_the_language_that_a_user_has_named(database: Database) {
    let (program, mailbox) = (Program::start(&database).await, Mailbox::of(&database));
    let token_required = sign_up(&program, "en").await.text_of("token_required");
    let token = log_in(&program).await;
    let session = page_secret(&program, ADA).await;
    assert!(account_page(&program, &session).await.contains("<html lang=\"en\">"));
    name(&program, &token_required, json!("es-MX")).await;
    assert!(account_page(&program, &session).await.contains("<html lang=\"es\">"));
    assert!(account_page(&program, &page_secret(&program, ADA).await).await.contains("Su cuenta</h1>"));
    let visitor = program.send(program.request(Method::GET, "/").header("accept-language", "en")).await;
    assert!(visitor.text.contains("<html lang=\"en\">"), "{}", visitor.text);

    let change = json!({ "current_password": PASSWORD, "new_password": "canary-kettle under glass" });
    let changed = program.with_token(Method::POST, "/password/change", &token, &change).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let mails = mailbox.has(2).await;
    assert!(mails[0].html.contains("lang=\"en\"") && mails[0].text.contains("Confirm"), "{}", mails[0].text);
    assert!(mails[1].html.contains("lang=\"es\"") && mails[1].text.contains("contraseña"), "{}", mails[1].text);
    let both = json!({ "discoverable": true, "locale": null });
    let answer = program.with_token(Method::PATCH, "/me", &token, &both).await.json();
    assert_eq!((&answer["discoverable"], &answer["locale"]), (&json!(true), &Value::Null));
    let me = program.get("/me", &token).await.json();
    assert_eq!((&me["discoverable"], &me["locale"]), (&json!(true), &Value::Null));
    let events = program.get("/me/events", &token).await.json();
    let kinds = events["events"].as_array().expect("a list").iter().filter_map(|event| event["kind"].as_str());
    let said = kinds.filter(|kind| ["user.language-changed", "user.preferences-changed"].contains(kind));
    assert_eq!(said.collect::<Vec<_>>(), ["user.preferences-changed", "user.language-changed"]);
    assert_eq!(program.stop().await, Some(0));
}

async fn what_the_browser_asks_for_at_the_sign_up_is_the_language_until_the_user_says_otherwise(database: Database) {
    let (program, mailbox) = (Program::start(&database).await, Mailbox::of(&database));
    sign_up(&program, "*, es_MX, ES-mx;q=0.9, en;q=0.8").await;
    let token = log_in(&program).await;
    assert_eq!(program.get("/me", &token).await.json()["locale"], "es-MX");
    let session = page_secret(&program, ADA).await;
    assert!(account_page(&program, &session).await.contains("<html lang=\"es\">"));
    for (number, locale, language) in [(2, Value::Null, "en"), (3, json!("tlh"), "en"), (4, json!("es"), "es")] {
        name(&program, &token, locale.clone()).await;
        assert!(account_page(&program, &session).await.contains(&format!("<html lang=\"{language}\">")), "{locale}");
        let asked = program.post("/password/forgot", &json!({ "email": ADA })).await;
        assert_eq!(asked.status, 202, "{}", asked.text);
        let mail = mailbox.has(number).await.pop().expect("a mail");
        assert!(mail.html.contains(&format!("lang=\"{language}\"")), "{locale}: {}", mail.html);
    }
    assert_eq!(program.stop().await, Some(0));
}

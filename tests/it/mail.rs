//! What happens to an account by mail, through the real program, on both engines.

use e2e::database::Database;
use e2e::mailbox::Mailbox;
use e2e::program::{Answer, Program};
use reqwest::Method;
use serde_json::json;

const ADA: &str = "ada@example.org";
const PASSWORD: &str = "canary-horse battery";
const NEW: &str = "canary-kettle under glass";

e2e::on_both_engines! {
    an_address_is_verified_and_a_password_chosen_anew_by_mail
    a_mailed_token_is_good_once_for_its_purpose_and_its_user
    links_begin_with_the_public_url_whatever_a_caller_says
    a_letter_goes_out_once_though_three_processes_send
    a_letter_outlives_the_process_that_was_to_send_it
}

async fn sign_up(program: &Program, email: &str) {
    let answer = program.post("/signup", &json!({ "email": email, "password": PASSWORD })).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
}

async fn log_in(program: &Program, email: &str, password: &str) -> Answer {
    program.post("/login", &json!({ "email": email, "password": password })).await
}

async fn confirm(program: &Program, token: &str) -> Answer {
    program.post("/email/verification/confirm", &json!({ "token": token })).await
}

async fn reset(program: &Program, token: &str, password: &str) -> Answer {
    program.post("/password/reset", &json!({ "token": token, "new_password": password })).await
}

async fn an_address_is_verified_and_a_password_chosen_anew_by_mail(database: Database) {
    let (program, mailbox) = (Program::start(&database).await, Mailbox::of(&database));
    sign_up(&program, ADA).await;
    let access_token = log_in(&program, ADA, PASSWORD).await.text_of("access_token");
    let mails = mailbox.has(1).await;
    assert_eq!(confirm(&program, &mails[0].token()).await.status, 200);
    assert_eq!(program.get("/me", &access_token).await.json()["is_activated"], true);
    let asked = program.post("/password/forgot", &json!({ "email": "ADA@example.org" })).await;
    assert_eq!((asked.status.as_u16(), asked.json()["message"].clone()), (202, json!("Check your mail.")));
    let token = mailbox.has(2).await[1].token();
    assert_eq!(reset(&program, &token, NEW).await.status, 200);
    assert_eq!(program.get("/me", &access_token).await.status, 401, "every session has ended");
    assert_eq!(log_in(&program, ADA, PASSWORD).await.status, 401);
    let access_token = log_in(&program, ADA, NEW).await.text_of("access_token");
    let told = mailbox.has(3).await;
    assert!(!told[2].text.contains("token="), "it only tells: {}", told[2].text);
    let change = json!({ "current_password": NEW, "new_password": PASSWORD });
    let changed = program.with_token(Method::POST, "/password/change", &access_token, &change).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert_eq!(program.get("/me", &access_token).await.status, 200, "this session goes on");
    mailbox.has(4).await;
    assert_eq!(program.stop().await, Some(0));
}

async fn a_mailed_token_is_good_once_for_its_purpose_and_its_user(database: Database) {
    let (program, mailbox) = (Program::start(&database).await, Mailbox::of(&database));
    sign_up(&program, ADA).await;
    let verify = mailbox.has(1).await[0].token();
    program.post("/password/forgot", &json!({ "email": ADA })).await;
    let password = mailbox.has(2).await[1].token();
    let refused = |answer: &Answer| assert_eq!(answer.problem(), "mailed-token-not-valid", "{}", answer.text);
    refused(&confirm(&program, &password).await);
    refused(&reset(&program, &verify, NEW).await);
    assert_eq!(confirm(&program, &verify).await.status, 200);
    refused(&confirm(&program, &verify).await);
    assert_eq!(reset(&program, &password, NEW).await.status, 200);
    refused(&reset(&program, &password, PASSWORD).await);
    program.post("/password/forgot", &json!({ "email": ADA })).await;
    let late = mailbox.has(4).await[3].token();
    database.run("UPDATE mailed_tokens SET expires_at = created_at").await;
    refused(&reset(&program, &late, PASSWORD).await);
    let other = Database::new(database.engine).await;
    let foreign = Program::start(&other).await;
    refused(&reset(&foreign, &late, PASSWORD).await);
    assert!(!program.log().contains("urm_"), "no token is logged");
}

async fn links_begin_with_the_public_url_whatever_a_caller_says(database: Database) {
    let public = [("USER_REGISTRY_PUBLIC_URL", "https://registry.example")];
    let (program, mailbox) = (Program::start_with(&database, &public).await, Mailbox::of(&database));
    let poison = [("host", "evil.example"), ("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example")];
    for (number, (name, value)) in poison.into_iter().enumerate() {
        let body = json!({ "email": format!("ada{number}@example.org"), "password": PASSWORD });
        let request = program.request(Method::POST, "/signup").header(name, value).json(&body);
        assert_eq!(program.send(request).await.status, 201);
    }
    for mail in mailbox.has(3).await {
        assert!(mail.text.contains("https://registry.example/mail/verify?token=urm_"), "{}", mail.text);
        assert!(!format!("{}{}{}", mail.head, mail.text, mail.html).contains("evil"), "{}", mail.head);
    }
}

async fn a_letter_goes_out_once_though_three_processes_send(database: Database) {
    let first = Program::start(&database).await;
    let others = [Program::start(&database).await, Program::start(&database).await];
    for number in 0..8 {
        sign_up(&first, &format!("ada{number}@example.org")).await;
    }
    let mailbox = Mailbox::of(&database);
    mailbox.has(8).await;
    first.stop().await;
    for other in others {
        other.stop().await;
    }
    let mails = mailbox.mails();
    let ids: std::collections::BTreeSet<_> =
        mails.iter().filter_map(|mail| mail.head.lines().find(|line| line.starts_with("Message-ID"))).collect();
    assert_eq!((mails.len(), ids.len()), (8, 8));
}

async fn a_letter_outlives_the_process_that_was_to_send_it(database: Database) {
    // Nobody listens there: the letter is tried, and waits.
    let nowhere = [("USER_REGISTRY_MAIL_URL", "smtp://127.0.0.1:9")];
    let program = Program::start_with(&database, &nowhere).await;
    sign_up(&program, ADA).await;
    drop(program);
    database.run("UPDATE deliveries SET due_at = created_at, leased_until = NULL").await;
    let program = Program::start(&database).await;
    let token = Mailbox::of(&database).has(1).await[0].token();
    assert_eq!(confirm(&program, &token).await.status, 200);
}

//! Addresses that are changed and restored, through the real program, on both engines.

use e2e::database::Database;
use e2e::mailbox::{Mail, Mailbox};
use e2e::program::{Answer, Program};
use reqwest::Method;
use serde_json::json;

const ADA: &str = "ada@example.org";
const NEW: &str = "ada@lovelace.example";
const PASSWORD: &str = "canary-horse battery";

e2e::on_both_engines! {
    an_address_is_changed_and_restored_by_mail
    a_token_of_a_change_is_good_once_for_its_purpose_and_its_user
    many_who_want_one_address_have_one_winner
    an_old_address_is_reserved_for_seven_days
    the_first_owner_takes_an_account_back_that_was_moved_twice
    links_of_a_change_begin_with_the_public_url_whatever_a_caller_says
    an_address_is_changed_and_restored_on_the_pages
}

async fn sign_up(program: &Program, email: &str) -> Answer {
    program.post("/signup", &json!({ "email": email, "password": PASSWORD })).await
}

async fn log_in(program: &Program, email: &str) -> Answer {
    program.post("/login", &json!({ "email": email, "password": PASSWORD })).await
}

async fn change(program: &Program, access_token: &str, new_email: &str) -> Answer {
    let body = json!({ "new_email": new_email, "password": PASSWORD });
    program.with_token(Method::POST, "/email/change", access_token, &body).await
}

async fn confirm(program: &Program, token: &str) -> Answer {
    program.post("/email/verification/confirm", &json!({ "token": token })).await
}

async fn undo(program: &Program, token: &str) -> Answer {
    program.post("/email/change/undo", &json!({ "token": token })).await
}

/// The newest mail to an address with these words in its head; the mailbox has so many in all.
async fn mail_to(mailbox: &Mailbox, count: usize, address: &str, subject: &str) -> Mail {
    let mails = mailbox.has(count).await;
    let is_it = |mail: &&Mail| {
        let field = |name: &str| mail.head.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        field("To: ").contains(address) && field("Subject: ").contains(subject)
    };
    mails.iter().rev().find(is_it).unwrap_or_else(|| panic!("no {subject} to {address}: {mails:?}")).clone()
}

/// Moves an account to another address by its mail: the token that undoes it. The mailbox has two mails more.
async fn move_from(program: &Program, mailbox: &Mailbox, mails: usize, from: &str, to: &str) -> String {
    let access_token = log_in(program, from).await.text_of("access_token");
    assert_eq!(change(program, &access_token, to).await.status, 202);
    let token = mail_to(mailbox, mails + 1, to, "Confirm your new").await.token();
    assert_eq!(confirm(program, &token).await.status, 200);
    mail_to(mailbox, mails + 2, from, "was changed").await.token()
}

#[track_caller]
fn refused(answer: &Answer) {
    assert_eq!((answer.status.as_u16(), answer.problem()), (422, "mailed-token-not-valid".into()), "{}", answer.text);
}

async fn an_address_is_changed_and_restored_by_mail(database: Database) {
    let (program, mailbox) = (Program::start(&database).await, Mailbox::of(&database));
    assert_eq!(sign_up(&program, ADA).await.status, 201);
    let access_token = log_in(&program, ADA).await.text_of("access_token");
    assert_eq!(change(&program, &access_token, NEW).await.verdict().0, 202);
    let mail = mail_to(&mailbox, 2, NEW, "Confirm your new").await;
    assert_eq!(program.get("/me", &access_token).await.json()["email"], ADA, "nothing changes before");
    let page = program.send(program.request(Method::GET, &format!("/mail/verify?token={}", mail.token()))).await;
    assert_eq!(page.status, 200);
    assert_eq!(program.get("/me", &access_token).await.json()["email"], ADA, "nor by looking");
    let confirmed = confirm(&program, &mail.token()).await;
    assert_eq!(confirmed.verdict(), (200, "The e-mail address is changed. Log in with it.".into()));
    assert_eq!(program.get("/me", &access_token).await.status, 401, "every session has ended");
    assert_eq!(log_in(&program, ADA).await.problem(), "unknown-user");
    let access_token = log_in(&program, NEW).await.text_of("access_token");
    let me = program.get("/me", &access_token).await.json();
    assert_eq!((&me["email"], &me["is_activated"]), (&json!(NEW), &json!(true)));
    let notice = mail_to(&mailbox, 3, ADA, "was changed").await;
    assert!(notice.text.contains("/mail/undo?token=urm_") && !notice.text.contains(NEW), "{}", notice.text);
    assert_eq!(undo(&program, &notice.token()).await.status, 200);
    assert_eq!(program.get("/me", &access_token).await.status, 401, "every session has ended");
    assert_eq!(log_in(&program, NEW).await.problem(), "unknown-user");
    assert_eq!(log_in(&program, ADA).await.problem(), "wrong-password", "the password is gone");
    let token = mail_to(&mailbox, 4, ADA, "Choose a new password").await.token();
    let reset = program.post("/password/reset", &json!({ "token": token, "new_password": PASSWORD })).await;
    assert_eq!(reset.status, 200, "{}", reset.text);
    let access_token = log_in(&program, ADA).await.text_of("access_token");
    assert_eq!(program.get("/me", &access_token).await.json()["is_activated"], true);
    assert!(!program.log().contains("urm_") && !program.log().contains("canary"), "nothing secret is logged");
    assert_eq!(program.stop().await, Some(0));
}

async fn a_token_of_a_change_is_good_once_for_its_purpose_and_its_user(database: Database) {
    let (program, mailbox) = (Program::start(&database).await, Mailbox::of(&database));
    assert_eq!(sign_up(&program, ADA).await.status, 201);
    let access_token = log_in(&program, ADA).await.text_of("access_token");
    assert_eq!(change(&program, &access_token, "first@example.org").await.status, 202);
    let first = mail_to(&mailbox, 2, "first@example.org", "Confirm").await.token();
    assert_eq!(change(&program, &access_token, NEW).await.status, 202);
    let second = mail_to(&mailbox, 3, NEW, "Confirm").await.token();
    refused(&confirm(&program, &first).await);
    refused(&undo(&program, &second).await);
    refused(&program.post("/password/reset", &json!({ "token": second, "new_password": PASSWORD })).await);
    let other = Database::new(database.engine).await;
    let foreign = Program::start(&other).await;
    refused(&confirm(&foreign, &second).await);
    assert_eq!(confirm(&program, &second).await.status, 200);
    refused(&confirm(&program, &second).await);
    let back = mail_to(&mailbox, 4, ADA, "was changed").await.token();
    refused(&confirm(&program, &back).await);
    database.run("UPDATE mailed_tokens SET expires_at = created_at WHERE purpose = 'undo-address-change'").await;
    refused(&undo(&program, &back).await);
    let access_token = log_in(&program, NEW).await.text_of("access_token");
    assert_eq!(change(&program, &access_token, "third@example.org").await.status, 202);
    let late = mail_to(&mailbox, 5, "third@example.org", "Confirm").await.token();
    database.run("UPDATE mailed_tokens SET expires_at = created_at").await;
    refused(&confirm(&program, &late).await);
    assert_eq!(program.get("/me", &access_token).await.json()["email"], NEW);
}

async fn many_who_want_one_address_have_one_winner(database: Database) {
    let patience = [
        ("USER_REGISTRY_HASHING_QUEUE", "100"),
        ("USER_REGISTRY_HASHING_DEADLINE", "60s"),
        ("USER_REGISTRY_THROTTLES", "off"),
    ];
    let (program, mailbox) = (Program::start_with(&database, &patience).await, Mailbox::of(&database));
    let mut tokens = Vec::new();
    for number in 0..8 {
        let email = format!("ada{number}@example.org");
        assert_eq!(sign_up(&program, &email).await.status, 201);
        let access_token = log_in(&program, &email).await.text_of("access_token");
        // However they spell it, it is one address.
        let spelling = if number % 2 == 0 { "Wanted@example.org" } else { "WANTED@EXAMPLE.ORG" };
        assert_eq!(change(&program, &access_token, spelling).await.status, 202);
        let mails = mailbox.has(2 * number + 2).await;
        tokens.push(mails.last().expect("a mail").token());
    }
    let confirms = tokens.iter().map(|token| confirm(&program, token));
    let signups = (0..4).map(|_| sign_up(&program, "wanted@example.org"));
    let (confirmed, signed_up) = tokio::join!(e2e::join_all(confirms), e2e::join_all(signups));
    let count = |answers: &[Answer], status: u16| answers.iter().filter(|a| a.status.as_u16() == status).count();
    assert_eq!(count(&confirmed, 200) + count(&signed_up, 201), 1, "one has it");
    assert_eq!(count(&confirmed, 200) + count(&confirmed, 409), 8, "the others are told");
    assert_eq!(count(&signed_up, 201) + count(&signed_up, 202), 4);
    let addresses = usize::try_from(database.number("SELECT count(*) FROM users").await).expect("a number");
    assert_eq!(addresses, 8 + count(&signed_up, 201));
    assert_eq!(database.number("SELECT count(*) FROM user_emails WHERE email_key = 'wanted@example.org'").await, 1);
}

async fn an_old_address_is_reserved_for_seven_days(database: Database) {
    let (program, mailbox) = (Program::start(&database).await, Mailbox::of(&database));
    for email in [ADA, "eve@example.org"] {
        assert_eq!(sign_up(&program, email).await.status, 201);
    }
    move_from(&program, &mailbox, 2, ADA, NEW).await;
    assert_eq!(sign_up(&program, "ADA@example.org").await.status, 202, "as if it were somebody's");
    let access_token = log_in(&program, "eve@example.org").await.text_of("access_token");
    assert_eq!(change(&program, &access_token, ADA).await.status, 202);
    let wish = mail_to(&mailbox, 5, ADA, "Confirm").await.token();
    let taken = confirm(&program, &wish).await;
    assert_eq!((taken.status.as_u16(), taken.problem()), (409, "conflict".into()));
    database.run("UPDATE user_emails SET reserved_until = '2020-01-01 00:00:00+00:00' WHERE kind = 'former'").await;
    assert_eq!(confirm(&program, &wish).await.status, 200, "the token was not used by being refused");
    assert_eq!(log_in(&program, ADA).await.status, 200);
    database.run("UPDATE user_emails SET reserved_until = '2020-01-01 00:00:00+00:00' WHERE kind = 'former'").await;
    assert_eq!(sign_up(&program, "eve@example.org").await.status, 201, "a sign-up takes it as well");
}

async fn the_first_owner_takes_an_account_back_that_was_moved_twice(database: Database) {
    let (program, mailbox) = (Program::start(&database).await, Mailbox::of(&database));
    assert_eq!(sign_up(&program, ADA).await.status, 201);
    let of_ada = move_from(&program, &mailbox, 1, ADA, "eve@example.org").await;
    let of_eve = move_from(&program, &mailbox, 3, "eve@example.org", "mallory@example.org").await;
    assert_eq!(undo(&program, &of_ada).await.status, 200);
    refused(&undo(&program, &of_eve).await);
    for (email, problem) in
        [(ADA, "wrong-password"), ("eve@example.org", "unknown-user"), ("mallory@example.org", "unknown-user")]
    {
        assert_eq!(log_in(&program, email).await.problem(), problem, "{email}");
    }
    mail_to(&mailbox, 6, ADA, "Choose a new password").await;
}

async fn links_of_a_change_begin_with_the_public_url_whatever_a_caller_says(database: Database) {
    let public = [("USER_REGISTRY_PUBLIC_URL", "https://registry.example")];
    let (program, mailbox) = (Program::start_with(&database, &public).await, Mailbox::of(&database));
    assert_eq!(sign_up(&program, ADA).await.status, 201);
    let access_token = log_in(&program, ADA).await.text_of("access_token");
    let poison = [("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example")];
    let poisoned = |path: &str, body: &serde_json::Value| {
        let request = program.request(Method::POST, path).header("host", "evil.example").json(body);
        poison.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    };
    let wish = poisoned("/email/change", &json!({ "new_email": NEW, "password": PASSWORD })).bearer_auth(access_token);
    assert_eq!(program.send(wish).await.status, 202);
    let token = mail_to(&mailbox, 2, NEW, "Confirm").await.token();
    let request = poisoned("/email/verification/confirm", &json!({ "token": token }));
    assert_eq!(program.send(request).await.status, 200);
    let token = mail_to(&mailbox, 3, ADA, "was changed").await.token();
    assert_eq!(program.send(poisoned("/email/change/undo", &json!({ "token": token }))).await.status, 200);
    let mails = mailbox.has(4).await;
    for (mail, path) in mails.iter().zip(["verify", "verify", "undo", "reset"]) {
        assert!(mail.text.contains(&format!("https://registry.example/mail/{path}?token=urm_")), "{}", mail.text);
        assert!(!format!("{}{}{}", mail.head, mail.text, mail.html).contains("evil"), "{}", mail.head);
    }
}

async fn an_address_is_changed_and_restored_on_the_pages(database: Database) {
    let (program, mailbox) = (Program::start(&database).await, Mailbox::of(&database));
    assert_eq!(sign_up(&program, ADA).await.status, 201);
    let access_token = log_in(&program, ADA).await.text_of("access_token");
    assert_eq!(change(&program, &access_token, NEW).await.status, 202);
    let token = mail_to(&mailbox, 2, NEW, "Confirm").await.token();
    press_button(&program, "/mail/verify", &token).await;
    assert_eq!(log_in(&program, NEW).await.status, 200);
    let token = mail_to(&mailbox, 3, ADA, "was changed").await.token();
    press_button(&program, "/mail/undo", &token).await;
    assert_eq!(log_in(&program, NEW).await.problem(), "unknown-user");
}

/// Opens the page of a link twice, and sends its form.
async fn press_button(program: &Program, path: &str, token: &str) {
    let link = format!("{path}?token={token}");
    program.send(program.request(Method::GET, &link)).await;
    let page = program.send(program.request(Method::GET, &link)).await;
    assert_eq!((page.status.as_u16(), &page.headers["cache-control"]), (200, &"no-store".parse().expect("a value")));
    let cookies = page.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok()?.split(';').next());
    let cookies = cookies.collect::<Vec<_>>().join("; ");
    let (_, code) = page.text.split_once("name=\"form_code\" value=\"").expect("a form");
    let code = code.split('"').next().expect("a value");
    let form = format!("form_code={code}&token={token}");
    let request = program.request(Method::POST, path).header("cookie", cookies).header("sec-fetch-site", "same-origin");
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    let answer = program.send(request).await;
    assert!(answer.status.is_success(), "{} {}", answer.status, answer.text);
}

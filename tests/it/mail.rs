//! What happens to an account by mail, through the real program, on both engines.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD;
use e2e::database::Database;
use e2e::mailbox::Mailbox;
use e2e::program::{Answer, Program};
use reqwest::Method;
use serde_json::{Value, json};

const ADA: &str = "ada@example.org";
const PASSWORD: &str = "canary-horse battery";
const NEW: &str = "canary-kettle under glass";

e2e::on_both_engines! {
    an_address_is_verified_and_a_password_chosen_anew_by_mail
    a_mailed_token_is_good_once_for_its_purpose_and_its_user
    links_begin_with_the_public_url_whatever_a_caller_says
    a_verification_that_is_asked_for_again_ends_the_one_before
    a_new_password_ends_the_token_of_programs
    a_letter_goes_out_once_though_three_processes_send
    a_letter_outlives_the_process_that_was_to_send_it
    nothing_is_lost_with_one_of_three_processes_that_is_killed_while_it_sends
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
    // Another user's is of no use with the code of this one, nor for this one.
    let bea = bea(&program).await;
    let other = mailbox.has(3).await[2].token();
    let half = other.len() / 2;
    for spliced in [format!("{}{}", &verify[..half], &other[half..]), format!("{}{}", &other[..half], &verify[half..])]
    {
        refused(&confirm(&program, &spliced).await);
    }
    assert_eq!(program.get("/me", &bea).await.json()["is_activated"], false);
    assert_eq!(reset(&program, &password, NEW).await.status, 200);
    refused(&reset(&program, &password, PASSWORD).await);
    program.post("/password/forgot", &json!({ "email": ADA })).await;
    let late = mailbox.has(5).await[4].token();
    database.run("UPDATE mailed_tokens SET expires_at = created_at").await;
    refused(&reset(&program, &late, PASSWORD).await);
    refused(&confirm(&program, &other).await);
    let other = Database::new(database.engine).await;
    let foreign = Program::start(&other).await;
    refused(&reset(&foreign, &late, PASSWORD).await);
    assert!(!program.log().contains("urm_"), "no token is logged");
}

/// Signs up and in another user, and gives their access token.
async fn bea(program: &Program) -> String {
    sign_up(program, "bea@example.org").await;
    log_in(program, "bea@example.org", PASSWORD).await.text_of("access_token")
}

async fn links_begin_with_the_public_url_whatever_a_caller_says(database: Database) {
    let public = [("USER_REGISTRY_PUBLIC_URL", "https://registry.example")];
    let (program, mailbox) = (Program::start_with(&database, &public).await, Mailbox::of(&database));
    let poison = [("host", "evil.example"), ("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example")];
    for (number, (name, value)) in poison.into_iter().enumerate() {
        let body = json!({ "email": format!("ada{number}@example.org"), "password": PASSWORD });
        let request = program.request(Method::POST, "/signup").header(name, value).json(&body);
        assert_eq!(program.send(request).await.status, 201);
        let body = json!({ "email": format!("ada{number}@example.org") });
        let request = program.request(Method::POST, "/password/forgot").header(name, value).json(&body);
        assert_eq!(program.send(request).await.status, 202);
    }
    let body = json!({ "email": "ada@example.org", "password": PASSWORD }).to_string();
    let answer = absolute_form(&program, "http://evil.example/signup", &body);
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    for mail in mailbox.has(7).await {
        let begins = |page| mail.text.contains(&format!("https://registry.example/mail/{page}?token=urm_"));
        assert!(begins("verify") || begins("reset"), "{}", mail.text);
        assert!(!format!("{}{}{}", mail.head, mail.text, mail.html).contains("evil"), "{}", mail.head);
    }
}

/// What a request with this target is answered, as a client sends it to a proxy (RFC 9112, section 3.2.2).
fn absolute_form(program: &Program, target: &str, body: &str) -> String {
    let mut peer = TcpStream::connect(program.url.trim_start_matches("http://")).expect("it listens");
    let head = format!("POST {target} HTTP/1.1\r\nHost: evil.example\r\nContent-Type: application/json\r\n");
    let rest = format!("Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    peer.write_all(format!("{head}{rest}").as_bytes()).expect("it listens");
    let mut answer = String::new();
    peer.read_to_string(&mut answer).expect("an answer");
    answer
}

async fn a_verification_that_is_asked_for_again_ends_the_one_before(database: Database) {
    let (program, mailbox) = (Program::start(&database).await, Mailbox::of(&database));
    sign_up(&program, ADA).await;
    let tokens = log_in(&program, ADA, PASSWORD).await;
    let first = mailbox.has(1).await[0].token();
    let asked = program.post("/email/verification", &json!({ "email": ADA })).await;
    assert_eq!(asked.status, 202, "{}", asked.text);
    let second = mailbox.has(2).await[1].token();
    assert_ne!(first, second);
    assert_eq!(confirm(&program, &first).await.problem(), "mailed-token-not-valid");
    assert_eq!(claims(&tokens)["is_activated"], false);
    assert_eq!(confirm(&program, &second).await.status, 200);
    let refreshed = program.post("/refresh", &json!({ "refresh_token": tokens.text_of("refresh_token") })).await;
    let claims = claims(&refreshed);
    assert_eq!((&claims["is_activated"], &claims["domain"]), (&json!(true), &json!("example.org")), "{claims}");
}

/// What the access token of an answer claims.
fn claims(answer: &Answer) -> Value {
    let token = answer.text_of("access_token");
    let payload = token.split('.').nth(1).expect("a JWT");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64")).expect("JSON")
}

async fn a_new_password_ends_the_token_of_programs(database: Database) {
    let (program, mailbox) = (Program::start(&database).await, Mailbox::of(&database));
    let signed_up = program.post("/signup", &json!({ "email": ADA, "password": PASSWORD })).await;
    let of_program = signed_up.text_of("token_required");
    assert_eq!(program.get("/me", &of_program).await.status, 200);
    program.post("/password/forgot", &json!({ "email": ADA })).await;
    assert_eq!(reset(&program, &mailbox.has(2).await[1].token(), NEW).await.status, 200);
    assert_eq!(program.get("/me", &of_program).await.status, 401);
    let access_token = log_in(&program, ADA, NEW).await.text_of("access_token");
    let other = log_in(&program, ADA, NEW).await.text_of("access_token");
    let issued = program.with_token(Method::POST, "/me/token-required", &access_token, &json!({})).await;
    let of_program = issued.text_of("token_required");
    assert_eq!(program.get("/me", &of_program).await.status, 200);
    let change = json!({ "current_password": NEW, "new_password": PASSWORD });
    assert_eq!(program.with_token(Method::POST, "/password/change", &access_token, &change).await.status, 200);
    for ended in [&of_program, &other] {
        assert_eq!(program.get("/me", ended).await.status, 401);
    }
    let other = log_in(&program, ADA, PASSWORD).await.text_of("access_token");
    let left = program.with_token(Method::POST, "/logout?all=true", &access_token, &json!({})).await;
    assert_eq!(left.status, 200, "{}", left.text);
    for ended in [&access_token, &other] {
        assert_eq!(program.get("/me", ended).await.status, 401);
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

async fn nothing_is_lost_with_one_of_three_processes_that_is_killed_while_it_sends(database: Database) {
    // A mail server that never greets anybody holds whoever sends.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("smtp://{}", silent.local_addr().expect("it is bound"));
    let sending = Program::start_with(&database, &[("USER_REGISTRY_MAIL_URL", &url)]).await;
    for number in 0..4 {
        sign_up(&sending, &format!("ada{number}@example.org")).await;
    }
    // It has taken all of them to the server, side by side, and is killed with them in its hands.
    let held = [(); 4].map(|()| silent.accept().expect("somebody sends"));
    let others = [Program::start(&database).await, Program::start(&database).await];
    drop(sending);
    drop(held);
    database.run("UPDATE deliveries SET due_at = created_at, leased_until = NULL").await;
    let mailbox = Mailbox::of(&database);
    let mails = mailbox.has(4).await;
    for (number, mail) in mails.iter().enumerate() {
        assert_eq!(confirm(&others[number % 2], &mail.token()).await.status, 200);
        assert_eq!(log_in(&others[number % 2], &format!("ada{number}@example.org"), PASSWORD).await.status, 200);
    }
    for other in others {
        assert_eq!(other.stop().await, Some(0));
    }
    assert_eq!(mailbox.mails().len(), 4);
}

//! Who tries too often is told how long to wait, and which way is open.

use domain::throttles::account_delay::FREE;
use poem::http::{Method, StatusCode};

use crate::browser::{EMAIL, PASSWORD, browser, encode};
use crate::registry::Registry;

#[tokio::test]
async fn an_account_that_rests_says_for_how_long_and_that_mail_lets_in() {
    let registry = Registry { throttled: true, ..Registry::default() };
    let browser = browser(&registry);
    browser.post_from("/sign-up", "/sign-up", &[("email", EMAIL), ("password", PASSWORD)]).await;
    let wrong = [("email", EMAIL), ("password", "a wrong one")];
    for _ in 0..FREE {
        browser.post_from("/", "/", &wrong).await.shows(StatusCode::UNAUTHORIZED, &["Wrong password"]);
    }
    let right = [("email", EMAIL), ("password", PASSWORD)];
    let page = browser.post_from("/", "/", &right).await;
    let expected = ["Too many attempts", "in one second", "a new password lets you in at once", "href=\"/forgot\""];
    page.shows(StatusCode::TOO_MANY_REQUESTS, &expected);
    assert_eq!(page.headers["retry-after"], "1");
    for _ in 0..9 {
        registry.clock.advance(chrono::TimeDelta::minutes(15));
        browser.post_from("/", "/", &wrong).await.shows(StatusCode::UNAUTHORIZED, &["Wrong password"]);
    }
    let code = browser.get("/").await.form_code();
    let body = encode(&[("email", EMAIL), ("password", PASSWORD), ("form_code", &code)]);
    let headers = [("sec-fetch-site", "same-origin"), ("accept-language", "es")];
    let page = browser.send(Method::POST, "/", &headers, Some(body)).await;
    page.shows(StatusCode::TOO_MANY_REQUESTS, &["Demasiados intentos", "en 9 minutos", "con una contraseña nueva"]);
    assert_eq!(page.headers["retry-after"], "512");
}

#[tokio::test]
async fn mails_to_one_recipient_end_without_a_word() {
    let registry = Registry { throttled: true, ..Registry::default() };
    let browser = browser(&registry);
    browser.post_from("/sign-up", "/sign-up", &[("email", EMAIL), ("password", PASSWORD)]).await;
    let before = registry.memory.letters().len();
    for _ in 0..8 {
        browser.post_from("/forgot", "/forgot", &[("email", EMAIL)]).await.leads_to("/mail/sent");
    }
    assert_eq!(registry.memory.letters().len() - before, 5);
}

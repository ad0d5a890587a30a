//! Who tries too often is told how long to wait, and which way is open.

use domain::mail::letter::Template;
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

/// Guesses until the account rests where no browser is known.
async fn guess(registry: &Registry) {
    let stranger = browser(registry);
    let wrong = [("email", EMAIL), ("password", "a wrong one")];
    while stranger.post_from("/", "/", &wrong).await.status != StatusCode::TOO_MANY_REQUESTS {}
}

#[tokio::test]
async fn a_browser_in_which_an_account_has_signed_in_does_not_wait_for_who_guesses_beside_it() {
    let registry = Registry { throttled: true, ..Registry::default() };
    let (ada, other) = (browser(&registry), browser(&registry));
    ada.log_in_as(EMAIL).await;
    ada.post_from("/account", "/account/log-out", &[]).await.leads_to("/");
    guess(&registry).await;
    let right = [("email", EMAIL), ("password", PASSWORD)];
    other.post_from("/", "/", &right).await.shows(StatusCode::TOO_MANY_REQUESTS, &["Too many attempts"]);
    let known = ada.cookies.borrow()["user-registry-device"].clone();
    other.cookies.borrow_mut().insert("user-registry-device".into(), known[..known.len() - 1].into());
    other.post_from("/", "/", &right).await.shows(StatusCode::TOO_MANY_REQUESTS, &["Too many attempts"]);
    ada.post_from("/", "/", &right).await.leads_to("/account");
}

#[tokio::test]
async fn a_new_password_makes_the_browser_known_in_which_it_was_chosen() {
    const NEW: &str = "bright kettle under glass";
    const NEWER: &str = "dim kettle above glass";
    let registry = Registry { throttled: true, ..Registry::default() };
    browser(&registry).log_in_as(EMAIL).await;
    let ada = browser(&registry);
    ada.post_from("/forgot", "/forgot", &[("email", EMAIL)]).await.leads_to("/mail/sent");
    let token = registry.mailed_token(Template::ResetPassword);
    let link = format!("/mail/reset?token={token}");
    ada.post_from(&link, "/mail/reset", &[("token", &token), ("password", NEW)]).await.leads_to("/");
    guess(&registry).await;
    ada.post_from("/", "/", &[("email", EMAIL), ("password", NEW)]).await.leads_to("/account");
    let change = [("current_password", NEW), ("password", NEWER)];
    ada.post_from("/account/password", "/account/password", &change).await.leads_to("/account");
    ada.post_from("/account", "/account/log-out", &[]).await.leads_to("/");
    guess(&registry).await;
    ada.post_from("/", "/", &[("email", EMAIL), ("password", NEWER)]).await.leads_to("/account");
}

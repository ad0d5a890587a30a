//! How long a message waits for its page, and for whom.

use chrono::TimeDelta;
use poem::Endpoint;
use poem::http::{StatusCode, header};

use crate::browser::{Browser, EMAIL, PASSWORD, Page, browser};
use crate::registry::Registry;

const FLASH: &str = "user-registry-flash";

fn sealed<E: Endpoint>(browser: &Browser<E>) -> String {
    browser.cookies.borrow()[FLASH].clone()
}

fn send_again<E: Endpoint>(browser: &Browser<E>, sealed: &str) {
    browser.cookies.borrow_mut().insert(FLASH.into(), sealed.into());
}

#[track_caller]
fn lives_for(page: &Page, seconds: i64) {
    let mut set = page.headers.get_all(header::SET_COOKIE).iter().map(|set| set.to_str().expect("ASCII"));
    let flash = set.find(|set| set.starts_with(FLASH)).expect("a message");
    assert!(flash.ends_with(&format!("; Max-Age={seconds}")), "{flash}");
}

#[tokio::test]
async fn a_message_with_a_token_that_is_sent_again_after_a_minute_shows_nothing() {
    let registry = Registry::default();
    let browser = browser(&registry);
    browser.log_in_as(EMAIL).await;
    let answer = browser.post_from("/account/token/new", "/account/token/new", &[]).await;
    lives_for(&answer, 60);
    let copy = sealed(&browser);
    registry.clock.advance(TimeDelta::seconds(59));
    assert!(browser.get("/account/token").await.secret("urt_").is_some(), "it waited for its page");
    assert!(!browser.cookies.borrow().contains_key(FLASH), "and is gone with it");
    send_again(&browser, &copy);
    registry.clock.advance(TimeDelta::seconds(1));
    browser.get("/account/token").await.leads_to("/account");
}

#[tokio::test]
async fn the_token_of_a_sign_up_is_not_shown_after_a_minute() {
    let registry = Registry::default();
    let browser = browser(&registry);
    let inputs = [("email", EMAIL), ("password", PASSWORD)];
    lives_for(&browser.post_from("/sign-up", "/sign-up", &inputs).await, 60);
    let copy = sealed(&browser);
    let page = browser.get("/sign-up/done").await;
    page.shows(StatusCode::OK, &["Successfully registered."]);
    assert!(page.secret("urt_").is_some());
    send_again(&browser, &copy);
    registry.clock.advance(TimeDelta::seconds(60));
    browser.get("/sign-up/done").await.leads_to("/");
}

#[tokio::test]
async fn a_message_with_a_token_opens_for_no_other_session_of_the_same_user() {
    let registry = Registry::default();
    let browser = browser(&registry);
    browser.log_in_as(EMAIL).await;
    browser.post_from("/account/token/new", "/account/token/new", &[]).await.leads_to("/account/token");
    let copy = sealed(&browser);
    browser.post_from("/account", "/account/log-out", &[]).await.leads_to("/");
    browser.post_from("/", "/", &[("email", EMAIL), ("password", PASSWORD)]).await.leads_to("/account");
    send_again(&browser, &copy);
    browser.get("/account/token").await.leads_to("/account");
}

#[tokio::test]
async fn a_message_without_a_secret_waits_for_a_quarter_of_an_hour() {
    let registry = Registry::default();
    let browser = browser(&registry);
    browser.log_in_as(EMAIL).await;
    lives_for(&browser.post_from("/account", "/account/discoverable", &[("discoverable", "")]).await, 900);
    registry.clock.advance(TimeDelta::seconds(899));
    browser.get("/account").await.shows(StatusCode::OK, &["Others can now find your fields."]);
}

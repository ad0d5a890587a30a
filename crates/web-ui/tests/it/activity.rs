//! The page that shows what happened to an account.

use chrono::TimeDelta;
use domain::page::{Cursor, Listing};
use poem::http::StatusCode;

use crate::browser::{EMAIL, browser};
use crate::registry::Registry;

const PATH: &str = "/account/activity";

#[tokio::test]
async fn an_owner_reads_what_happened_in_plain_words_the_newest_first() {
    let registry = Registry::default();
    let browser = browser(&registry);
    browser.log_in_as(EMAIL).await;
    browser.get("/account").await.shows(StatusCode::OK, &["href=\"/account/activity\""]);
    registry.clock.advance(TimeDelta::seconds(1));
    browser.post_from("/account", "/account/discoverable", &[("discoverable", "yes")]).await.leads_to("/account");
    let page = browser.get(PATH).await;
    page.shows(StatusCode::OK, &["<h1>Recent activity</h1>", "The account was made", "Login", "<time datetime="]);
    let at = |words: &str| page.html.find(words).expect("it is there");
    assert!(at("It was changed whether others find your fields") < at("The account was made"));
    let spanish = browser.send(poem::http::Method::GET, PATH, &[("accept-language", "es")], None).await;
    spanish.shows(StatusCode::OK, &["<h1>Actividad reciente</h1>", "Se creó la cuenta"]);
}

#[tokio::test]
async fn nobody_sees_what_happened_to_others() {
    let registry = Registry::default();
    let (ada, eve) = (browser(&registry), browser(&registry));
    ada.log_in_as(EMAIL).await;
    eve.log_in_as("eve@example.org").await;
    ada.post_from("/account", "/account/discoverable", &[("discoverable", "yes")]).await.leads_to("/account");
    let page = eve.get(PATH).await;
    assert!(!page.html.contains("find your fields"), "{}", page.html);
    assert_eq!(page.html.matches("The account was made").count(), 1);
    let stranger = browser(&registry).get(PATH).await;
    assert_eq!(stranger.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn earlier_events_stand_on_the_next_page_and_none_on_the_one_after_the_first() {
    let registry = Registry::default();
    let browser = browser(&registry);
    browser.log_in_as(EMAIL).await;
    for _ in 0..50 {
        registry.clock.advance(TimeDelta::seconds(1));
        browser.post_from("/account", "/account/discoverable", &[]).await.leads_to("/account");
    }
    let page = browser.get(PATH).await;
    assert!(!page.html.contains("The account was made"));
    let (_, rest) = page.html.split_once("rel=\"next\" href=\"").expect("there are earlier ones");
    let next = rest.split('"').next().expect("an address").to_owned();
    let page = browser.get(&next).await;
    page.shows(StatusCode::OK, &["The account was made", "The newest"]);
    let user = registry.memory.events()[0].user.expect("somebody signed up").to_string();
    let beyond = Cursor::after("00000000-0000-0000-0000-000000000000").encode(Listing::Events, &user);
    browser.get(&format!("{PATH}?after={beyond}")).await.shows(StatusCode::OK, &["Nothing is recorded."]);
    browser.get(&format!("{PATH}?after=canary")).await.shows(StatusCode::OK, &["find your fields"]);
}

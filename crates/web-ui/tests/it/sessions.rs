//! Where somebody is signed in, and how they end it.

use chrono::TimeDelta;
use poem::Endpoint;
use poem::http::StatusCode;

use crate::browser::{Browser, EMAIL, PASSWORD, Page, browser};
use crate::registry::Registry;

const PATH: &str = "/account/sessions";

/// Another browser of the same user.
async fn log_in(registry: &Registry) -> Browser<impl Endpoint + use<>> {
    let browser = browser(registry);
    browser.post_from("/", "/", &[("email", EMAIL), ("password", PASSWORD)]).await.leads_to("/account");
    browser
}

/// The paths of the forms that end a session.
fn ends(page: &Page) -> Vec<String> {
    let values =
        page.html.split('"').filter(|value| value.starts_with("/account/sessions/") && value.ends_with("/end"));
    values.map(String::from).collect()
}

#[tokio::test]
async fn a_session_is_shown_and_ended_from_another() {
    let registry = Registry::default();
    let here = browser(&registry);
    here.log_in_as(EMAIL).await;
    let page = here.get(PATH).await;
    page.shows(StatusCode::OK, &["Browser", "This one", "You are not signed in anywhere else."]);
    assert_eq!(ends(&page), [""; 0], "who is here logs out");
    registry.clock.advance(TimeDelta::minutes(90));
    let there = log_in(&registry).await;
    let page = here.get(PATH).await;
    assert!(!page.html.contains("You are not signed in anywhere else."));
    assert_eq!(page.html.matches("This one").count(), 1);
    assert_eq!(page.html.matches("<time datetime=\"").count(), 4);
    let [end] = &*ends(&page) else { panic!("one other: {}", page.html) };
    here.get(end).await.leads_to(PATH);
    there.get("/account").await.shows(StatusCode::OK, &[]);
    here.post_from(PATH, end, &[]).await.leads_to(PATH);
    let page = here.get(PATH).await;
    page.shows(StatusCode::OK, &["The session has ended.", "role=\"status\"", "You are not signed in anywhere else."]);
    there.get("/account").await.leads_to("/?next=%2Faccount");
    here.post_from(PATH, end, &[]).await.shows(StatusCode::NOT_FOUND, &["Page not found"]);
}

#[tokio::test]
async fn times_are_told_for_people_and_for_programs() {
    let registry = Registry::default();
    let browser = browser(&registry);
    browser.log_in_as(EMAIL).await;
    let at = memory::clock::ManualClock::START;
    let (date, time) = (at.date_naive(), at.format("%H:%M"));
    let told = format!("<time datetime=\"{date}T{time}Z\">{date} {time} UTC</time>");
    assert_eq!(browser.get(PATH).await.html.matches(&told).count(), 2, "{told}");
}

#[tokio::test]
async fn nobody_ends_the_session_of_another_or_their_own_in_this_way() {
    let registry = Registry::default();
    let (ada, eve) = (browser(&registry), browser(&registry));
    ada.log_in_as(EMAIL).await;
    let other = log_in(&registry).await;
    eve.log_in_as("eve@example.org").await;
    let [of_other] = &*ends(&ada.get(PATH).await) else { panic!("one other") };
    let [of_ada] = &*ends(&other.get(PATH).await) else { panic!("one other") };
    for end in [of_other, of_ada] {
        eve.post_from(PATH, end, &[]).await.shows(StatusCode::NOT_FOUND, &["Page not found"]);
    }
    ada.post_from(PATH, of_ada, &[]).await.shows(StatusCode::NOT_FOUND, &["Page not found"]);
    for end in ["/account/sessions/x/end", "/account/sessions/%ff/end"] {
        ada.post_from(PATH, end, &[]).await.shows(StatusCode::NOT_FOUND, &["Page not found"]);
    }
    ada.get("/account").await.shows(StatusCode::OK, &[]);
    other.get("/account").await.shows(StatusCode::OK, &[]);
}

#[tokio::test]
async fn somebody_logs_out_everywhere_after_they_have_confirmed_it() {
    let registry = Registry::default();
    let here = browser(&registry);
    here.log_in_as(EMAIL).await;
    let (there, eve) = (log_in(&registry).await, browser(&registry));
    eve.log_in_as("eve@example.org").await;
    let path = "/account/sessions/end-all";
    here.get(PATH).await.shows(StatusCode::OK, &[&format!("href=\"{path}\"")]);
    here.get(path).await.shows(StatusCode::OK, &["Log out everywhere?", "this one included"]);
    there.get("/account").await.shows(StatusCode::OK, &[]);
    let secret = here.cookies.borrow()["user-registry-session"].clone();
    here.post_from(path, path, &[]).await.leads_to("/");
    assert!(!here.cookies.borrow().contains_key("user-registry-session"));
    here.get("/").await.shows(StatusCode::OK, &["You are logged out everywhere."]);
    here.cookies.borrow_mut().insert("user-registry-session".into(), secret);
    here.get("/account").await.leads_to("/?next=%2Faccount");
    there.get("/account").await.leads_to("/?next=%2Faccount");
    eve.get("/account").await.shows(StatusCode::OK, &[]);
}

//! Requests that no page foresees: they get a page all the same.

use std::sync::Arc;

use async_trait::async_trait;
use domain::authority::authority_token::StoredAuthorityToken;
use domain::domains::name::DomainName;
use domain::ids::{GrantId, UserId};
use domain::land::field::Field;
use domain::ports::clock::{Clock, Timestamp};
use domain::ports::failure::PortFailure;
use domain::sessions::ports::{CredentialKey, HeldGrant, Holder, Sessions};
use domain::sessions::session::Session;
use poem::http::{Method, StatusCode};
use web_ui::options::Options;
use web_ui::site::UseCases;

use crate::browser::{Browser, browser};
use crate::registry::Registry;

#[tokio::test]
async fn a_path_that_is_no_text_is_not_found_rather_than_a_failure() {
    let browser = browser(&Registry::default());
    for path in ["/account/fields/%ff/remove", "/assets/%ff", "/account/%ff", "/sign-up/%ff"] {
        browser.get(path).await.shows(StatusCode::NOT_FOUND, &["Page not found"]);
    }
}

#[tokio::test]
async fn a_head_that_is_too_long_gets_an_error_page_wherever_it_leads() {
    let browser = browser(&Registry::default());
    let long = "x".repeat(16 * 1024);
    for path in ["/", "/sign-up", "/account", "/account/none", "/assets/none"] {
        let page = browser.send(Method::GET, path, &[("x-long", &long)], None).await;
        page.shows(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, &["16 KiB at most"]);
    }
    let page = browser.get(&format!("/?next={long}")).await;
    page.shows(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, &["16 KiB at most"]);
    let page = browser.send(Method::GET, "/", &[("x-long", &long[1024..])], None).await;
    page.shows(StatusCode::OK, &["Login"]);
}

/// A storage that is not there at all.
struct Broken;

#[async_trait]
impl Sessions for Broken {
    async fn holder(&self, _: &CredentialKey) -> Result<Option<Holder>, PortFailure> {
        panic!("the storage broke: canary")
    }

    async fn holder_with_fields(
        &self,
        _: &CredentialKey,
        _: usize,
    ) -> Result<Option<(Holder, Vec<Field>)>, PortFailure> {
        panic!("the storage broke: canary")
    }

    async fn holder_with_authority_token(
        &self,
        _: &CredentialKey,
        _: &DomainName,
    ) -> Result<Option<(Holder, Option<StoredAuthorityToken>)>, PortFailure> {
        panic!("the storage broke: canary")
    }

    async fn of_user(&self, _: UserId, _: Timestamp, _: usize) -> Result<Vec<Session>, PortFailure> {
        panic!("the storage broke: canary")
    }

    async fn by_grant(&self, _: GrantId) -> Result<Option<HeldGrant>, PortFailure> {
        panic!("the storage broke: canary")
    }
}

#[tokio::test]
async fn a_panic_is_a_page_and_nothing_else_suffers() {
    let options = Options::new("http://localhost:8080", 8080, false).expect("good");
    let browser = Browser::at(web_ui::routes(Registry::default().reading(Arc::new(Broken)), options));
    let usual = browser.get("/account/none").await;
    usual.shows(StatusCode::NOT_FOUND, &["Page not found"]);
    let secret = format!("urs_{}", "0".repeat(64));
    browser.cookies.borrow_mut().insert("user-registry-session".into(), secret);
    for (method, path) in [
        (Method::GET, "/account"),
        (Method::GET, "/account"),
        (Method::GET, "/account/none"),
        (Method::PUT, "/account"),
        (Method::POST, "/account/log-out"),
    ] {
        let page = browser.send(method, path, &[], None).await;
        page.shows(StatusCode::INTERNAL_SERVER_ERROR, &["Something went wrong"]);
        assert!(!page.html.contains("canary"), "{}", page.html);
        assert!(page.html.contains(page.headers["x-request-id"].to_str().expect("ASCII")));
        for (name, value) in &usual.headers {
            assert!(name == "x-request-id" || page.headers[name] == value, "{name} of {path}");
        }
    }
    browser.cookies.borrow_mut().clear();
    browser.get("/").await.shows(StatusCode::OK, &["Login"]);
}

/// A clock that has stopped.
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        panic!("the clock broke: canary")
    }
}

#[tokio::test]
async fn a_panic_before_a_page_is_an_answer_that_keeps_to_itself() {
    let registry = Registry::default();
    let options = Options::new("http://localhost:8080", 8080, false).expect("good");
    let use_cases = UseCases { clock: Arc::new(Stopped), ..registry.use_cases() };
    let page = Browser::at(web_ui::routes(use_cases, options)).get("/account").await;
    assert_eq!((page.status, &*page.html), (StatusCode::INTERNAL_SERVER_ERROR, ""));
    let usual = browser(&registry).get("/account/none").await;
    for (name, value) in &usual.headers {
        // Nothing could be made for it to show.
        let is_of_page = ["x-request-id", "content-type"].contains(&name.as_str());
        assert!(is_of_page || page.headers.get(name) == Some(value), "{name}");
    }
}

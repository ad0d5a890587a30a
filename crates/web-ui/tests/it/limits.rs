//! Requests that no page foresees: they get a page all the same.

use std::sync::Arc;

use async_trait::async_trait;
use domain::authority::authority_token::StoredAuthorityToken;
use domain::domains::name::DomainName;
use domain::ids::{GrantId, UserId};
use domain::land::field::Field;
use domain::ports::clock::Timestamp;
use domain::ports::failure::PortFailure;
use domain::sessions::ports::{CredentialKey, HeldGrant, Holder, Sessions};
use domain::sessions::session::Session;
use poem::http::{Method, StatusCode};
use web_ui::options::Options;

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
    let secret = format!("urs_{}", "0".repeat(64));
    browser.cookies.borrow_mut().insert("user-registry-session".into(), secret);
    for _ in 0..2 {
        let page = browser.get("/account").await;
        page.shows(StatusCode::INTERNAL_SERVER_ERROR, &["Something went wrong"]);
        assert!(!page.html.contains("canary"), "{}", page.html);
        assert!(page.html.contains(page.headers["x-request-id"].to_str().expect("ASCII")));
        assert_eq!(page.headers["cache-control"], "no-store");
        assert!(page.headers.contains_key("content-security-policy"));
    }
    browser.cookies.borrow_mut().clear();
    browser.get("/").await.shows(StatusCode::OK, &["Login"]);
}

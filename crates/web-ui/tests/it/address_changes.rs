//! The pages on which an address is changed, and the one on which that is undone.

use chrono::TimeDelta;
use domain::mail::letter::Template;
use poem::http::{Method, StatusCode};

use crate::browser::{EMAIL, PASSWORD, browser};
use crate::registry::Registry;

const NEW: &str = "ada@lovelace.example";
const FORM: &str = "/account/email";

#[tokio::test]
async fn an_address_is_changed_by_a_button_and_not_by_the_link_alone() {
    let registry = Registry::default();
    let browser = browser(&registry);
    browser.log_in_as(EMAIL).await;
    browser.get("/account").await.shows(StatusCode::OK, &["href=\"/account/email\""]);
    browser.get(FORM).await.shows(StatusCode::OK, &["<h1>Change your e-mail address</h1>", EMAIL]);
    let inputs = [("email", NEW), ("current_password", PASSWORD)];
    browser.post_from(FORM, FORM, &inputs).await.leads_to("/account/email/sent");
    browser.get("/account/email/sent").await.shows(StatusCode::OK, &["Check the mail of the new address"]);
    let token = registry.mailed_token(Template::ConfirmNewAddress);
    let link = format!("/mail/verify?token={token}");
    for method in [Method::GET, Method::HEAD, Method::GET] {
        assert_eq!(browser.send(method, &link, &[], None).await.status, StatusCode::OK);
    }
    browser.get("/account").await.shows(StatusCode::OK, &[EMAIL]);
    let page = browser.get(&link).await;
    page.shows(StatusCode::OK, &["Confirm your new address", NEW, "method=\"post\""]);
    assert_eq!(page.html.matches("urm_").count(), 1, "it stands in the form only");
    browser.post_from(&link, "/mail/verify", &[("token", &token)]).await.leads_to("/mail/verify/done");
    browser.get("/mail/verify/done").await.shows(StatusCode::OK, &["Address changed", "Log in with it."]);
    assert_eq!(browser.get("/account").await.status, StatusCode::SEE_OTHER, "the session has ended");
    browser.post_from("/", "/", &[("email", NEW), ("password", PASSWORD)]).await.leads_to("/account");
    browser.get("/account").await.shows(StatusCode::OK, &[NEW, ">Verified<"]);
}

#[tokio::test]
async fn a_change_is_undone_by_a_button_and_not_by_the_link_alone() {
    let registry = Registry::default();
    let owner = browser(&registry);
    owner.log_in_as(EMAIL).await;
    let inputs = [("email", NEW), ("current_password", PASSWORD)];
    owner.post_from(FORM, FORM, &inputs).await.leads_to("/account/email/sent");
    let token = registry.mailed_token(Template::ConfirmNewAddress);
    let link = format!("/mail/verify?token={token}");
    owner.post_from(&link, "/mail/verify", &[("token", &token)]).await.leads_to("/mail/verify/done");
    owner.post_from("/", "/", &[("email", NEW), ("password", PASSWORD)]).await.leads_to("/account");
    let undo = registry.mailed_token(Template::AddressChanged);
    let link = format!("/mail/undo?token={undo}");
    let elsewhere = browser(&registry);
    for method in [Method::GET, Method::HEAD, Method::GET] {
        assert_eq!(elsewhere.send(method, &link, &[], None).await.status, StatusCode::OK);
    }
    owner.get("/account").await.shows(StatusCode::OK, &[NEW]);
    let page = elsewhere.get(&link).await;
    page.shows(StatusCode::OK, &["Undo the change of the address", EMAIL, "method=\"post\""]);
    assert!(!page.html.contains(NEW), "it does not tell where the account is now");
    assert_eq!(page.html.matches("urm_").count(), 1, "it stands in the form only");
    assert_eq!(page.headers["cache-control"], "no-store");
    elsewhere.post_from(&link, "/mail/undo", &[("token", &undo)]).await.leads_to("/mail/undo/done");
    elsewhere.get("/mail/undo/done").await.shows(StatusCode::OK, &["The change is undone", "href=\"/forgot\""]);
    elsewhere.get("/mail/undo/done").await.leads_to("/");
    assert_eq!(owner.get("/account").await.status, StatusCode::SEE_OTHER, "the session has ended");
    for email in [EMAIL, NEW] {
        let page = elsewhere.post_from("/", "/", &[("email", email), ("password", PASSWORD)]).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{email}");
    }
    for path in [&link, "/mail/undo", "/mail/undo?token=canary"] {
        elsewhere.get(path).await.shows(StatusCode::UNPROCESSABLE_ENTITY, &["This link is not valid"]);
    }
    let reset = registry.mailed_token(Template::ResetPassword);
    let link = format!("/mail/reset?token={reset}");
    let inputs = [("token", reset.as_str()), ("password", "bright kettle under glass")];
    elsewhere.post_from(&link, "/mail/reset", &inputs).await.leads_to("/");
}

#[tokio::test]
async fn what_is_wrong_with_a_wish_is_said_beside_the_input() {
    let registry = Registry::default();
    let browser = browser(&registry);
    browser.log_in_as(EMAIL).await;
    registry.block("blocked.example").await;
    for (email, password, field, sentence) in [
        ("ada", PASSWORD, "email", "Enter an e-mail address, such as name@example.org."),
        (EMAIL, PASSWORD, "email", "This is your e-mail address already."),
        ("ada@blocked.example", PASSWORD, "email", "E-mail addresses of this domain are not allowed."),
        (NEW, "another one", "current_password", "Wrong password"),
        (NEW, "", "current_password", "Enter your current password."),
    ] {
        let page = browser.post_from(FORM, FORM, &[("email", email), ("current_password", password)]).await;
        let link = format!("<a href=\"#{field}\">{sentence}</a>");
        page.shows(StatusCode::UNPROCESSABLE_ENTITY, &[&link, &format!("value=\"{email}\""), "<title>Error: "]);
        assert!(!page.html.contains("another one"));
    }
    assert_eq!(registry.letters(Template::ConfirmNewAddress), 0);
    let page = browser.post(FORM, &[("email", NEW), ("current_password", PASSWORD)]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "a form without its code");
}

#[tokio::test]
async fn an_address_that_cannot_be_confirmed_any_more_says_why() {
    let registry = Registry::default();
    let owner = browser(&registry);
    owner.log_in_as(EMAIL).await;
    let wish = async || {
        registry.clock.advance(TimeDelta::seconds(1));
        let inputs = [("email", NEW), ("current_password", PASSWORD)];
        owner.post_from(FORM, FORM, &inputs).await.leads_to("/account/email/sent");
        registry.mailed_token(Template::ConfirmNewAddress)
    };
    let token = wish().await;
    let link = format!("/mail/verify?token={token}");
    browser(&registry).log_in_as(NEW).await;
    let page = owner.post_from(&link, "/mail/verify", &[("token", &token)]).await;
    page.shows(StatusCode::CONFLICT, &["Another account has this e-mail address.", "Nothing has changed."]);
    registry.block("lovelace.example").await;
    let page = owner.post_from(&link, "/mail/verify", &[("token", &token)]).await;
    page.shows(StatusCode::FORBIDDEN, &["E-mail addresses of this domain are not allowed."]);
    assert!(!page.html.contains(&token));
    owner.get("/account").await.shows(StatusCode::OK, &[EMAIL]);
}

//! What mails lead to: addresses that are verified, and the forms that ask for another mail.

use chrono::TimeDelta;
use domain::mail::letter::Template;
use poem::http::{Method, StatusCode};

use crate::browser::{EMAIL, PASSWORD, Page, browser, browser_at};
use crate::registry::Registry;

const CHECK: &str = "If there is something to send to this address, the mail is on its way.";
const NOT_VALID: &str = "This link is not valid";

fn link(path: &str, token: &str) -> String {
    format!("{path}?token={token}")
}

/// That a page says so, leads on, and repeats nothing of the token.
#[track_caller]
fn refuses(page: &Page, leads_to: &str, token: &str) {
    page.shows(StatusCode::UNPROCESSABLE_ENTITY, &[NOT_VALID, &format!("href=\"{leads_to}\"")]);
    assert!(token.is_empty() || !page.html.contains(token), "{}", page.html);
    assert!(!format!("{:?}", page.headers).contains("urm_"), "{:?}", page.headers);
}

#[tokio::test]
async fn an_address_is_verified_by_a_button_and_not_by_the_link_alone() {
    let registry = Registry::default();
    let browser = browser(&registry);
    browser.log_in_as(EMAIL).await;
    let token = registry.mailed_token(Template::VerifyAddress);
    let link = link("/mail/verify", &token);
    for method in [Method::GET, Method::HEAD, Method::GET] {
        assert_eq!(browser.send(method, &link, &[], None).await.status, StatusCode::OK);
    }
    browser.get("/account").await.shows(StatusCode::OK, &["Not verified"]);
    let page = browser.get(&link).await;
    page.shows(StatusCode::OK, &["<title>Verify your address · User Registry</title>", EMAIL, "method=\"post\""]);
    browser.post_from(&link, "/mail/verify", &[("token", &token)]).await.leads_to("/mail/verify/done");
    browser.get("/mail/verify/done").await.shows(StatusCode::OK, &["Your e-mail address is verified."]);
    browser.get("/mail/verify/done").await.leads_to("/");
    let page = browser.get("/account").await;
    page.shows(StatusCode::OK, &[">Verified<"]);
    assert!(!page.html.contains("Send the mail again"));
    refuses(&browser.get(&link).await, "/mail/again", &token);
    refuses(&browser.post_from("/forgot", "/mail/verify", &[("token", &token)]).await, "/mail/again", &token);
}

#[tokio::test]
async fn a_link_needs_no_session_and_no_browser_that_was_here_before() {
    let registry = Registry::default();
    browser(&registry).log_in_as(EMAIL).await;
    let token = registry.mailed_token(Template::VerifyAddress);
    let elsewhere = browser(&registry);
    let link = link("/mail/verify", &token);
    elsewhere.post_from(&link, "/mail/verify", &[("token", &token)]).await.leads_to("/mail/verify/done");
    elsewhere.get("/mail/verify/done").await.shows(StatusCode::OK, &["Your e-mail address is verified."]);
}

#[tokio::test]
async fn a_link_that_is_forged_too_old_or_of_another_purpose_is_refused_without_its_token() {
    let registry = Registry::default();
    let browser = browser(&registry);
    browser.log_in_as(EMAIL).await;
    browser.post_from("/forgot", "/forgot", &[("email", EMAIL)]).await.leads_to("/mail/sent");
    let (verify, reset) =
        (registry.mailed_token(Template::VerifyAddress), registry.mailed_token(Template::ResetPassword));
    let forged = format!("urm_{}", "0".repeat(96));
    for (path, leads_to, foreign) in [("/mail/verify", "/mail/again", &reset), ("/mail/reset", "/forgot", &verify)] {
        for token in ["", "urm_", "canary<script>", &forged, &verify.to_uppercase(), foreign] {
            let encoded = crate::browser::encode(&[("token", token)]);
            refuses(&browser.get(&format!("{path}?{encoded}")).await, leads_to, token);
            let inputs = [("token", token), ("password", "bright kettle under glass")];
            refuses(&browser.post_from("/forgot", path, &inputs).await, leads_to, token);
        }
        refuses(&browser.get(path).await, leads_to, "");
        refuses(&browser.post_from("/forgot", path, &[]).await, leads_to, "");
    }
    registry.clock.advance(TimeDelta::days(3));
    refuses(&browser.get(&link("/mail/verify", &verify)).await, "/mail/again", &verify);
    refuses(&browser.get(&link("/mail/reset", &reset)).await, "/forgot", &reset);
}

#[tokio::test]
async fn a_page_with_a_token_in_its_address_keeps_it_to_itself() {
    for (url, referrer) in [
        ("https://registry.example", "no-referrer"),
        ("http://localhost:8080", "no-referrer"),
        ("http://registry.example", "origin"),
    ] {
        let registry = Registry::default();
        let browser = browser_at(&registry, url);
        browser.log_in_as(EMAIL).await;
        browser.post_from("/forgot", "/forgot", &[("email", EMAIL)]).await.leads_to("/mail/sent");
        for (path, template) in [("/mail/verify", Template::VerifyAddress), ("/mail/reset", Template::ResetPassword)] {
            let token = registry.mailed_token(template);
            let page = browser.get(&link(path, &token)).await;
            page.shows(StatusCode::OK, &[&format!("<input type=\"hidden\" name=\"token\" value=\"{token}\">")]);
            assert_eq!(page.html.matches("urm_").count(), 1, "it stands in the form only");
            for page in [page, browser.get(&link(path, "urm_00")).await, browser.get(&link("/mail/x", &token)).await] {
                assert_eq!(page.headers["referrer-policy"], referrer);
                assert_eq!(page.headers["cache-control"], "no-store");
                assert!(!format!("{:?}", page.headers).contains("urm_"));
                assert!(!page.html.contains("http://") && !page.html.contains("https://"));
                let scripts = page.html.matches("<script").count();
                assert_eq!(scripts, page.html.matches("<script src=\"/assets/strength-").count(), "only our own");
            }
        }
    }
}

#[tokio::test]
async fn who_asks_for_a_mail_sees_the_same_whoever_they_are() {
    let registry = Registry::default();
    registry.add_disabled("shut@example.org", PASSWORD).await;
    let ada = browser(&registry);
    ada.log_in_as(EMAIL).await;
    let browser = browser(&registry);
    let mut pages = Vec::new();
    for path in ["/forgot", "/mail/again"] {
        for email in [EMAIL, " ADA@Example.org ", "shut@example.org", "nobody@example.org"] {
            let answer = browser.post_from(path, path, &[("email", email)]).await;
            answer.leads_to("/mail/sent");
            assert_eq!(answer.html, "");
            pages.push(browser.get("/mail/sent").await.html);
        }
    }
    assert!(pages[0].contains(CHECK) && pages[0].contains(">Check your mail</h1>"));
    assert!(pages.iter().all(|page| *page == pages[0]));
    assert_eq!(registry.letters(Template::ResetPassword), 2, "only for the user whose address it is");
    assert_eq!(registry.letters(Template::VerifyAddress), 1 + 2, "the first one at the sign-up");
}

#[tokio::test]
async fn what_is_no_address_is_said_beside_the_input() {
    let browser = browser(&Registry::default());
    for (path, title) in [("/forgot", "Forgot your password?"), ("/mail/again", "Verify your address")] {
        for (email, message) in [
            ("ada", "Enter an e-mail address, such as name@example.org."),
            ("", "Enter an e-mail address, such as name@example.org."),
            ("\"a b\"@example.org", "An e-mail address with a quoted part is not accepted."),
        ] {
            let page = browser.post_from(path, path, &[("email", email)]).await;
            let parts = [
                &format!("<a href=\"#email\">{message}</a>"),
                "aria-invalid=\"true\" aria-describedby=\"email-mistake\"",
                &format!("<title>Error: {title} · User Registry</title>"),
                &format!("value=\"{}\"", email.replace('"', "&#34;")),
            ];
            page.shows(StatusCode::UNPROCESSABLE_ENTITY, &parts);
        }
    }
}

#[tokio::test]
async fn the_account_sends_the_mail_again_until_the_address_is_verified() {
    let registry = Registry::default();
    let browser = browser(&registry);
    browser.log_in_as(EMAIL).await;
    let first = registry.mailed_token(Template::VerifyAddress);
    browser.get("/account").await.shows(StatusCode::OK, &["Not verified", "Send the mail again"]);
    let path = "/account/verification";
    browser.get(path).await.leads_to("/account");
    browser.post_from("/account", path, &[]).await.leads_to("/account");
    browser.get("/account").await.shows(StatusCode::OK, &["The mail is on its way.", "role=\"status\""]);
    let second = registry.mailed_token(Template::VerifyAddress);
    refuses(&browser.get(&link("/mail/verify", &first)).await, "/mail/again", &first);
    let link = link("/mail/verify", &second);
    browser.post_from(&link, "/mail/verify", &[("token", &second)]).await.leads_to("/mail/verify/done");
    browser.post_from("/account", path, &[]).await.leads_to("/account");
    assert!(!browser.get("/account").await.html.contains("The mail is on its way."));
    assert_eq!(registry.letters(Template::VerifyAddress), 2);
}

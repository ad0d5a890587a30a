//! New passwords: by mail, and by those who know theirs.

use domain::mail::letter::Template;
use poem::http::StatusCode;

use crate::browser::{EMAIL, PASSWORD, browser};
use crate::registry::Registry;

const NEW: &str = "bright kettle under glass";

/// Asks for the mail, and gives the token in it.
async fn forgot(registry: &Registry) -> String {
    browser(registry).post_from("/forgot", "/forgot", &[("email", EMAIL)]).await.leads_to("/mail/sent");
    registry.mailed_token(Template::ResetPassword)
}

#[tokio::test]
async fn the_login_leads_to_a_new_password_and_ends_with_the_sign_up() {
    let browser = browser(&Registry::default());
    let page = browser.get("/").await;
    let forgot = page.html.find("<a href=\"/forgot\">Forgot your password?</a>").expect("the link");
    let sign_up = page.html.find("<a href=\"/sign-up\">Sign up</a>").expect("the link");
    assert!(forgot < sign_up, "the sign-up stands at the end");
    browser.get("/forgot").await.shows(StatusCode::OK, &[">Forgot your password?</h1>", "autocomplete=\"username\""]);
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_by_mail() {
    let registry = Registry::default();
    let (ada, elsewhere) = (browser(&registry), browser(&registry));
    ada.log_in_as(EMAIL).await;
    let token = forgot(&registry).await;
    let link = format!("/mail/reset?token={token}");
    let parts = ["At least 8 characters.", "autocomplete=\"new-password\"", "minlength=\"8\"", EMAIL];
    let page = elsewhere.get(&link).await;
    page.shows(StatusCode::OK, &parts);
    page.shows(StatusCode::OK, &["<title>Choose a new password · User Registry</title>"]);
    ada.get("/account").await.shows(StatusCode::OK, &[]);
    let inputs = [("token", &*token), ("password", NEW)];
    elsewhere.post_from(&link, "/mail/reset", &inputs).await.leads_to("/");
    elsewhere.get("/").await.shows(StatusCode::OK, &["Your password is set. Log in with it."]);
    ada.get("/account").await.leads_to("/?next=%2Faccount");
    let old = elsewhere.post_from("/", "/", &[("email", EMAIL), ("password", PASSWORD)]).await;
    old.shows(StatusCode::UNAUTHORIZED, &["Wrong password"]);
    elsewhere.post_from("/", "/", &[("email", EMAIL), ("password", NEW)]).await.leads_to("/account");
    elsewhere.get("/account").await.shows(StatusCode::OK, &[">Verified<", "You have no access token."]);
    let again = elsewhere.post_from("/forgot", "/mail/reset", &inputs).await;
    again.shows(StatusCode::UNPROCESSABLE_ENTITY, &["This link is not valid", "href=\"/forgot\""]);
}

#[tokio::test]
async fn a_weak_new_password_is_told_in_place_and_the_token_stays() {
    let registry = Registry::default();
    let browser = browser(&registry);
    browser.log_in_as(EMAIL).await;
    let token = forgot(&registry).await;
    let link = format!("/mail/reset?token={token}");
    for (weak, message) in [
        ("", "A password has at least 8 characters."),
        ("br1ef", "A password has at least 8 characters."),
        ("password1", "one of the commonest"),
        (EMAIL, "A password is not the e-mail address"),
    ] {
        let page = browser.post_from(&link, "/mail/reset", &[("token", &token), ("password", weak)]).await;
        let kept = format!("name=\"token\" value=\"{token}\"");
        let described = "aria-invalid=\"true\" aria-describedby=\"password-mistake password-hint\"";
        page.shows(StatusCode::UNPROCESSABLE_ENTITY, &[message, &kept, described, "href=\"#password\""]);
        page.shows(StatusCode::UNPROCESSABLE_ENTITY, &["<title>Error: Choose a new password · User Registry</title>"]);
        assert_eq!(page.html.matches("autofocus").count(), 1);
        assert_eq!(page.html.matches("urm_").count(), 1, "it stands in the form only");
        assert!(weak.is_empty() || weak == EMAIL || !page.html.contains(weak));
        assert_eq!(page.headers["referrer-policy"], "no-referrer");
    }
    browser.post_from(&link, "/mail/reset", &[("token", &token), ("password", NEW)]).await.leads_to("/");
}

#[tokio::test]
async fn somebody_else_who_is_signed_in_here_stays_and_reads_of_it() {
    let registry = Registry::default();
    browser(&registry).log_in_as(EMAIL).await;
    let eve = browser(&registry);
    eve.log_in_as("eve@example.org").await;
    let token = forgot(&registry).await;
    let link = format!("/mail/reset?token={token}");
    eve.post_from(&link, "/mail/reset", &[("token", &token), ("password", NEW)]).await.leads_to("/");
    eve.get("/").await.leads_to("/account");
    eve.get("/account").await.shows(StatusCode::OK, &["eve@example.org", "Your password is set."]);
}

#[tokio::test]
async fn too_many_at_once_are_asked_to_come_back_and_the_token_is_still_good() {
    let registry = Registry::default();
    let browser = browser(&registry);
    browser.log_in_as(EMAIL).await;
    let token = forgot(&registry).await;
    let inputs = [("token", &*token), ("password", NEW)];
    registry.hashing.refuse_next(1);
    let page = browser.post_from("/forgot", "/mail/reset", &inputs).await;
    page.shows(StatusCode::SERVICE_UNAVAILABLE, &["Too many people are here at once."]);
    assert!(!page.html.contains("urm_"), "an error repeats no token");
    browser.post_from("/forgot", "/mail/reset", &inputs).await.leads_to("/");
}

#[tokio::test]
async fn a_password_is_changed_and_the_other_sessions_end() {
    let registry = Registry::default();
    let (here, there) = (browser(&registry), browser(&registry));
    here.log_in_as(EMAIL).await;
    there.post_from("/", "/", &[("email", EMAIL), ("password", PASSWORD)]).await.leads_to("/account");
    let path = "/account/password";
    let page = here.get(path).await;
    page.shows(StatusCode::OK, &["autocomplete=\"current-password\"", "autocomplete=\"new-password\""]);
    page.shows(StatusCode::OK, &["At least 8 characters.", "Your access token is removed, too."]);
    here.post_from(path, path, &[("current_password", PASSWORD), ("password", NEW)]).await.leads_to("/account");
    here.get("/account").await.shows(StatusCode::OK, &["Your password is changed", "You have no access token."]);
    assert!(!here.get(path).await.html.contains("Your access token is removed, too."));
    there.get("/account").await.leads_to("/?next=%2Faccount");
    there.post_from("/", "/", &[("email", EMAIL), ("password", NEW)]).await.leads_to("/account");
}

#[tokio::test]
async fn a_change_says_what_is_wrong_beside_its_input() {
    let browser = browser(&Registry::default());
    browser.log_in_as(EMAIL).await;
    let path = "/account/password";
    let wrong = "wrong horse battery";
    for (current, new, field, message) in [
        (wrong, NEW, "current_password", "Wrong password"),
        ("", NEW, "current_password", "Enter your current password."),
        (&*"x".repeat(3000), NEW, "current_password", "Wrong password"),
        (PASSWORD, "short", "password", "A password has at least 8 characters."),
        (PASSWORD, "password1", "password", "one of the commonest"),
        (PASSWORD, EMAIL, "password", "A password is not the e-mail address"),
    ] {
        let page = browser.post_from(path, path, &[("current_password", current), ("password", new)]).await;
        page.shows(StatusCode::UNPROCESSABLE_ENTITY, &[message, &format!("<a href=\"#{field}\">")]);
        let described = format!("aria-invalid=\"true\" aria-describedby=\"{field}-mistake");
        page.shows(StatusCode::UNPROCESSABLE_ENTITY, &[&described, "Type the password again."]);
        assert_eq!(page.html.matches("aria-invalid").count(), 1, "{field}");
        assert!(!page.html.contains(PASSWORD) && !page.html.contains(wrong) && !page.html.contains(NEW));
    }
    let page = browser.post_from(path, path, &[]).await;
    page.shows(StatusCode::UNPROCESSABLE_ENTITY, &["href=\"#current_password\"", "href=\"#password\""]);
    assert!(!page.html.contains("Type the password again."));
    browser.post_from("/account", "/account/log-out", &[]).await.leads_to("/");
    browser.post_from("/", "/", &[("email", EMAIL), ("password", PASSWORD)]).await.leads_to("/account");
}

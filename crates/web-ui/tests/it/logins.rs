//! Sign-up, login and logout.

use poem::http::StatusCode;

use crate::browser::{EMAIL, PASSWORD, browser};
use crate::registry::Registry;

#[tokio::test]
async fn the_first_page_is_the_login_and_leads_to_the_sign_up() {
    let browser = browser(&Registry::default());
    let page = browser.get("/").await;
    page.shows(StatusCode::OK, &["<title>Login · User Registry</title>", "role=\"dialog\"", ">Login</h1>"]);
    page.shows(
        StatusCode::OK,
        &["<html lang=\"en\">", "autocomplete=\"username\"", "autocomplete=\"current-password\""],
    );
    let link = page.html.find("<a href=\"/sign-up\">Sign up</a>").expect("the link");
    assert!(link > page.html.find("</form>").expect("the form"), "the link stands at the end");
    let page = browser.get("/sign-up").await;
    page.shows(StatusCode::OK, &[">Sign up now</h1>", "autocomplete=\"new-password\"", "autocomplete=\"tel\""]);
}

#[tokio::test]
async fn a_visitor_signs_up_logs_in_and_logs_out() {
    let browser = browser(&Registry::default());
    let inputs = [
        ("email", " Ada@Example.org "),
        ("password", PASSWORD),
        ("phone_number", "+1 (415) 555-2671"),
        ("discoverable", "yes"),
    ];
    browser.post_from("/sign-up", "/sign-up", &inputs).await.leads_to("/sign-up/done");
    let done = browser.get("/sign-up/done").await;
    done.shows(StatusCode::OK, &["Successfully registered.", "Ada@Example.org", "shown only this once"]);
    assert!(done.secret("urt_").is_some());
    browser.get("/sign-up/done").await.leads_to("/");
    browser.get("/").await.shows(StatusCode::OK, &["value=\"Ada@Example.org\""]);

    browser.post_from("/", "/", &[("email", EMAIL), ("password", PASSWORD)]).await.leads_to("/account");
    let account = browser.get("/account").await;
    account.shows(StatusCode::OK, &["Ada@Example.org", "value=\"+14155552671\"", " checked", "Not verified"]);
    browser.get("/").await.leads_to("/account");
    browser.get("/sign-up").await.leads_to("/account");

    browser.post_from("/account", "/account/log-out", &[]).await.leads_to("/");
    browser.get("/").await.shows(StatusCode::OK, &["You are logged out."]);
    assert!(!browser.get("/").await.html.contains("You are logged out."), "it is said once");
    browser.get("/account").await.leads_to("/?next=%2Faccount");
}

#[tokio::test]
async fn a_login_says_what_is_wrong_beside_its_input() {
    let browser = browser(&Registry::default());
    browser
        .post_from("/sign-up", "/sign-up", &[("email", EMAIL), ("password", PASSWORD)])
        .await
        .leads_to("/sign-up/done");
    for (email, password, status, field, message) in [
        ("bob@example.org", PASSWORD, 401, "email", "User does not exist"),
        (EMAIL, "wrong horse battery", 401, "password", "Wrong password"),
        ("ada", PASSWORD, 422, "email", "Enter an e-mail address, such as name@example.org."),
        (EMAIL, "", 422, "password", "Enter your password."),
    ] {
        let page = browser.post_from("/", "/", &[("email", email), ("password", password)]).await;
        let status = StatusCode::from_u16(status).expect("a status");
        let summary = format!("<a href=\"#{field}\">{message}</a>");
        let beside = format!("id=\"{field}-mistake\"><span class=\"unseen\">Error:</span> {message}</p>");
        let described = format!("aria-invalid=\"true\" aria-describedby=\"{field}-mistake\"");
        let title = "<title>Error: Login · User Registry</title>";
        page.shows(status, &[&summary, &beside, &described, title, "tabindex=\"-1\" autofocus"]);
        page.shows(status, &[&format!("value=\"{email}\"")]);
        assert!(password.is_empty() || !page.html.contains(password));
        assert_eq!(page.html.matches("autofocus").count(), 1, "the summary gets the focus");
    }
    let page = browser.post_from("/", "/", &[]).await;
    page.shows(StatusCode::UNPROCESSABLE_ENTITY, &["href=\"#email\"", "href=\"#password\""]);
}

#[tokio::test]
async fn a_sign_up_says_all_that_is_wrong_at_once() {
    let browser = browser(&Registry::default());
    let inputs = [("email", "ada"), ("password", "short"), ("phone_number", "12"), ("discoverable", "yes")];
    let page = browser.post_from("/sign-up", "/sign-up", &inputs).await;
    let messages = [
        "such as name@example.org.",
        "A password has at least 8 characters.",
        "such as +1\u{a0}415\u{a0}555\u{a0}2671.",
        "value=\"ada\"",
        "value=\"12\"",
        " checked",
        "aria-describedby=\"password-mistake password-hint\"",
    ];
    page.shows(StatusCode::UNPROCESSABLE_ENTITY, &messages);
    assert!(!page.html.contains("short\""));
    let page = browser.post_from("/sign-up", "/sign-up", &[("email", "ada"), ("password", PASSWORD)]).await;
    page.shows(StatusCode::UNPROCESSABLE_ENTITY, &["Type the password again."]);
    let page = browser.post_from("/sign-up", "/sign-up", &[("email", EMAIL), ("password", "password1")]).await;
    page.shows(StatusCode::UNPROCESSABLE_ENTITY, &["one of the commonest"]);
}

#[tokio::test]
async fn who_exists_already_is_led_to_the_login() {
    let browser = browser(&Registry::default());
    let inputs = [("email", EMAIL), ("password", PASSWORD)];
    browser.post_from("/sign-up", "/sign-up", &inputs).await.leads_to("/sign-up/done");
    let page = browser.post_from("/sign-up", "/sign-up", &[("email", "ADA@example.org"), ("password", PASSWORD)]).await;
    page.shows(StatusCode::CONFLICT, &["User already exists. Please log in", "aria-describedby=\"email-mistake\""]);
}

#[tokio::test]
async fn a_blocked_domain_may_not_register() {
    let registry = Registry::default();
    registry.block("example.org").await;
    let page = browser(&registry).post_from("/sign-up", "/sign-up", &[("email", EMAIL), ("password", PASSWORD)]).await;
    page.shows(StatusCode::UNAUTHORIZED, &["You are not allowed to register.", "aria-describedby=\"email-mistake\""]);
}

#[tokio::test]
async fn a_disabled_account_is_told_so_after_the_right_password_only() {
    let registry = Registry::default();
    registry.add_disabled(EMAIL, PASSWORD).await;
    let browser = browser(&registry);
    let page = browser.post_from("/", "/", &[("email", EMAIL), ("password", PASSWORD)]).await;
    page.shows(StatusCode::FORBIDDEN, &["This account is disabled."]);
    let page = browser.post_from("/", "/", &[("email", EMAIL), ("password", "wrong horse battery")]).await;
    page.shows(StatusCode::UNAUTHORIZED, &["Wrong password"]);
}

#[tokio::test]
async fn a_login_leads_on_to_paths_of_this_site_only() {
    for (next, leads_to) in [
        ("/account/fields/new", "/account/fields/new"),
        ("//evil.example", "/account"),
        ("https://evil.example", "/account"),
        ("/\\evil.example", "/account"),
        ("javascript:alert(1)", "/account"),
    ] {
        let browser = browser(&Registry::default());
        let inputs = [("email", EMAIL), ("password", PASSWORD)];
        browser.post_from("/sign-up", "/sign-up", &inputs).await.leads_to("/sign-up/done");
        let path = format!("/?{}", crate::browser::encode(&[("next", next)]));
        let page = browser.get(&path).await;
        assert_eq!(page.html.contains("name=\"next\""), leads_to == next, "{next}");
        let with_next = [("email", EMAIL), ("password", PASSWORD), ("next", next)];
        browser.post_from("/", "/", &with_next).await.leads_to(leads_to);
        browser.get(&path).await.leads_to(leads_to);
    }
}

#[tokio::test]
async fn too_many_at_once_are_asked_to_come_back() {
    let registry = Registry::default();
    let browser = browser(&registry);
    registry.hashing.refuse_next(1);
    let page = browser.post_from("/", "/", &[("email", EMAIL), ("password", PASSWORD)]).await;
    page.shows(StatusCode::SERVICE_UNAVAILABLE, &["Too many people are here at once."]);
    assert_eq!(page.headers["retry-after"], "1");
}

#[tokio::test]
async fn a_cookie_of_another_site_on_the_host_keeps_nobody_out() {
    let browser = browser(&Registry::default());
    for name in ["greeting", "user-registry-z"] {
        browser.cookies.borrow_mut().insert(name.into(), "Grüß".into());
    }
    browser.log_in_as(EMAIL).await;
    browser.get("/account").await.shows(StatusCode::OK, &[EMAIL]);
}

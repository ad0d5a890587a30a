//! What strangers are told where answers are hardened, and logins where an address must be verified first.

use domain::accounts::answers::Answers;
use domain::accounts::even_time::SLICE;
use domain::mail::letter::Template;
use domain::sessions::log_in::LogInRules;
use poem::Endpoint;
use poem::http::{HeaderName, StatusCode, header};
use tokio::time::Instant;

use crate::browser::{Browser, EMAIL, PASSWORD, Page, browser};
use crate::registry::Registry;

const HARDENED: LogInRules = LogInRules { answers: Answers::Hardened, require_verified_email: false };
const VERIFIED_FIRST: LogInRules = LogInRules { answers: Answers::Contract, require_verified_email: true };

/// What a stranger may compare of an answer: all but what differs from request to request.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    status: StatusCode,
    headers: Vec<(HeaderName, String)>,
    html: String,
}

impl Told {
    /// By an answer to somebody who entered this address.
    fn by(page: &Page, email: &str) -> Self {
        let headers = page.headers.iter().filter(|(name, _)| *name != "x-request-id");
        let headers = headers.map(|(name, value)| {
            let value = value.to_str().expect("ASCII");
            let is_cookie = name == header::SET_COOKIE;
            let value = if is_cookie { value.split('=').next().unwrap_or_default() } else { value };
            (name.clone(), value.to_owned())
        });
        let code = if page.html.contains("form_code") { page.form_code() } else { "no form".into() };
        let html = page.html.replace(&code, "CODE").replace(email, "EMAIL");
        Self { status: page.status, headers: headers.collect(), html }
    }
}

/// All that a stranger sees of a sign-up: its answer, the cookies after it, and the page to which it leads.
async fn sign_up(registry: &Registry, email: &str) -> (Told, Vec<String>, Told) {
    let browser = browser(registry);
    let code = browser.get("/sign-up").await.form_code();
    let started = Instant::now();
    let page = browser.post("/sign-up", &[("email", email), ("password", PASSWORD), ("form_code", &code)]).await;
    assert!(started.elapsed() >= SLICE, "its time tells what was done");
    page.leads_to("/mail/sent");
    let cookies = browser.cookies.borrow().keys().cloned().collect();
    let next = browser.get("/mail/sent").await;
    next.shows(StatusCode::OK, &["Check your mail"]);
    (Told::by(&page, email), cookies, Told::by(&next, email))
}

async fn log_in<E: Endpoint>(browser: &Browser<E>, email: &str, password: &str) -> Page {
    browser.post_from("/", "/", &[("email", email), ("password", password)]).await
}

/// Follows the link of the newest mail that verifies an address.
async fn verify<E: Endpoint>(registry: &Registry, browser: &Browser<E>) {
    let token = registry.mailed_token(Template::VerifyAddress);
    let link = format!("/mail/verify?token={token}");
    browser.post_from(&link, "/mail/verify", &[("token", &token)]).await.leads_to("/mail/verify/done");
}

#[tokio::test]
async fn a_hardened_sign_up_tells_nothing_of_the_address() {
    let registry = Registry { rules: HARDENED, ..Registry::default() };
    registry.add_disabled("shut@example.org", PASSWORD).await;
    let new = sign_up(&registry, EMAIL).await;
    assert_eq!(registry.letters(Template::VerifyAddress), 1);
    assert_eq!(sign_up(&registry, "ADA@example.org").await, new, "of a user who is not verified");
    assert_eq!(registry.letters(Template::ResetPassword), 1);
    assert_eq!(sign_up(&registry, "shut@example.org").await, new, "of a user whose account is disabled");
    sign_up(&registry, "bob@example.org").await;
    verify(&registry, &browser(&registry)).await;
    assert_eq!(sign_up(&registry, "bob@example.org").await, new, "of a user who is verified");
    assert_eq!(registry.letters(Template::SignUpAgain), 1);
}

#[tokio::test]
async fn a_hardened_login_refuses_with_one_page() {
    let registry = Registry { rules: HARDENED, ..Registry::default() };
    registry.add_disabled("shut@example.org", PASSWORD).await;
    sign_up(&registry, EMAIL).await;
    let browser = browser(&registry);
    let page = log_in(&browser, "nobody@example.org", PASSWORD).await;
    let message = "<a href=\"#email\">E-mail address or password is wrong, or the account cannot be used.";
    page.shows(StatusCode::UNAUTHORIZED, &[message]);
    let nobody = Told::by(&page, "nobody@example.org");
    for (email, password) in [
        (EMAIL, "wrong horse battery"),
        (EMAIL, PASSWORD),
        ("shut@example.org", "wrong horse battery"),
        ("shut@example.org", PASSWORD),
    ] {
        let told = Told::by(&log_in(&browser, email, password).await, email);
        assert_eq!(told, nobody, "{email} with {password:?}");
    }
    assert!(!browser.cookies.borrow().contains_key("user-registry-session"));
    verify(&registry, &browser).await;
    log_in(&browser, EMAIL, PASSWORD).await.leads_to("/account");
}

#[tokio::test]
async fn a_login_asks_for_a_verified_address_after_the_right_password_only() {
    let registry = Registry { rules: VERIFIED_FIRST, ..Registry::default() };
    let browser = browser(&registry);
    let inputs = [("email", EMAIL), ("password", PASSWORD)];
    browser.post_from("/sign-up", "/sign-up", &inputs).await.leads_to("/sign-up/done");
    let message = "<a href=\"#email\">Verify your e-mail address first: look into your mail.</a>";
    log_in(&browser, EMAIL, PASSWORD).await.shows(StatusCode::FORBIDDEN, &[message]);
    let wrong = log_in(&browser, EMAIL, "wrong horse battery").await;
    wrong.shows(StatusCode::UNAUTHORIZED, &["<a href=\"#password\">Wrong password</a>"]);
    let unknown = log_in(&browser, "nobody@example.org", PASSWORD).await;
    unknown.shows(StatusCode::UNAUTHORIZED, &["<a href=\"#email\">User does not exist"]);
    browser.get("/account").await.leads_to("/?next=%2Faccount");
    verify(&registry, &browser).await;
    log_in(&browser, EMAIL, PASSWORD).await.leads_to("/account");
}

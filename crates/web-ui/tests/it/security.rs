//! What keeps a stranger and another site out.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use domain::authority::authority_token::StoredAuthorityToken;
use domain::domains::name::DomainName;
use domain::ids::{GrantId, UserId};
use domain::land::field::Field;
use domain::ports::clock::Timestamp;
use domain::ports::failure::PortFailure;
use domain::sessions::ports::{CredentialKey, HeldGrant, Holder, Sessions};
use domain::sessions::session::Session;
use memory::clock::ManualClock;
use poem::http::{Method, StatusCode, header};
use web_ui::options::Options;

use crate::browser::{Browser, EMAIL, PASSWORD, browser, browser_at, encode};
use crate::registry::Registry;

/// Every path that takes a form, and a page that holds one for the same sender.
const FORMS: [(&str, &str); 20] = [
    ("/", "/"),
    ("/sign-up", "/sign-up"),
    ("/forgot", "/forgot"),
    ("/mail/again", "/mail/again"),
    ("/mail/verify", "/forgot"),
    ("/mail/reset", "/forgot"),
    ("/mail/undo", "/forgot"),
    ("/account/verification", "/account"),
    ("/account/password", "/account"),
    ("/account/email", "/account"),
    ("/account/sessions/00000000-0000-0000-0000-000000000000/end", "/account"),
    ("/account/sessions/end-all", "/account"),
    ("/account/phone-number", "/account"),
    ("/account/discoverable", "/account"),
    ("/account/language", "/account"),
    ("/account/fields/new", "/account"),
    ("/account/fields/00000000-0000-0000-0000-000000000000/remove", "/account"),
    ("/account/token/new", "/account"),
    ("/account/token/remove", "/account"),
    ("/account/log-out", "/account"),
];

const OWN: (&str, &str) = ("sec-fetch-site", "same-origin");

#[tokio::test]
async fn a_form_without_a_code_of_its_sender_is_refused() {
    let registry = Registry::default();
    let other = browser(&registry);
    other.log_in_as("eve@example.org").await;
    let foreign = other.get("/account").await.form_code();
    let stranger = browser(&registry).get("/").await.form_code();
    for (number, (path, page)) in FORMS.into_iter().enumerate() {
        let browser = browser(&registry);
        if page == "/account" {
            browser.log_in_as(&format!("user{number}@example.org")).await;
        }
        let own = browser.get(page).await.form_code();
        let altered = format!("{}{}", &own[..own.len() - 1], if own.ends_with('0') { '1' } else { '0' });
        for code in [None, Some(""), Some("00"), Some(&*foreign), Some(&*stranger), Some(&*altered)] {
            let inputs: Vec<_> = code.into_iter().map(|code| ("form_code", code)).collect();
            browser.post(path, &inputs).await.shows(StatusCode::FORBIDDEN, &["This form has expired"]);
        }
        let answer = browser.post(path, &[("form_code", &own)]).await;
        assert_ne!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn a_form_from_another_site_is_refused() {
    let browser = browser(&Registry::default());
    browser.log_in_as(EMAIL).await;
    let body = encode(&[("form_code", &browser.get("/account").await.form_code())]);
    for (path, _) in FORMS {
        for headers in [
            &[][..],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site"), ("origin", "http://localhost:8080")],
            &[("sec-fetch-site", "none")],
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
        ] {
            let answer = browser.send(Method::POST, path, headers, Some(body.clone())).await;
            answer.shows(StatusCode::FORBIDDEN, &["The form came from elsewhere"]);
        }
    }
    let origin = [("origin", "http://localhost:8080")];
    browser.send(Method::POST, "/account/log-out", &origin, Some(body)).await.leads_to("/");
}

#[tokio::test]
async fn nobody_sees_an_account_without_a_session() {
    let browser = browser(&Registry::default());
    let fields_and_tokens = ["/account/fields/new", "/account/token", "/account/token/new", "/account/token/remove"];
    let security = ["/account", "/account/password", "/account/sessions", "/account/sessions/end-all"];
    let rest = ["/account/email", "/account/activity"];
    for path in fields_and_tokens.into_iter().chain(security).chain(rest) {
        let page = browser.get(path).await;
        page.leads_to(&format!("/?next={}", path.replace('/', "%2F").replace('-', "%2D")));
    }
    let code = browser.get("/").await.form_code();
    for (path, page) in FORMS {
        if page == "/account" {
            browser.post(path, &[("form_code", &code)]).await.leads_to("/?next=%2Faccount");
        }
    }
}

#[tokio::test]
async fn cookies_are_bound_to_the_host_by_https_and_plain_on_loopback() {
    for (url, prefix, end) in [
        ("https://registry.example", "__Host-user-registry-", "; Secure"),
        ("http://localhost:8080", "user-registry-", ""),
    ] {
        let browser = browser_at(&Registry::default(), url);
        let inputs = [("email", EMAIL), ("password", PASSWORD)];
        browser.post_from("/sign-up", "/sign-up", &inputs).await.leads_to("/sign-up/done");
        let page = browser.post_from("/", "/", &inputs).await;
        let set = page.headers.get_all(header::SET_COOKIE).iter().map(|set| set.to_str().expect("ASCII"));
        let set: Vec<_> = set.filter(|set| set.contains("-session=")).collect();
        let [session] = set.as_slice() else { panic!("one session: {set:?}") };
        assert!(session.starts_with(&format!("{prefix}session=urs_")), "{session}");
        assert!(session.ends_with(&format!("; Path=/; HttpOnly; SameSite=Lax; Max-Age=7776000{end}")), "{session}");
        let set = page.headers.get_all(header::SET_COOKIE).iter().map(|set| set.to_str().expect("ASCII"));
        let set: Vec<_> = set.filter(|set| set.contains("-device=")).collect();
        let [device] = set.as_slice() else { panic!("one device: {set:?}") };
        assert!(device.starts_with(&format!("{prefix}device=")) && !device.contains("ada"), "{device}");
        assert!(device.ends_with(&format!("; Path=/; HttpOnly; SameSite=Lax; Max-Age=15552000{end}")), "{device}");
    }
}

#[tokio::test]
async fn nothing_but_the_right_password_makes_a_browser_known() {
    let registry = Registry::default();
    let browser = browser(&registry);
    let device = || browser.cookies.borrow().get("user-registry-device").cloned();
    for (path, page) in FORMS.into_iter().filter(|(_, page)| *page != "/account") {
        browser.post_from(page, path, &[("email", EMAIL), ("password", PASSWORD), ("token", "urm_0")]).await;
        browser.get(path).await;
        if path != "/" {
            assert_eq!(device(), None, "{path}");
        }
        browser.post_from("/", "/", &[("email", EMAIL), ("password", "a wrong one")]).await;
        assert_eq!(device(), None, "{path}");
    }
    browser.post_from("/", "/", &[("email", EMAIL), ("password", PASSWORD)]).await.leads_to("/account");
    let first = device().expect("it is known");
    browser.post_from("/account", "/account/log-out", &[]).await.leads_to("/");
    assert_eq!(device().as_ref(), Some(&first), "it stays known when the session ends");
    browser.post_from("/", "/", &[("email", EMAIL), ("password", PASSWORD)]).await.leads_to("/account");
    assert!(device().is_some());
}

#[tokio::test]
async fn a_login_takes_no_secret_that_the_browser_brings() {
    let registry = Registry::default();
    let browser = browser(&registry);
    let planted = format!("urs_{}", "0".repeat(64));
    browser.cookies.borrow_mut().insert("user-registry-session".into(), planted.clone());
    browser.log_in_as(EMAIL).await;
    let first = browser.cookies.borrow()["user-registry-session"].clone();
    assert_ne!(first, planted);
    browser.post_from("/account", "/account/log-out", &[]).await.leads_to("/");
    browser.cookies.borrow_mut().insert("user-registry-session".into(), first);
    browser.get("/account").await.leads_to("/?next=%2Faccount");
    assert!(!browser.cookies.borrow().contains_key("user-registry-session"), "a dead secret is dropped");
}

#[tokio::test]
async fn every_answer_has_the_headers_that_keep_it_to_itself() {
    for (url, hsts, referrer) in [
        ("https://registry.example", Some("max-age=63072000"), "no-referrer"),
        ("http://localhost:8080", None, "no-referrer"),
        ("http://registry.example", None, "same-origin"),
    ] {
        let browser = browser_at(&Registry::default(), url);
        for path in ["/", "/sign-up", "/account", "/account/none", "/sign-up/done", "/forgot", "/favicon.ico"] {
            let page = browser.get(path).await;
            let header = |name: &str| page.headers.get(name).map(|value| value.to_str().expect("ASCII"));
            let policy = header("content-security-policy").expect("a policy");
            assert!(policy.starts_with("default-src 'none'; style-src 'self'; img-src 'self';"), "{policy}");
            assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
            assert_eq!(header("x-content-type-options"), Some("nosniff"));
            assert_eq!(header("referrer-policy"), Some(referrer));
            assert_eq!(header("strict-transport-security"), hsts);
            assert!(header("x-request-id").is_some_and(|id| id.len() == 36));
            let is_icon = path == "/favicon.ico";
            assert_eq!(header("cache-control") == Some("no-store"), !is_icon, "{path}");
        }
    }
}

#[tokio::test]
async fn pages_load_only_own_files_and_run_nothing() {
    let browser = browser(&Registry::default());
    browser.log_in_as(EMAIL).await;
    let page = browser.get("/account").await;
    for forbidden in ["<script", "<style", " style=", "javascript:", "http://", "https://", " onclick"] {
        assert!(!page.html.contains(forbidden), "{forbidden}");
    }
    let files: Vec<_> = page.html.split(['"']).filter(|part| part.starts_with("/assets/")).collect();
    assert_eq!(files.len(), 3, "{files:?}");
    for file in files {
        let answer = browser.get(file).await;
        answer.shows(StatusCode::OK, &[]);
        assert_eq!(answer.headers["cache-control"], "public, max-age=31536000, immutable");
    }
    browser.get("/assets/style-0000000000000000.css").await.shows(StatusCode::NOT_FOUND, &["Page not found"]);
}

#[tokio::test]
async fn what_people_enter_is_shown_and_not_run() {
    let browser = browser(&Registry::default());
    let entered = "\"><script>alert(1)</script>";
    for path in ["/", "/sign-up"] {
        let page = browser.post_from(path, path, &[("email", entered), ("phone_number", entered)]).await;
        page.shows(StatusCode::UNPROCESSABLE_ENTITY, &["&#60;script&#62;"]);
        assert!(!page.html.contains("<script>"));
    }
    browser.log_in_as("o'brien&<i>@example.org".replace(['<', '>'], "").as_str()).await;
    browser.get("/account").await.shows(StatusCode::OK, &["o&#39;brien&#38;i@example.org"]);
}

#[tokio::test]
async fn no_page_holds_a_secret_but_the_token_that_is_shown_once() {
    let browser = browser(&Registry::default());
    browser.log_in_as(EMAIL).await;
    let session = browser.cookies.borrow()["user-registry-session"].clone();
    let security = ["/account/password", "/account/sessions", "/account/sessions/end-all"];
    let fields_and_tokens = ["/account", "/account/fields/new", "/account/token/new", "/account/token/remove"];
    for path in fields_and_tokens.into_iter().chain(security) {
        let page = browser.get(path).await;
        assert!(!page.html.contains(&session) && !page.html.contains(PASSWORD), "{path}");
        assert_eq!(page.secret("urt_"), None, "{path}");
    }
    let path = "/account/token/new";
    let answer = browser.post_from(path, path, &[]).await;
    assert!(!format!("{:?}{}", answer.headers, answer.html).contains("urt_"), "the message is sealed");
}

#[tokio::test]
async fn a_token_is_shown_to_its_own_session_and_soon_only() {
    let registry = Registry::default();
    let (ada, eve) = (browser(&registry), browser(&registry));
    ada.log_in_as(EMAIL).await;
    eve.log_in_as("eve@example.org").await;
    let path = "/account/token/new";
    ada.post_from(path, path, &[]).await.leads_to("/account/token");
    let sealed = ada.cookies.borrow()["user-registry-flash"].clone();
    eve.cookies.borrow_mut().insert("user-registry-flash".into(), sealed);
    eve.get("/account/token").await.leads_to("/account");
    registry.clock.advance(TimeDelta::seconds(60));
    ada.get("/account/token").await.leads_to("/account");
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    let browser = browser(&Registry::default());
    let code = browser.get("/").await.form_code();
    let big = encode(&[("form_code", &code), ("email", &"x".repeat(web_ui::MAX_FORM_BYTES))]);
    browser.send(Method::POST, "/", &[OWN], Some(big)).await.shows(StatusCode::PAYLOAD_TOO_LARGE, &["64 KiB"]);
    let twice = format!("form_code={code}&email=a&email=b");
    browser.send(Method::POST, "/", &[OWN], Some(twice)).await.shows(StatusCode::BAD_REQUEST, &["cannot be read"]);
    browser.send(Method::POST, "/", &[OWN], None).await.shows(StatusCode::UNSUPPORTED_MEDIA_TYPE, &["cannot be read"]);
}

#[tokio::test]
async fn other_methods_and_paths_are_pages_of_errors() {
    let browser = browser(&Registry::default());
    for (method, path, allow) in [
        (Method::PUT, "/", "GET, HEAD, POST"),
        (Method::POST, "/account", "GET, HEAD"),
        (Method::POST, "/account/sessions", "GET, HEAD"),
        (Method::PUT, "/mail/verify", "GET, HEAD, POST"),
        (Method::POST, "/mail/sent", "GET, HEAD"),
        (Method::GET, "/account/log-out", "POST"),
        (Method::DELETE, "/sign-up", "GET, HEAD, POST"),
    ] {
        let page = browser.send(method, path, &[], None).await;
        page.shows(StatusCode::METHOD_NOT_ALLOWED, &["This is not possible here"]);
        assert_eq!(page.headers[header::ALLOW], allow);
    }
    browser.get("/mail").await.shows(StatusCode::NOT_FOUND, &["Page not found"]);
    let page = browser.get("/account/none").await;
    page.shows(StatusCode::NOT_FOUND, &["Page not found", page.headers["x-request-id"].to_str().expect("ASCII")]);
    assert_eq!(page.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
    let head = browser.send(Method::HEAD, "/", &[], None).await;
    assert_eq!(head.status, StatusCode::OK);
}

/// A database that is away, or broken.
struct Away {
    lasting: bool,
}

impl Away {
    fn failure(&self) -> PortFailure {
        if self.lasting { PortFailure::lasting("a corrupt row") } else { PortFailure::passing("it is away") }
    }
}

#[async_trait]
impl Sessions for Away {
    async fn holder(&self, _: &CredentialKey) -> Result<Option<Holder>, PortFailure> {
        Err(self.failure())
    }

    async fn holder_with_fields(
        &self,
        _: &CredentialKey,
        _: usize,
    ) -> Result<Option<(Holder, Vec<Field>)>, PortFailure> {
        Err(self.failure())
    }

    async fn holder_with_authority_token(
        &self,
        _: &CredentialKey,
        _: &DomainName,
    ) -> Result<Option<(Holder, Option<StoredAuthorityToken>)>, PortFailure> {
        Err(self.failure())
    }

    async fn of_user(&self, _: UserId, _: Timestamp, _: usize) -> Result<Vec<Session>, PortFailure> {
        Err(self.failure())
    }

    async fn by_grant(&self, _: GrantId) -> Result<Option<HeldGrant>, PortFailure> {
        Err(self.failure())
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_told_without_its_words() {
    for (lasting, status, text) in [
        (false, StatusCode::SERVICE_UNAVAILABLE, "The registry cannot be reached just now."),
        (true, StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong"),
    ] {
        let options = Options::new("http://localhost:8080", 8080, false).expect("good");
        let use_cases = Registry::default().reading(Arc::new(Away { lasting }));
        let browser = Browser::at(web_ui::routes(use_cases, options));
        let secret = format!("urs_{}", "0".repeat(64));
        browser.cookies.borrow_mut().insert("user-registry-session".into(), secret);
        let page = browser.get("/account").await;
        page.shows(status, &[text]);
        assert_eq!(page.headers.contains_key("retry-after"), !lasting);
        assert!(!page.html.contains("away") && !page.html.contains("corrupt"));
    }
}

#[tokio::test]
async fn the_last_use_is_noted_once_an_hour() {
    let registry = Registry::default();
    let browser = browser(&registry);
    browser.log_in_as(EMAIL).await;
    // Used each day, a session outlives the fourteen days of idleness; unused, it does not.
    for _ in 0..20 {
        registry.clock.advance(TimeDelta::days(1));
        browser.get("/account").await.shows(StatusCode::OK, &[]);
    }
    registry.clock.advance(TimeDelta::minutes(59));
    browser.get("/account").await.shows(StatusCode::OK, &[]);
    registry.clock.set(ManualClock::START + TimeDelta::days(34));
    browser.get("/account").await.leads_to("/?next=%2Faccount");
}

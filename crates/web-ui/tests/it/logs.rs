//! What the log tells of requests: no secret, and nothing that a caller made up in a path.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use domain::mail::letter::Template;
use poem::http::{Method, StatusCode};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::filter::LevelFilter;

use crate::browser::{EMAIL, PASSWORD, browser};
use crate::registry::Registry;

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// A log of all that is told until the guard is dropped.
    fn begin() -> (Self, DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("not poisoned").clone()).expect("UTF-8")
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_line_tells_a_token_a_password_or_an_address() {
    let (log, _guard) = Log::begin();
    let registry = Registry::default();
    let browser = browser(&registry);
    browser.log_in_as(EMAIL).await;
    browser.post_from("/forgot", "/forgot", &[("email", EMAIL)]).await.leads_to("/mail/sent");
    for (path, template) in [("/mail/verify", Template::VerifyAddress), ("/mail/reset", Template::ResetPassword)] {
        let token = registry.mailed_token(template);
        let link = format!("{path}?token={token}");
        browser.get(&link).await.shows(StatusCode::OK, &[&token]);
        browser.get(&format!("/mail/none?token={token}")).await.shows(StatusCode::NOT_FOUND, &[]);
        browser.get(&format!("{path}/{token}")).await.shows(StatusCode::NOT_FOUND, &[]);
        let refused = browser.post(&link, &[("token", &token), ("password", PASSWORD)]).await;
        refused.shows(StatusCode::FORBIDDEN, &["This form has expired"]);
        let inputs = [("token", &*token), ("password", PASSWORD)];
        assert_eq!(browser.post_from(&link, path, &inputs).await.status, StatusCode::SEE_OTHER);
        browser.get(&link).await.shows(StatusCode::UNPROCESSABLE_ENTITY, &[]);
    }
    let text = log.text();
    assert!(text.contains("/mail/verify") && text.contains("/mail/reset"), "requests are told: {text}");
    for secret in ["urm_", "urs_", "urt_", PASSWORD, "ada@", "ada%40"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[tokio::test]
async fn a_line_tells_the_route_and_nothing_that_a_caller_made_up_in_the_path() {
    const END: &str = "/account/sessions/{id}/end";
    const REMOVE: &str = "/account/fields/{id}/remove";
    let (log, _guard) = Log::begin();
    let browser = browser(&Registry::default());
    let long = "x".repeat(16 * 1024);
    let (foreign, long) = ([("sec-fetch-site", "cross-site")], [("x-long", &*long)]);
    for (method, path, headers, status, route) in [
        (Method::GET, "/account/fields/canary/remove", &[][..], 303, REMOVE),
        (Method::GET, "/account/fields/%ff/remove", &[], 404, REMOVE),
        (Method::GET, "/account/sessions/canary/end", &[], 303, END),
        (Method::PUT, "/account/fields/canary/remove", &[], 405, REMOVE),
        (Method::PUT, "/account/sessions/canary/end", &[], 405, END),
        (Method::POST, "/account/fields/canary/remove", &foreign, 403, REMOVE),
        (Method::POST, "/account/sessions/canary/end", &foreign, 403, END),
        (Method::GET, "/account/sessions/canary/end", &long, 431, END),
        (Method::GET, "/account/canary", &long, 431, "-"),
        (Method::GET, "/account/canary", &[], 404, "-"),
        (Method::GET, "/mail/verify/urm_canary", &[], 404, "-"),
        (Method::GET, "/mail/verify/urm_canary", &long, 431, "-"),
        (Method::GET, "/mail/verify?token=urm_canary", &[], 422, "/mail/verify"),
        (Method::GET, "/assets/canary", &[], 404, "/assets/{name}"),
        (Method::PUT, "/assets/canary", &[], 405, "/assets/{name}"),
    ] {
        let page = browser.send(method.clone(), path, headers, Some(String::new())).await;
        assert_eq!(page.status, StatusCode::from_u16(status).expect("a status"), "{method} {path}");
        let text = log.text();
        let line = text.lines().rfind(|line| line.contains("answered")).expect("the request is told");
        let told = format!(" method={method} path=\"{route}\" status={status} ");
        assert!(line.contains(&told), "no {told:?} in {line:?}");
    }
    let text = log.text();
    assert!(!text.contains("canary") && !text.contains("%ff"), "{text}");
}

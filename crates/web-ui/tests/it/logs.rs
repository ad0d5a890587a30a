//! What the log tells of requests: no secret.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use domain::mail::letter::Template;
use poem::http::StatusCode;
use tracing_subscriber::filter::LevelFilter;

use crate::browser::{EMAIL, PASSWORD, browser};
use crate::registry::Registry;

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
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
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
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

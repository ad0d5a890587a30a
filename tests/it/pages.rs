//! Logging in on the pages, as a browser does.

use e2e::program::Program;
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;

use crate::journeys::PASSWORD;

/// What a browser keeps when it is closed and opened again.
#[derive(Clone, Default)]
pub(crate) struct Browser {
    /// By what it is known.
    pub(crate) device: Option<String>,
    /// The secret of its session.
    pub(crate) session: Option<String>,
}

impl Browser {
    /// Logs in by the form, with the password of the journeys; gives the status.
    pub(crate) async fn log_in_from(&mut self, program: &Program, ip: &str, email: &str) -> u16 {
        let client = reqwest::Client::builder().redirect(Policy::none()).build().expect("a client");
        let shown = client.get(format!("{}/", program.url)).send().await.expect("the page");
        let visitor = cookie(shown.headers(), "user-registry-visitor").expect("a cookie of the visitor");
        let page = shown.text().await.expect("a text");
        let form_code =
            page.split_once("name=\"form_code\" value=\"").expect("a form").1.split('"').next().expect("a code");
        let (email, password) = (email.replace('@', "%40"), PASSWORD.replace(' ', "+"));
        let form = format!("email={email}&password={password}&form_code={form_code}");
        let device = self.device.as_ref().map(|device| format!("; user-registry-device={device}")).unwrap_or_default();
        let login = client.post(format!("{}/", program.url)).header("sec-fetch-site", "same-origin");
        let login = login.header("content-type", "application/x-www-form-urlencoded").header("x-forwarded-for", ip);
        let login = login.header("cookie", format!("user-registry-visitor={visitor}{device}")).body(form);
        let answer = login.send().await.expect("an answer");
        self.device = cookie(answer.headers(), "user-registry-device").or(self.device.take());
        self.session = cookie(answer.headers(), "user-registry-session");
        answer.status().as_u16()
    }
}

/// The secret of a session of the pages: what the cookie holds after a login by the form.
pub(crate) async fn page_secret(program: &Program, email: &str) -> String {
    let mut browser = Browser::default();
    assert_eq!(browser.log_in_from(program, "203.0.113.7", email).await, 303);
    browser.session.expect("a session")
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let set = headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok());
    let mut values = set.filter_map(|line| line.strip_prefix(name)?.strip_prefix('=')?.split(';').next());
    values.next().map(str::to_owned)
}

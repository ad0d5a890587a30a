//! A browser without a screen: it keeps cookies, follows nothing, and sends forms as browsers do.

use std::cell::RefCell;
use std::collections::BTreeMap;

use poem::http::{HeaderMap, Method, StatusCode, header};
use poem::test::TestClient;
use poem::{Endpoint, Response};
use web_ui::options::Options;

use crate::registry::Registry;

pub(crate) const EMAIL: &str = "ada@example.org";
pub(crate) const PASSWORD: &str = "correct horse battery";

/// An answer, read whole.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) html: String,
}

impl Page {
    /// Where it leads to.
    #[track_caller]
    pub(crate) fn leads_to(&self, path: &str) {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.html);
        assert_eq!(self.headers[header::LOCATION], path);
    }

    /// That it is a page of this status with these parts.
    #[track_caller]
    pub(crate) fn shows(&self, status: StatusCode, parts: &[&str]) {
        assert_eq!(self.status, status, "{}", self.html);
        for part in parts {
            assert!(self.html.contains(part), "no {part:?} in {}", self.html);
        }
    }

    /// The code in its forms.
    pub(crate) fn form_code(&self) -> String {
        let start = "name=\"form_code\" value=\"";
        let at = self.html.find(start).expect("a form") + start.len();
        self.html[at..].split('"').next().expect("a value").into()
    }

    /// The first thing in its text that begins so and goes on in hex.
    pub(crate) fn secret(&self, prefix: &str) -> Option<String> {
        let at = self.html.find(prefix)? + prefix.len();
        let hex: String = self.html[at..].chars().take_while(char::is_ascii_hexdigit).collect();
        (hex.len() == 64).then(|| format!("{prefix}{hex}"))
    }
}

/// A browser without a screen.
pub(crate) struct Browser<E> {
    client: TestClient<E>,
    pub(crate) cookies: RefCell<BTreeMap<String, String>>,
}

/// A browser at a registry on the own machine.
pub(crate) fn browser(registry: &Registry) -> Browser<impl Endpoint + use<>> {
    browser_at(registry, "http://localhost:8080")
}

/// A browser at a registry with this public URL.
pub(crate) fn browser_at(registry: &Registry, public_url: &str) -> Browser<impl Endpoint + use<>> {
    let options = Options::new(public_url, 8080, true).expect("a public URL");
    Browser { client: TestClient::new(web_ui::routes(registry.use_cases(), options)), cookies: RefCell::default() }
}

impl<E: Endpoint> Browser<E> {
    /// A browser at these pages.
    pub(crate) fn at(pages: E) -> Self {
        Self { client: TestClient::new(pages), cookies: RefCell::default() }
    }

    /// Opens a page.
    pub(crate) async fn get(&self, path: &str) -> Page {
        self.send(Method::GET, path, &[], None).await
    }

    /// Sends a form as the page at `from` holds it.
    pub(crate) async fn post_from(&self, from: &str, path: &str, inputs: &[(&str, &str)]) -> Page {
        let code = self.get(from).await.form_code();
        self.post(path, &[inputs, &[("form_code", &code)]].concat()).await
    }

    /// Sends a form from these pages.
    pub(crate) async fn post(&self, path: &str, inputs: &[(&str, &str)]) -> Page {
        self.send(Method::POST, path, &[("sec-fetch-site", "same-origin")], Some(encode(inputs))).await
    }

    /// Sends a request.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Page {
        let cookies: Vec<_> = self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = self.client.request(method, path);
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        if let Some(body) = body {
            request = request.content_type("application/x-www-form-urlencoded").body(body);
        }
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.keep(request.send().await.0).await
    }

    /// Signs up and logs in.
    pub(crate) async fn log_in_as(&self, email: &str) {
        let inputs = [("email", email), ("password", PASSWORD)];
        self.post_from("/sign-up", "/sign-up", &inputs).await.leads_to("/sign-up/done");
        self.post_from("/", "/", &inputs).await.leads_to("/account");
    }

    async fn keep(&self, response: Response) -> Page {
        for set in response.headers().get_all(header::SET_COOKIE) {
            let set = set.to_str().expect("ASCII");
            let (name, value) = set.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            let mut cookies = self.cookies.borrow_mut();
            if set.contains("Max-Age=0") {
                cookies.remove(name)
            } else {
                cookies.insert(name.into(), value.into())
            };
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let html = response.into_body().into_string().await.expect("UTF-8");
        Page { status, headers, html }
    }
}

/// Inputs as a form sends them.
pub(crate) fn encode(inputs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(inputs).finish()
}

//! Forms: how they are read, and what they must show before anything in them counts.

use std::collections::BTreeMap;
use std::time::Duration;

use poem::error::ReadBodyError;
use poem::http::{HeaderMap, header};
use poem::{Body, FromRequest, Request, RequestBody};

use crate::MAX_FORM_BYTES;
use crate::binding::Binding;
use crate::options::Options;
use crate::refused::Refused;
use crate::site::Site;
use crate::visit::Visit;

/// The name of the input that holds the code of a form.
pub(crate) const CODE: &str = "form_code";

const CONTENT_TYPE: &str = "application/x-www-form-urlencoded";
/// How long a form may take to arrive.
const TIME: Duration = Duration::from_secs(30);

/// A form that came from these pages by its headers. Whose it is, is not known yet: its values are
/// out of reach until [`Post::open`] has seen its code.
pub(crate) struct Post(BTreeMap<String, String>);

impl Post {
    /// Its inputs, whosever they are.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn inputs(self) -> BTreeMap<String, String> {
        self.0
    }

    /// The form, if it is one that `sender` was shown.
    pub(crate) fn open(self, sender: &Binding, site: &Site) -> Result<Form, Refused> {
        let is_theirs = self.0.get(CODE).is_some_and(|code| sender.owns(code, &*site.use_cases.keeper));
        if is_theirs { Ok(Form(self.0)) } else { Err(Refused::NotTheirs) }
    }
}

/// A form that its sender was shown.
pub(crate) struct Form(BTreeMap<String, String>);

impl Form {
    /// The text of an input; empty if there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// The text of an input without blanks around it, as they come with what is pasted.
    pub(crate) fn trimmed(&self, name: &str) -> &str {
        self.text(name).trim()
    }

    /// Whether a box is ticked, or a button of that name was pressed.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

impl<'a> FromRequest<'a> for Post {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let visit = <&Visit>::from_request(request, body).await?;
        if !comes_from_here(request.headers(), &visit.site.options) {
            return Err(Refused::Foreign.into());
        }
        if !request.content_type().is_some_and(is_form) {
            return Err(Refused::NotAForm.into());
        }
        Ok(read(body.take()?, TIME).await?)
    }
}

/// The form in a body, unless it is too long or takes longer than `time`.
async fn read(body: Body, time: Duration) -> Result<Post, Refused> {
    match tokio::time::timeout(time, body.into_bytes_limit(MAX_FORM_BYTES)).await {
        Ok(Ok(bytes)) => parse(&bytes),
        Ok(Err(ReadBodyError::PayloadTooLarge)) => Err(Refused::TooLarge),
        Ok(Err(_)) => Err(Refused::BadForm),
        Err(_) => Err(Refused::Late),
    }
}

/// Whether the browser says that the form was sent by one of these pages. `Sec-Fetch-Site` (Fetch
/// Metadata) says it best; browsers that do not send it name the origin.
fn comes_from_here(headers: &HeaderMap, options: &Options) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match (text("sec-fetch-site"), text(header::ORIGIN.as_str())) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => options.is_own_origin(origin),
        (None, None) => false,
    }
}

fn is_form(content_type: &str) -> bool {
    content_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(CONTENT_TYPE))
}

/// The inputs by name. Two of one name are no form of these pages.
pub(crate) fn parse(bytes: &[u8]) -> Result<Post, Refused> {
    let mut inputs = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(bytes) {
        if inputs.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err(Refused::BadForm);
        }
    }
    Ok(Post(inputs))
}

#[cfg(test)]
mod tests {
    use poem::error::ResponseError as _;
    use poem::http::{HeaderValue, StatusCode};
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    #[test]
    fn only_the_own_pages_send_forms() {
        let options = Options::new("https://registry.example", 8080, false).expect("good");
        let own = "https://registry.example";
        for (site, origin, is_own) in [
            (Some("same-origin"), Some(own), true),
            (Some("same-origin"), Some("null"), true),
            (Some("same-origin"), None, true),
            (None, Some(own), true),
            (None, Some("http://localhost:8080"), true),
            (Some("same-site"), Some(own), false),
            (Some("cross-site"), Some(own), false),
            (Some("none"), Some(own), false),
            (Some(""), Some(own), false),
            (None, Some("https://evil.example"), false),
            (None, Some("null"), false),
            (None, None, false),
        ] {
            let mut headers = HeaderMap::new();
            site.map(|site| headers.insert("sec-fetch-site", HeaderValue::from_static(site)));
            origin.map(|origin| headers.insert("origin", HeaderValue::from_static(origin)));
            assert_eq!(comes_from_here(&headers, &options), is_own, "{site:?} {origin:?}");
        }
    }

    #[test]
    fn a_form_is_read_and_doubled_inputs_are_refused() {
        let post = parse(b"email=ada%40example.org&name=a+b&discoverable=").expect("a form");
        let form = Form(post.0);
        assert_eq!((form.text("email"), form.text("name"), form.text("none")), ("ada@example.org", "a b", ""));
        assert!(form.has("discoverable") && !form.has("none"));
        assert!(matches!(parse(b"email=a&email=b"), Err(Refused::BadForm)));
    }

    #[tokio::test]
    async fn a_form_that_never_ends_is_given_up() {
        let (mut sender, receiver) = tokio::io::duplex(64);
        sender.write_all(b"email=ada%40exam").await.expect("there is room");
        let refused = read(Body::from_async_read(receiver), Duration::from_millis(1)).await.err();
        assert_eq!(refused.map(|refused| refused.status()), Some(StatusCode::REQUEST_TIMEOUT));
        // Until here the sender kept the body open.
        drop(sender);
    }

    #[tokio::test]
    async fn a_form_that_comes_in_pieces_is_read() {
        let (mut sender, receiver) = tokio::io::duplex(4);
        let sending = async {
            sender.write_all(b"email=ada%40example.org").await.expect("it is read");
            drop(sender);
        };
        let (post, ()) = tokio::join!(read(Body::from_async_read(receiver), TIME), sending);
        assert_eq!(Form(post.expect("a form").0).text("email"), "ada@example.org");
    }

    #[test]
    fn a_forms_content_type_may_have_parameters() {
        assert!(is_form("application/x-www-form-urlencoded"));
        assert!(is_form("Application/X-WWW-Form-Urlencoded; charset=UTF-8"));
        assert!(!is_form("text/plain") && !is_form("multipart/form-data; boundary=x") && !is_form(""));
    }
}

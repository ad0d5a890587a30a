//! What the targets say of texts.

use std::borrow::Cow;

use url::Url;

/// The bytes as a text; what is no UTF-8 becomes U+FFFD, so that no input is wasted.
#[must_use]
pub fn of(data: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(data)
}

/// The bytes as two texts, the second behind the first line feed.
#[must_use]
pub fn two_of(data: &[u8]) -> (Cow<'_, str>, Cow<'_, str>) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    (of(&data[..end]), of(data.get(end + 1..).unwrap_or_default()))
}

/// The same text with the other case of each letter of ASCII.
#[must_use]
pub fn in_other_case(text: &str) -> String {
    let other = |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    text.chars().map(other).collect()
}

/// Whether a text can stand in a line of a header or of a log without being seen as more than that.
#[must_use]
pub fn is_one_line(text: &str) -> bool {
    !text.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
}

/// Whether a browser that is on a site stays on it when it follows this reference (WHATWG URL).
#[must_use]
pub fn stays_on_site(reference: &str) -> bool {
    ["https://registry.example/", "http://127.0.0.1:8080/"].into_iter().all(|site| {
        let site = Url::parse(site).expect("the address of a site");
        site.join(reference).is_ok_and(|there| there.origin() == site.origin() && there.username().is_empty())
    })
}

/// The origin of a URL, as a browser writes it (WHATWG URL).
#[must_use]
pub fn origin_of(url: &str) -> Option<String> {
    Url::parse(url).ok().map(|url| url.origin().ascii_serialization())
}

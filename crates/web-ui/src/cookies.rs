//! The cookies of the pages (RFC 6265bis): their names, their attributes, and how they are read.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};
use poem::http::{HeaderMap, HeaderValue, header};

use crate::options::Options;

/// A cookie of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cookie {
    /// Holds the secret of a session.
    Session,
    /// Tells one visitor who is not signed in from another, so that a form belongs to a browser.
    Visitor,
    /// Carries a sealed message to the next page.
    Flash,
    /// Tells of which accounts the browser is known.
    Device,
}

impl Cookie {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 4] = [Self::Session, Self::Visitor, Self::Flash, Self::Device];

    /// The name. By https it begins with `__Host-`, so that no other host and no plain http can set it.
    pub(crate) const fn name(self, by_https: bool) -> &'static str {
        match (self, by_https) {
            (Self::Session, true) => "__Host-user-registry-session",
            (Self::Visitor, true) => "__Host-user-registry-visitor",
            (Self::Flash, true) => "__Host-user-registry-flash",
            (Self::Device, true) => "__Host-user-registry-device",
            (Self::Session, false) => "user-registry-session",
            (Self::Visitor, false) => "user-registry-visitor",
            (Self::Flash, false) => "user-registry-flash",
            (Self::Device, false) => "user-registry-device",
        }
    }

    /// The header that sets it, for so many seconds or until the browser is closed.
    pub(crate) fn set(self, value: &str, seconds: Option<i64>, options: &Options) -> HeaderValue {
        let value = utf8_percent_encode(value, NOT_PLAIN);
        let lifetime = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let secure = if options.is_https() { "; Secure" } else { "" };
        let name = self.name(options.is_https());
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{lifetime}{secure}");
        HeaderValue::from_str(&text).expect("an encoded cookie is plain ASCII")
    }

    /// The header that removes it.
    pub(crate) fn remove(self, options: &Options) -> HeaderValue {
        self.set("", Some(0), options)
    }

    /// The value that the browser sent.
    pub(crate) fn read(self, headers: &HeaderMap, options: &Options) -> Option<String> {
        let name = self.name(options.is_https()).as_bytes();
        // Other sites on the host may have cookies in any bytes, and browsers send them in the same line.
        let lines = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes);
        let mut pairs = lines.flat_map(|line| line.split(|byte| *byte == b';')).map(<[u8]>::trim_ascii);
        let value = pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix(b"="))?;
        percent_decode(value).decode_utf8().ok().map(String::from).filter(|value| !value.is_empty())
    }
}

/// What a value holds as it is; the rest is percent-encoded.
const NOT_PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

#[cfg(test)]
mod tests {
    use super::*;

    fn options(url: &str) -> Options {
        Options::new(url, 8080, false).expect("good")
    }

    #[test]
    fn by_https_a_cookie_is_bound_to_the_host() {
        let options = options("https://registry.example");
        for cookie in Cookie::ALL {
            let set = cookie.set("v", None, &options);
            let set = set.to_str().expect("ASCII");
            assert!(set.starts_with("__Host-user-registry-"), "{set}");
            assert!(set.ends_with("=v; Path=/; HttpOnly; SameSite=Lax; Secure"), "{set}");
        }
    }

    #[test]
    fn on_loopback_a_cookie_is_plain() {
        let options = options("http://localhost:8080");
        let set = Cookie::Session.set("v;\r\n w", Some(60), &options);
        assert_eq!(set, "user-registry-session=v%3B%0D%0A%20w; Path=/; HttpOnly; SameSite=Lax; Max-Age=60");
        assert_eq!(Cookie::Flash.remove(&options), "user-registry-flash=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    }

    #[test]
    fn a_cookie_reads_back() {
        let options = options("http://localhost:8080");
        let mut headers = HeaderMap::new();
        assert_eq!(Cookie::Session.read(&headers, &options), None);
        headers.append(header::COOKIE, HeaderValue::from_static("a=b; xuser-registry-session=no"));
        headers.append(header::COOKIE, HeaderValue::from_static("user-registry-session=v%3B; user-registry-flash="));
        assert_eq!(Cookie::Session.read(&headers, &options).as_deref(), Some("v;"));
        assert_eq!(Cookie::Flash.read(&headers, &options), None);
        assert_eq!(Cookie::Visitor.read(&headers, &options), None);
    }

    #[test]
    fn cookies_of_other_sites_may_hold_any_bytes() {
        let options = options("http://localhost:8080");
        for line in [
            "greeting=Grüß; user-registry-session=v".as_bytes(),
            "user-registry-session=v; greeting=Grüß".as_bytes(),
            b"Gr\xfc\xdf; user-registry-session=v; \xff=\xfe",
        ] {
            let line = HeaderValue::from_bytes(line).expect("a header may hold it");
            let headers = HeaderMap::from_iter([(header::COOKIE, line)]);
            assert_eq!(Cookie::Session.read(&headers, &options).as_deref(), Some("v"), "{headers:?}");
        }
        let own = HeaderValue::from_bytes(b"user-registry-session=\xff").expect("a header may hold it");
        let headers = HeaderMap::from_iter([(header::COOKIE, own)]);
        assert_eq!(Cookie::Session.read(&headers, &options), None, "a value of ours is a text");
    }
}

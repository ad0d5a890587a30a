//! What the pages need to know about where they stand.

use std::net::{Ipv4Addr, Ipv6Addr};

use thiserror::Error;

/// Where the pages are reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    origin: String,
    port: Option<u16>,
    loopback_origins: Vec<String>,
    trustworthy: bool,
}

impl Options {
    /// Pages at `public_url`, served by a listener on `port`, if it has one.
    ///
    /// # Errors
    /// When the URL is not one of http or https without a path, or is plain http beyond this machine
    /// and `allow_insecure_http` is false: the cookies would cross the network in the open.
    pub fn new(
        public_url: &str,
        port: impl Into<Option<u16>>,
        allow_insecure_http: bool,
    ) -> Result<Self, OptionsError> {
        let port = port.into();
        let origin = origin_of(public_url).ok_or(OptionsError::NotAnOrigin)?;
        let trustworthy = origin.starts_with("https://") || is_loopback(host_of(&origin));
        if !trustworthy && !allow_insecure_http {
            return Err(OptionsError::InsecureHttp);
        }
        Ok(Self { origin, port, loopback_origins: loopback_origins("http", port), trustworthy })
    }

    /// The same pages, where the listener itself speaks TLS.
    #[must_use]
    pub fn by_tls(self) -> Self {
        Self { loopback_origins: loopback_origins("https", self.port), ..self }
    }

    /// Whether browsers reach the pages by https.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.origin.starts_with("https://")
    }

    /// Whether browsers call the way to the pages trustworthy: https, or the own machine. Only there
    /// do they send `Sec-Fetch-Site`.
    #[must_use]
    pub const fn is_trustworthy(&self) -> bool {
        self.trustworthy
    }

    /// Whether a form of these pages can come from this origin (RFC 6454).
    #[must_use]
    pub fn is_own_origin(&self, origin: &str) -> bool {
        origin_of(origin).is_some_and(|origin| self.origin == origin || self.loopback_origins.contains(&origin))
    }
}

/// Why pages cannot be served so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OptionsError {
    /// The URL is no origin.
    #[error("the public URL must be http:// or https:// and a host, without a path")]
    NotAnOrigin,
    /// Cookies would cross the network in the open.
    #[error("a public URL of plain http is for this machine only; use https, or allow insecure http")]
    InsecureHttp,
}

/// How the pages are reached on this machine.
fn loopback_origins(scheme: &str, port: Option<u16>) -> Vec<String> {
    let origin = |host| origin_of(&format!("{scheme}://{host}:{}", port?));
    ["localhost", "127.0.0.1", "[::1]"].into_iter().filter_map(origin).collect()
}

/// Scheme, host and port in one spelling: lower case, without a port that the scheme implies.
fn origin_of(url: &str) -> Option<String> {
    let url = url.strip_suffix('/').unwrap_or(url).to_ascii_lowercase();
    let (scheme, authority) = url.split_once("://")?;
    let implied_port = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let (host, port) = host_and_port(authority);
    let host = host_of_text(host)?;
    let port = match port {
        Some(port) => port_of(port)?,
        None => implied_port,
    };
    Some(if port == implied_port { format!("{scheme}://{host}") } else { format!("{scheme}://{host}:{port}") })
}

/// What comes before the last colon and what after it; the colons of an address in brackets are its own.
fn host_and_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

/// A port as browsers write it: a number without sign and leading zeros.
fn port_of(digits: &str) -> Option<u16> {
    digits.parse().ok().filter(|port: &u16| *port > 0 && port.to_string() == digits)
}

/// A name, an address of IPv4, or one of IPv6 in brackets, which has many spellings: the one of RFC 5952.
fn host_of_text(host: &str) -> Option<String> {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().ok().map(|address| format!("[{address}]")),
        None => is_name(host).then(|| host.to_owned()),
    }
}

fn is_name(host: &str) -> bool {
    !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
}

fn host_of(origin: &str) -> &str {
    let authority = origin.split_once("://").map_or(origin, |(_, authority)| authority);
    host_and_port(authority).0
}

fn is_loopback(host: &str) -> bool {
    let is_loopback_v4 = |host: &str| host.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback());
    host == "localhost" || host.ends_with(".localhost") || host == "[::1]" || is_loopback_v4(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_loopback_unless_allowed() {
        for url in [
            "http://127.0.0.1:8080",
            "http://localhost",
            "http://app.localhost:1",
            "http://[::1]:8080/",
            "http://[0:0:0:0:0:0:0:1]:8080",
        ] {
            let options = Options::new(url, 8080, false).expect("loopback");
            assert!(options.is_trustworthy() && !options.is_https(), "{url}");
        }
        for url in ["http://registry.example", "http://127.0.0.1.example", "http://10.0.0.1:8080"] {
            assert_eq!(Options::new(url, 8080, false), Err(OptionsError::InsecureHttp), "{url}");
            assert!(!Options::new(url, 8080, true).expect("allowed").is_trustworthy(), "{url}");
        }
        assert!(Options::new("https://registry.example", 8080, false).expect("https").is_https());
    }

    #[test]
    fn only_an_origin_is_a_public_url() {
        for url in [
            "",
            "registry.example",
            "ftp://registry.example",
            "https://",
            "https://:443",
            "https://a.example/path",
            "https://a b",
            "https://a.example:",
            "https://a.example:+443",
            "https://a.example:0443",
            "https://a.example:0",
            "https://a.example:65536",
            "https://a.example:8443:443",
            "https://[::1",
            "https://[::1]8443",
            "https://[a.example]",
        ] {
            assert_eq!(Options::new(url, 8080, true), Err(OptionsError::NotAnOrigin), "{url}");
        }
    }

    #[test]
    fn own_origins_are_the_public_one_and_the_listeners_loopback_names() {
        let by_tls = Options::new("https://registry.example", 8443, false).expect("good").by_tls();
        assert!(by_tls.is_own_origin("https://localhost:8443") && !by_tls.is_own_origin("http://localhost:8443"));
        let (own, other) = ("https://localhost", "https://localhost:80");
        let on = |port| Options::new("https://registry.example", port, false).expect("good").by_tls();
        assert!(on(443).is_own_origin(own) && !on(443).is_own_origin(other));
        assert!(on(80).is_own_origin(other) && !on(80).is_own_origin(own));
        let options = Options::new("https://Registry.Example:443/", 8080, false).expect("good");
        for own in ["https://registry.example", "http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080"] {
            assert!(options.is_own_origin(own), "{own}");
        }
        for foreign in [
            "null",
            "",
            "http://registry.example",
            "https://registry.example:8443",
            "https://registry.example.evil.example",
            "https://evil.example",
            "http://localhost:8081",
            "http://localhost",
            "http://localhost:8080:80",
            "http://localhost:08080",
            "https://registry.example:",
        ] {
            assert!(!options.is_own_origin(foreign), "{foreign}");
        }
    }
}

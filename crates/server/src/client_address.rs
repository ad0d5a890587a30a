//! The address that a request comes from: the socket's, or what trusted proxies say of it.

use std::net::IpAddr;
use std::sync::Arc;

use domain::origin::ClientAddress;
use domain::ports::secrets::SecretKeeper;
use ipnet::IpNet;
use poem::http::{HeaderMap, HeaderValue, header};
use poem::{Endpoint, Request, Response};

/// The field in which the proxies say whom they speak for. Only one is believed: a proxy passes on the
/// other as the client sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ForwardedField {
    /// `X-Forwarded-For`.
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// Whose word is taken for where a request comes from.
#[derive(Clone, Debug)]
pub(crate) struct TrustedProxies {
    pub(crate) networks: Vec<IpNet>,
    pub(crate) field: ForwardedField,
}

impl TrustedProxies {
    /// The address of the client behind the peer of a connection: from the right, the first that is no trusted
    /// proxy's. What cannot be read ends the way: whoever stands before it is the client.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        for next in self.said(headers).into_iter().rev() {
            let Some(next) = self.trusts(client).then_some(next).flatten() else { break };
            client = next.to_canonical();
        }
        client
    }

    fn trusts(&self, ip: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&ip))
    }

    /// The addresses in the field, in their order; `None` for what is none, such as `unknown`.
    fn said(&self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        let name = match self.field {
            ForwardedField::XForwardedFor => header::HeaderName::from_static("x-forwarded-for"),
            ForwardedField::Forwarded => header::FORWARDED,
        };
        // Each element by itself: what one proxy cannot read the next one passes on.
        let lines = headers.get_all(name).iter().map(HeaderValue::as_bytes);
        let texts = |line| self.elements(line).into_iter().map(|element| str::from_utf8(element?).ok());
        lines.flat_map(texts).map(|element| self.address(element?.trim())).collect()
    }

    /// The elements of a line; `None` for what a quote that is never closed runs through.
    fn elements<'a>(&self, line: &'a [u8]) -> Vec<Option<&'a [u8]>> {
        match self.field {
            ForwardedField::XForwardedFor => line.split(|byte| *byte == b',').map(Some).collect(),
            ForwardedField::Forwarded => parts(line, b','),
        }
    }

    fn address(&self, element: &str) -> Option<IpAddr> {
        match self.field {
            ForwardedField::XForwardedFor => node(element),
            ForwardedField::Forwarded => {
                let pairs = parts(element.as_bytes(), b';').into_iter().flatten();
                let pairs = pairs.filter_map(|pair| str::from_utf8(pair).ok()?.trim().split_once('='));
                let mut nodes = pairs.filter(|(name, _)| name.eq_ignore_ascii_case("for"));
                // Of two, nobody can tell which is meant.
                let (first, second) = (nodes.next(), nodes.next());
                first.filter(|_| second.is_none()).and_then(|(_, value)| node(value))
            }
        }
    }
}

/// The parts of a text between separators that stand in no quoted string (RFC 9110, section 5.6.4); `None` for the
/// last one when its quote is never closed.
fn parts(text: &[u8], separator: u8) -> Vec<Option<&[u8]>> {
    let (mut parts, mut from, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            byte if *byte == separator && !quoted => {
                parts.push(Some(&text[from..at]));
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push((!quoted).then_some(&text[from..]));
    parts
}

/// An address as proxies write it: with quotes, brackets or a port, or without.
fn node(text: &str) -> Option<IpAddr> {
    let text = match text.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None => text,
    };
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(ip, _)| ip);
    let with_port = || text.rsplit_once(':').and_then(|(ip, port)| port.parse::<u16>().is_ok().then_some(ip));
    let parsed = bracketed.unwrap_or(text).parse().ok();
    parsed.or_else(|| with_port().and_then(|ip| ip.parse().ok()))
}

/// Finds out the client's address before anything else of a request is looked at.
pub(crate) struct WithClientAddress<E> {
    pub(crate) proxies: TrustedProxies,
    pub(crate) keeper: Arc<dyn SecretKeeper>,
    pub(crate) inner: E,
}

impl<E: Endpoint<Output = Response>> Endpoint for WithClientAddress<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        if let Some(peer) = request.remote_addr().as_socket_addr() {
            let client = self.proxies.client(peer.ip(), request.headers());
            request.extensions_mut().insert(ClientAddress::new(client, &*self.keeper));
        }
        self.inner.call(request).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(field: ForwardedField, peer: &str, lines: &[&str]) -> String {
        let networks = ["10.0.0.0/8", "2001:db8:ffff::/48"].map(|text| text.parse().unwrap()).to_vec();
        let mut headers = HeaderMap::new();
        let name = if field == ForwardedField::Forwarded { "forwarded" } else { "x-forwarded-for" };
        for line in lines {
            headers.append(name, line.parse().unwrap());
        }
        TrustedProxies { networks, field }.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed_from_the_right() {
        let client = |peer, lines: &[&str]| client(ForwardedField::XForwardedFor, peer, lines);
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("::ffff:10.0.0.1", &["::ffff:198.51.100.1"]), "198.51.100.1");
        // What the client itself wrote stands to the left of what the proxies wrote.
        assert_eq!(client("10.0.0.1", &["192.0.2.1, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["192.0.2.1", "198.51.100.1", "10.0.0.2"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
        assert_eq!(client("2001:db8:ffff::1", &["[2001:db8::5]:4711"]), "2001:db8::5");
        assert_eq!(client("10.0.0.1", &["198.51.100.1:80"]), "198.51.100.1");
    }

    #[test]
    fn what_cannot_be_read_ends_the_way() {
        let client = |lines: &[&str]| client(ForwardedField::XForwardedFor, "10.0.0.1", lines);
        for line in ["unknown", "", "198.51.100.1, ,", "198.51.100.1, _hidden", "1.2.3.4.5", "198.51.100.1:port"] {
            assert_eq!(client(&[line]), "10.0.0.1", "{line}");
        }
        assert_eq!(client(&["198.51.100.1, unknown, 10.0.0.2"]), "10.0.0.2");
    }

    #[test]
    fn what_a_client_writes_into_the_field_hides_nothing_that_a_proxy_adds() {
        let mut headers = HeaderMap::new();
        let line = HeaderValue::from_bytes(b"\xff, 198.51.100.1").unwrap();
        headers.append("x-forwarded-for", line);
        let networks = vec!["10.0.0.0/8".parse().unwrap()];
        let proxies = TrustedProxies { networks, field: ForwardedField::XForwardedFor };
        assert_eq!(proxies.client("10.0.0.1".parse().unwrap(), &headers).to_string(), "198.51.100.1");
        let forwarded = |lines: &[&str]| client(ForwardedField::Forwarded, "10.0.0.1", lines);
        for line in [
            "for=198.51.100.1;host=\"a,for=6.6.6.6\"",
            "host=\"a;for=6.6.6.6\";for=198.51.100.1",
            "host=\"a\\\",for=6.6.6.6\";for=198.51.100.1",
            "for=6.6.6.6, for=\"198.51.100.1\"",
        ] {
            assert_eq!(forwarded(&[line]), "198.51.100.1", "{line}");
        }
        // Who leaves a quote open hides behind the proxy, and never behind an address of their choice.
        for line in ["for=6.6.6.6;x=\", for=198.51.100.1", "for=6.6.6.6;for=198.51.100.1", "for=6.6.6.6\""] {
            assert_eq!(forwarded(&[line]), "10.0.0.1", "{line}");
        }
    }

    #[test]
    fn only_the_field_that_was_chosen_counts() {
        let forwarded = |lines: &[&str]| client(ForwardedField::Forwarded, "10.0.0.1", lines);
        assert_eq!(forwarded(&["for=198.51.100.1;proto=https;by=10.0.0.1"]), "198.51.100.1");
        assert_eq!(forwarded(&["For=\"[2001:db8::5]:80\", for=10.0.0.2"]), "2001:db8::5");
        assert_eq!(forwarded(&["for=192.0.2.1", "proto=http;for=\"198.51.100.1:80\""]), "198.51.100.1");
        assert_eq!(forwarded(&["198.51.100.1"]), "10.0.0.1");
        let mut headers = HeaderMap::new();
        headers.append("forwarded", "for=192.0.2.1".parse().unwrap());
        let proxies =
            TrustedProxies { networks: vec!["10.0.0.0/8".parse().unwrap()], field: ForwardedField::XForwardedFor };
        assert_eq!(proxies.client("10.0.0.1".parse().unwrap(), &headers).to_string(), "10.0.0.1");
    }
}

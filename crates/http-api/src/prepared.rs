//! Answers that never change while the program runs: made at their first use, compressed once.

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use poem::http::{HeaderMap, HeaderValue, StatusCode, header};
use poem::{Endpoint, Request, Response, ResponseBuilder};
use std::io::Write as _;
use tokio::sync::OnceCell;

use crate::problem::Refusal;

/// How long anybody may keep such an answer without asking again, in the words of RFC 9111.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=3600");
/// Compressing gains nothing on what fits into one packet.
const LEAST_COMPRESSED: usize = 1024;

/// An answer that never changes.
pub(crate) struct Prepared {
    make: Box<dyn Fn() -> String + Send + Sync>,
    content_type: &'static str,
    policy: &'static str,
    made: OnceCell<Made>,
}

struct Made {
    plain: Bytes,
    gzip: Option<Bytes>,
    tag: HeaderValue,
}

impl Prepared {
    /// What `make` says, once somebody asks; `policy` is its Content-Security-Policy.
    pub(crate) fn new(
        content_type: &'static str,
        policy: &'static str,
        make: impl Fn() -> String + Send + Sync + 'static,
    ) -> Self {
        Self { make: Box::new(make), content_type, policy, made: OnceCell::new() }
    }

    async fn made(&self) -> Result<&Made, Refusal> {
        let make = || async {
            let plain = Bytes::from((self.make)());
            let text = plain.clone();
            // A megabyte takes its time, and the other requests shall not wait for it.
            let compressed = tokio::task::spawn_blocking(move || gzip(&text)).await;
            let gzip = compressed.map_err(|_| Refusal::internal("a document could not be compressed"))?;
            let tag = HeaderValue::from_str(&tag(&plain));
            Ok(Made { gzip, tag: tag.map_err(|_| Refusal::internal("a tag is no header"))?, plain })
        };
        self.made.get_or_try_init(make).await
    }
}

impl Endpoint for Prepared {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let made = self.made().await?;
        let mut response = self.head().header(header::ETAG, made.tag.clone());
        if made.tag.to_str().is_ok_and(|tag| knows(request.headers(), tag)) {
            return Ok(response.status(StatusCode::NOT_MODIFIED).finish());
        }
        if let Some(gzip) = made.gzip.as_ref().filter(|_| takes_gzip(request.headers())) {
            response = response.header(header::CONTENT_ENCODING, "gzip");
            return Ok(response.body(gzip.clone()));
        }
        Ok(response.body(made.plain.clone()))
    }
}

impl Prepared {
    fn head(&self) -> ResponseBuilder {
        Response::builder()
            .content_type(self.content_type)
            .header(header::CACHE_CONTROL, KEPT)
            .header(header::VARY, "accept-encoding")
            .header(header::CONTENT_SECURITY_POLICY, self.policy)
    }
}

fn gzip(plain: &[u8]) -> Option<Bytes> {
    if plain.len() < LEAST_COMPRESSED {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory cannot fail.
    encoder.write_all(plain).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

/// Whether the caller has this answer already (RFC 9110, section 13.1.2).
pub(crate) fn knows(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok()).unwrap_or_default();
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let tag = opaque(tag);
    known.split(',').any(|known| known.trim() == "*" || opaque(known) == tag)
}

/// Whether the caller reads gzip (RFC 9110, section 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|accepted| accepted.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let refused = |part: &str| part.strip_prefix("q=").is_some_and(|q| q.parse().is_ok_and(|q: f32| q <= 0.0));
        named && !parts.any(refused)
    })
}

/// The entity tag of a content (RFC 9110, section 8.8.3).
pub(crate) fn tag(content: &[u8]) -> String {
    format!("W/\"{:016x}\"", fnv1a(content))
}

/// The hash FNV-1a: it only needs to change when the content does.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn gzip_is_for_those_who_take_it() {
        for accepted in ["gzip", "br, GZIP", "deflate;q=0.5, gzip;q=0.8", "gzip; q=1"] {
            assert!(takes_gzip(&headers(header::ACCEPT_ENCODING, accepted)), "{accepted}");
        }
        for refused in ["", "br", "gzip;q=0", "gzip; q=0.0", "xgzip", "identity"] {
            assert!(!takes_gzip(&headers(header::ACCEPT_ENCODING, refused)), "{refused}");
        }
    }

    #[test]
    fn an_answer_is_known_by_its_tag() {
        let tag = "W/\"00ff\"";
        for known in ["W/\"00ff\"", "\"00ff\"", "\"1\", W/\"00ff\"", "*"] {
            assert!(knows(&headers(header::IF_NONE_MATCH, known), tag), "{known}");
        }
        for other in ["", "00ff", "\"00fe\"", "W/\"\""] {
            assert!(!knows(&headers(header::IF_NONE_MATCH, other), tag), "{other}");
        }
    }
}

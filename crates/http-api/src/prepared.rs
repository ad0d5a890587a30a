//! Answers that never change while the program runs: made at their first use, compressed once.

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use poem::http::{HeaderMap, HeaderValue, StatusCode, header};
use poem::{Endpoint, Request, Response, ResponseBuilder};
use std::io::Write as _;
use std::sync::Arc;
use tokio::sync::OnceCell;

use crate::problem::Refusal;

/// How long anybody may keep such an answer without asking again, in the words of RFC 9111.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=3600");
/// Compressing gains nothing on what fits into one packet.
const LEAST_COMPRESSED: usize = 1024;

/// An answer that never changes.
pub(crate) struct Prepared {
    make: Arc<dyn Fn() -> String + Send + Sync>,
    content_type: &'static str,
    policy: &'static str,
    made: Arc<OnceCell<Made>>,
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
        Self { make: Arc::new(make), content_type, policy, made: Arc::default() }
    }

    async fn made(&self) -> Result<&Made, Refusal> {
        if self.made.get().is_none() {
            let (made, make) = (Arc::clone(&self.made), Arc::clone(&self.make));
            // A task of its own: were the first to ask gone before it is made, the next would begin once more.
            let making = tokio::spawn(async move { made.get_or_try_init(|| made_by(make)).await.map(|_| ()) });
            making.await.map_err(|_| not_made())??;
        }
        self.made.get().ok_or_else(not_made)
    }
}

/// Makes an answer where no other request waits for it: a megabyte takes its time.
async fn made_by(make: Arc<dyn Fn() -> String + Send + Sync>) -> Result<Made, Refusal> {
    let made = tokio::task::spawn_blocking(move || {
        let plain = Bytes::from(make());
        (gzip(&plain), plain)
    });
    let (gzip, plain) = made.await.map_err(|_| not_made())?;
    let tag = HeaderValue::from_str(&tag(&plain)).map_err(|_| not_made())?;
    Ok(Made { plain, gzip, tag })
}

fn not_made() -> Refusal {
    Refusal::internal("a document could not be made")
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
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[tokio::test]
    async fn an_answer_is_made_once_although_the_first_to_ask_has_gone() {
        let times = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&times);
        let prepared = Prepared::new("text/plain", "", move || {
            std::thread::sleep(Duration::from_millis(50));
            counted.fetch_add(1, Ordering::SeqCst).to_string()
        });
        let gone = tokio::time::timeout(Duration::from_millis(1), prepared.call(Request::default())).await;
        assert!(gone.is_err());
        for _ in 0..2 {
            let answer = prepared.call(Request::default()).await.unwrap();
            assert_eq!(answer.into_body().into_string().await.unwrap(), "0");
        }
        assert_eq!(times.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn an_answer_that_cannot_be_made_is_an_error_and_is_tried_again() {
        let times = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&times);
        let make = move || if counted.fetch_add(1, Ordering::SeqCst) == 0 { panic!("no") } else { "made".to_owned() };
        let prepared = Prepared::new("text/plain", "", make);
        let error = prepared.call(Request::default()).await.unwrap_err();
        assert!(error.downcast_ref::<Refusal>().is_some(), "{error}");
        let answer = prepared.call(Request::default()).await.unwrap();
        assert_eq!(answer.into_body().into_string().await.unwrap(), "made");
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

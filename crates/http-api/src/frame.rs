//! What stands around every request: its id, its place in the API, its errors, its line in the log.

use std::sync::Arc;
use std::time::Duration;

use domain::ids::RequestId;
use domain::origin::{ClientAddress, Origin};
use percent_encoding::percent_decode_str;
use poem::endpoint::BoxEndpoint;
use poem::http::{HeaderName, HeaderValue, Method, header};
use poem::{Body, Endpoint, Error, Request, Response};
use tokio::io::AsyncReadExt as _;
use tracing::Instrument as _;

use crate::api::Api;
use crate::body::{MAX_BYTES, too_large};
use crate::caller::Context;
use crate::document::Methods;
use crate::options::Options;
use crate::pages;
use crate::problem::{Kind, Refusal};

/// The most bytes of request line and header lines together.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// How much is read of a body that nobody wants, and for how long at most.
const PASSED_OVER_BYTES: u64 = 1024 * 1024;
const PASSED_OVER_TIME: Duration = Duration::from_secs(2);

/// For two years browsers come by https only, once they have come so (RFC 6797).
const STRICT_TRANSPORT_SECURITY: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// A panic, as an answer that the frame replaces.
#[derive(Clone, Copy)]
pub(crate) struct Panicked;

/// The API and its pages for developers, framed.
pub(crate) struct Frame {
    pub(crate) api: Arc<Api>,
    pub(crate) options: Options,
    pub(crate) operations: Vec<(String, Methods)>,
    pub(crate) inner: BoxEndpoint<'static, Response>,
}

impl Endpoint for Frame {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let id = RequestId::fresh(self.api.clock.now(), &*self.api.entropy);
        // Whatever is logged on the way to the answer tells by which request.
        let span = tracing::info_span!("request", %id);
        Ok(self.answer(request, id).instrument(span).await)
    }
}

impl Frame {
    async fn answer(&self, request: Request, id: RequestId) -> Response {
        let (method, path) = (request.method().clone(), request.uri().path());
        let entry = self.entry(path);
        // What the log says of the path: never what a caller made up.
        let pattern = entry.map_or_else(|| pages::pattern(path).unwrap_or("-"), |(template, _)| template);
        let methods = entry.map(|(_, methods)| methods.as_slice());
        let origin = request.headers().get(header::ORIGIN).cloned();
        let started = tokio::time::Instant::now();
        let mut response = match self.ask(request, methods, id).await {
            Ok(response) if response.extensions().get::<Panicked>().is_some() => {
                self.refuse(Refusal::internal("an operation panicked"), id)
            }
            Ok(response) => response,
            Err(error) => self.failed(error, id),
        };
        self.finish(&mut response, id, origin.as_ref());
        let (status, elapsed) = (response.status().as_u16(), started.elapsed().as_micros());
        let microseconds = u64::try_from(elapsed).unwrap_or(u64::MAX);
        tracing::info!(%method, path = pattern, status, microseconds, "answered");
        response
    }

    async fn ask(
        &self,
        mut request: Request,
        methods: Option<&[(String, &'static str)]>,
        id: RequestId,
    ) -> poem::Result<Response> {
        if head_bytes(&request) > MAX_HEAD_BYTES {
            return Err(Refusal::new(Kind::HeadTooLarge, "The head of a request has at most 16384 bytes.").into());
        }
        let Some(methods) = methods else {
            self.pass_over(request.take_body()).await;
            if pages::owns(request.uri().path()) {
                return self.inner.call(request).await;
            }
            return Err(Refusal::nothing_here().into());
        };
        if request.method() == Method::OPTIONS && self.allows(request.headers().get(header::ORIGIN)) {
            return Ok(preflight(&allow(methods)));
        }
        let asked = if request.method() == Method::HEAD { "GET" } else { request.method().as_str() };
        let Some((_, operation_id)) = methods.iter().find(|(method, _)| method == asked) else {
            self.pass_over(request.take_body()).await;
            return Err(Refusal::method_not_allowed(allow(methods)).into());
        };
        // To the other methods a body means nothing: it is not read, however long it is.
        let has_body = matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH);
        let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        if has_body && length.and_then(|length| length.parse::<usize>().ok()).is_some_and(|length| length > MAX_BYTES) {
            self.pass_over(request.take_body()).await;
            return Err(too_large().into());
        }
        let context = Context {
            api: Arc::clone(&self.api),
            origin: origin(&request, id),
            operation_id,
            body_timeout: self.options.body_timeout,
        };
        request.extensions_mut().insert(context);
        self.inner.call(request).await
    }

    /// Reads the beginning of a body that nobody wants, and forgets it: a client that is still sending when its
    /// connection is closed may never see the answer.
    async fn pass_over(&self, body: Body) {
        let (mut beginning, mut nowhere) = (body.into_async_read().take(PASSED_OVER_BYTES), tokio::io::sink());
        let timeout = PASSED_OVER_TIME.min(self.options.body_timeout);
        // How it ends makes no difference: the answer is the same.
        let _ = tokio::time::timeout(timeout, tokio::io::copy(&mut beginning, &mut nowhere)).await;
    }

    /// What an error of the framework is to a caller.
    fn failed(&self, error: Error, id: RequestId) -> Response {
        let error = match error.downcast::<Refusal>() {
            Ok(refusal) => return self.refuse(refusal, id),
            Err(error) => error,
        };
        if error.is_from_response() {
            return error.into_response();
        }
        self.refuse(of_framework(&error), id)
    }

    fn refuse(&self, refusal: Refusal, id: RequestId) -> Response {
        refusal.answer(&self.options.public_url, id)
    }

    fn finish(&self, response: &mut Response, id: RequestId, origin: Option<&HeaderValue>) {
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
            headers.insert(HeaderName::from_static("x-request-id"), id);
        }
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        if self.options.public_url.starts_with("https://") {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT_SECURITY);
        }
        if !headers.contains_key(header::CACHE_CONTROL) {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
            let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
            headers.insert(header::CONTENT_SECURITY_POLICY, nothing);
        }
        if !self.options.cors_origins.is_empty() {
            headers.append(header::VARY, HeaderValue::from_static("origin"));
        }
        if let Some(origin) = origin.filter(|origin| self.allows(Some(*origin))) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            let exposed =
                HeaderValue::from_static("ratelimit, ratelimit-policy, retry-after, www-authenticate, x-request-id");
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        }
    }

    fn allows(&self, origin: Option<&HeaderValue>) -> bool {
        let origin = origin.and_then(|origin| origin.to_str().ok());
        origin.is_some_and(|origin| self.options.cors_origins.iter().any(|allowed| allowed == origin))
    }

    fn entry(&self, path: &str) -> Option<&(String, Methods)> {
        // A path whose escapes are no UTF-8 names nothing.
        percent_decode_str(path).decode_utf8().ok()?;
        // A literal path, such as /me/fields, stands before one with a parameter.
        let literal = self.operations.iter().find(|(template, _)| template == path);
        literal.or_else(|| self.operations.iter().find(|(template, _)| matches(template, path)))
    }
}

/// Where a request comes from: its address is known where the server has found it out.
fn origin(request: &Request, id: RequestId) -> Origin {
    let field = |name| request.headers().get(name).and_then(|field| field.to_str().ok());
    let address = request.extensions().get::<ClientAddress>().cloned();
    let origin = Origin { address, ..Origin::request(id) };
    origin.with_fields(field(header::USER_AGENT), field(header::ACCEPT_LANGUAGE))
}

/// How long the head is, as HTTP/1.1 writes it.
fn head_bytes(request: &Request) -> usize {
    let target = request.uri().path_and_query().map_or(1, |target| target.as_str().len());
    let lines = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    request.method().as_str().len() + target + "  HTTP/1.1\r\n".len() + lines.sum::<usize>()
}

fn of_framework(error: &Error) -> Refusal {
    match error.status().as_u16() {
        401 => Refusal::no_token(),
        404 => Refusal::nothing_here(),
        405 => Refusal::method_not_allowed("GET, HEAD".into()),
        413 => too_large(),
        415 => Refusal::new(Kind::UnsupportedMediaType, "The body must be of the type application/json."),
        400..=499 => Refusal::new(Kind::BadRequest, "The request cannot be read."),
        _ => Refusal::internal("the framework failed"),
    }
}

fn matches(template: &str, path: &str) -> bool {
    let (mut parts, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (parts.next(), given.next()) {
            (None, None) => return true,
            (Some(part), Some(given)) if part == given || (part.starts_with('{') && !given.is_empty()) => {}
            _ => return false,
        }
    }
}

fn allow(methods: &[(String, &str)]) -> String {
    let mut names = methods.iter().map(|(method, _)| method.as_str()).collect::<Vec<_>>();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    names.join(", ")
}

fn preflight(allow: &str) -> Response {
    Response::builder()
        .status(poem::http::StatusCode::NO_CONTENT)
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, allow)
        .header(header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type")
        .header(header::ACCESS_CONTROL_MAX_AGE, "600")
        .finish()
}

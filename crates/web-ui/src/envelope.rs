//! What stands around every answer of the pages: its headers, its cookies, and errors as pages.

use std::sync::Arc;

use askama::Template;
use poem::error::{NotFoundError, ParsePathError, ResponseError as _};
use poem::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use poem::{Endpoint, Error, Request, Response};
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::frame::{Frame, Scripted, page, redirect};
use crate::next::log_in_path;
use crate::options::Options;
use crate::refused::Refused;
use crate::site::Site;
use crate::visit::Visit;

/// Nothing but the own files, and forms that go nowhere else.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'";
/// The same where a password is chosen: the strength meter is a script of our own. It still cannot connect anywhere.
const SCRIPTED_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'; script-src 'self'";
/// Two years, as the preload list of browsers asks.
const STRICT_TRANSPORT_SECURITY: &str = "max-age=63072000";
/// The most bytes of request line and header lines together, as in the API.
const MAX_HEAD_BYTES: usize = 16 * 1024;
const PERMISSIONS_POLICY: &str = "camera=(), geolocation=(), microphone=()";

/// A panic, as an answer that the envelope replaces.
#[derive(Clone, Copy)]
struct Panicked;

/// What stands for the answer of a page that panicked. The panic itself was reported where it happened.
pub(crate) fn panicked() -> Response {
    let mut response = Response::default();
    response.extensions_mut().insert(Panicked);
    response
}

/// What is left where a panic struck beside the pages: the status, and the headers that need nothing of the request.
pub(crate) fn bare_failure(options: &Options) -> Response {
    let mut response = Response::from(StatusCode::INTERNAL_SERVER_ERROR);
    guard(response.headers_mut(), options, CONTENT_SECURITY_POLICY, true);
    response
}

/// Answers a request, whatever the pages make of it.
pub(crate) async fn answer<E: Endpoint<Output = Response>>(
    site: Arc<Site>,
    pages: Arc<E>,
    mut request: Request,
) -> poem::Result<Response> {
    let visit = Arc::new(Visit::of(&request, Arc::clone(&site)));
    request.set_data(Arc::clone(&visit));
    // Whatever is logged on the way to the answer tells by which request.
    let span = tracing::info_span!("request", id = %visit.request);
    let method = request.method().clone();
    let started = Instant::now();
    let response = answer_within(&site, pages, request, &visit).instrument(span.clone()).await;
    let microseconds = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    let status = response.status().as_u16();
    // The route and not the path, in which a caller may write anything.
    let path = visit.route().unwrap_or("-");
    span.in_scope(|| tracing::info!(%method, path, status, microseconds, "answered"));
    Ok(response)
}

/// Makes pages of the errors of pages. A panic in here is contained as theirs are, for it may ask the storage, too.
pub(crate) async fn show_refusals<E: Endpoint<Output = Response>>(
    pages: Arc<E>,
    request: Request,
) -> poem::Result<Response> {
    let visit = Visit::made_by(&request).cloned().ok_or(NotFoundError)?;
    let is_post = request.method() == poem::http::Method::POST;
    // A page refuses a head that is too long by itself, and tells its route; where there is none, it is refused as well.
    let head = check_head(&request).map_err(Error::from);
    let answer = pages.call(request).await;
    match head.and(answer) {
        Ok(response) => Ok(response),
        Err(error) => Ok(refusal(error, &visit, is_post).await),
    }
}

/// What a route does before its page sees the request: it makes itself known, and refuses a head that is too long.
pub(crate) fn enter(request: &Request, route: &'static str) -> Result<(), Refused> {
    if let Some(visit) = Visit::made_by(request) {
        visit.note_route(route);
    }
    check_head(request)
}

async fn answer_within<E: Endpoint<Output = Response>>(
    site: &Site,
    pages: Arc<E>,
    request: Request,
    visit: &Visit,
) -> Response {
    let has_secret = leads_from_mail(request.uri().path());
    let mut response = match pages.call(request).await {
        Ok(response) if response.extensions().get::<Panicked>().is_some() => refuse(&Refused::Panicked, visit),
        Ok(response) => response,
        Err(error) => refuse(&Refused::Unforeseen(error.to_string()), visit),
    };
    let is_scripted = response.extensions().get::<Scripted>().is_some();
    let policy = if is_scripted { SCRIPTED_POLICY } else { CONTENT_SECURITY_POLICY };
    let headers = response.headers_mut();
    for cookie in visit.take_cookies() {
        headers.append(header::SET_COOKIE, cookie);
    }
    let request_id = HeaderValue::from_str(&visit.request.to_string()).expect("an id is plain ASCII");
    headers.insert(HeaderName::from_static("x-request-id"), request_id);
    guard(headers, &site.options, policy, has_secret);
    response
}

fn check_head(request: &Request) -> Result<(), Refused> {
    if head_bytes(request) > MAX_HEAD_BYTES { Err(Refused::HeadTooLarge) } else { Ok(()) }
}

/// How long the head is, as HTTP/1.1 writes it.
fn head_bytes(request: &Request) -> usize {
    let target = request.uri().path_and_query().map_or(1, |target| target.as_str().len());
    let lines = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    request.method().as_str().len() + target + "  HTTP/1.1\r\n".len() + lines.sum::<usize>()
}

/// The headers that keep a page to itself.
fn guard(headers: &mut HeaderMap, options: &Options, policy: &'static str, has_secret: bool) {
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let mut insert = |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
    insert(header::CONTENT_SECURITY_POLICY, policy);
    insert(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    insert(header::X_FRAME_OPTIONS, "DENY");
    insert(header::REFERRER_POLICY, referrer_policy(options, has_secret));
    insert(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    insert(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    insert(HeaderName::from_static("permissions-policy"), PERMISSIONS_POLICY);
    if options.is_https() {
        insert(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT_SECURITY);
    }
}

/// No page tells another where its reader came from. A page without a referrer sends forms with the
/// origin `null`, too; that is well where browsers send `Sec-Fetch-Site`, which they do not over
/// plain http to another machine. There, a page whose own address holds a secret tells its origin only.
const fn referrer_policy(options: &Options, has_secret: bool) -> &'static str {
    match (options.is_trustworthy(), has_secret) {
        (true, _) => "no-referrer",
        (false, true) => "origin",
        (false, false) => "same-origin",
    }
}

/// Whether links in mails lead here: such an address holds a token.
fn leads_from_mail(path: &str) -> bool {
    path.starts_with("/mail/")
}

#[derive(Template)]
#[template(path = "refused.html")]
struct RefusedPage {
    frame: Frame,
    key: &'static str,
    /// The key of the sentence that tells how long to wait, and the number in it.
    wait: Option<(&'static str, usize)>,
    by_mail: bool,
    request: String,
}

async fn refusal(error: Error, visit: &Visit, is_post: bool) -> Response {
    if error.is_from_response() {
        return error.into_response();
    }
    let refused = match error.downcast::<Refused>() {
        Ok(refused) => refused,
        // A path whose escapes are no UTF-8 names nothing.
        Err(error) if error.is::<NotFoundError>() || error.is::<ParsePathError>() => Refused::NotFound,
        Err(error) => Refused::Unforeseen(error.to_string()),
    };
    if matches!(refused, Refused::LogInFirst) {
        visit.drop_session();
        return redirect(&log_in_path(if is_post { "/account" } else { &visit.target }));
    }
    if refused.status().is_client_error() && !matches!(refused, Refused::TooMany(_) | Refused::HeadTooLarge) {
        // Whoever is signed in reads it in their language, also where no page has asked who they are. The page does
        // not depend on it. What is refused because it is too much costs no look at the database.
        let _ = visit.site.knows(visit).await;
    }
    refuse(&refused, visit)
}

fn refuse(refused: &Refused, visit: &Visit) -> Response {
    log(refused);
    refusal_page(refused, visit)
}

fn refusal_page(refused: &Refused, visit: &Visit) -> Response {
    let key = refused.key();
    let frame = Frame::stranger(visit, &format!("{key}-title"));
    let (wait, by_mail) = (refused.wait(), refused.leads_in_by_mail());
    let view = RefusedPage { frame, key, wait, by_mail, request: visit.request.to_string() };
    // Without a template there are at least the status and the id in the headers.
    let mut response = page(refused.status(), &view).unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into());
    let headers = response.headers_mut();
    if let Refused::MethodNotAllowed { allowed } = refused {
        headers.insert(header::ALLOW, HeaderValue::from_static(allowed));
    }
    if let Some(retry_after) = refused.retry_after() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_after.as_secs().max(1)));
    }
    response
}

fn log(refused: &Refused) {
    if refused.status().is_server_error() {
        tracing::error!(error = %refused, "a page could not be shown");
    } else {
        tracing::debug!(reason = %refused, "a request got no page");
    }
}

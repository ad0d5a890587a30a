//! Everything that can go wrong, as problem documents of RFC 9457.

use domain::form::FieldError;
use domain::ids::RequestId;
use domain::ports::failure::PortFailure;
use domain::throttles::limits::{TooMany, whole_seconds};
use poem::http::{HeaderName, HeaderValue, StatusCode, header};
use poem::{Response, error::ResponseError};
use poem_openapi::Object;
use poem_openapi::types::ToJSON as _;

macro_rules! problems {
    ($($kind:ident = $status:literal $slug:literal $title:literal;)*) => {
        /// A kind of problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Kind { $($kind,)* }

        impl Kind {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The last part of its type.
            pub(crate) const fn slug(self) -> &'static str {
                match self { $(Self::$kind => $slug,)* }
            }

            /// Its title, which never varies.
            pub(crate) const fn title(self) -> &'static str {
                match self { $(Self::$kind => $title,)* }
            }

            pub(crate) const fn status(self) -> u16 {
                match self { $(Self::$kind => $status,)* }
            }
        }
    };
}

problems! {
    BadJson = 400 "bad-json" "The body is not JSON";
    BadRequest = 400 "bad-request" "The request cannot be read";
    NotAuthenticated = 401 "not-authenticated" "Not authenticated";
    NotAllowedToRegister = 401 "not-allowed-to-register" "Not allowed to register";
    UnknownUser = 401 "unknown-user" "No such user";
    WrongPassword = 401 "wrong-password" "Wrong password";
    LogInRefused = 401 "log-in-refused" "The login was refused";
    RefreshTokenNotValid = 401 "refresh-token-not-valid" "The refresh token is not valid";
    AccountDisabled = 403 "account-disabled" "Account disabled";
    EmailNotVerified = 403 "email-not-verified" "The e-mail address is not verified";
    DomainNotAllowed = 403 "domain-not-allowed" "The e-mail domain is not allowed";
    SessionNeeded = 403 "session-needed" "A session is needed";
    NotPermitted = 403 "not-permitted" "Not permitted";
    NotFound = 404 "not-found" "Not found";
    MethodNotAllowed = 405 "method-not-allowed" "Method not allowed";
    Timeout = 408 "timeout" "The body took too long";
    Conflict = 409 "conflict" "Conflict";
    BodyTooLarge = 413 "body-too-large" "The body is too large";
    UnsupportedMediaType = 415 "unsupported-media-type" "Unsupported media type";
    MailedTokenNotValid = 422 "mailed-token-not-valid" "The token from the mail is not valid";
    Invalid = 422 "invalid" "Something in the request is wrong";
    TooManyRequests = 429 "too-many-requests" "Too many requests";
    HeadTooLarge = 431 "head-too-large" "The head of the request is too large";
    Internal = 500 "internal" "Internal error";
    Overloaded = 503 "overloaded" "Overloaded";
    Unavailable = 503 "unavailable" "Unavailable";
}

/// The most wrong fields that one answer names.
const MOST_ERRORS: usize = 1_000;

/// A request that is refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) kind: Kind,
    detail: String,
    errors: Vec<FieldError>,
    retry_after: Option<u64>,
    too_many: Option<Box<TooMany>>,
    allow: Option<String>,
    challenge: Option<&'static str>,
}

impl Refusal {
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let challenge = matches!(kind, Kind::NotAuthenticated | Kind::RefreshTokenNotValid).then_some("Bearer");
        Self {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
            too_many: None,
            allow: None,
            challenge,
        }
    }

    /// All wrong fields at once.
    pub(crate) fn invalid(errors: Vec<FieldError>) -> Self {
        // A body of nothing but commas must not make a long answer.
        let errors = errors.into_iter().take(MOST_ERRORS).collect::<Vec<_>>();
        let detail = match errors.as_slice() {
            [only] => only.message.clone(),
            several => format!("{} fields are wrong.", several.len()),
        };
        Self { errors, ..Self::new(Kind::Invalid, detail) }
    }

    /// A token was shown, and it is not valid (RFC 6750, section 3.1).
    pub(crate) fn bad_token() -> Self {
        let refusal = Self::new(Kind::NotAuthenticated, "The access token is not valid: log in again.");
        Self { challenge: Some("Bearer error=\"invalid_token\""), ..refusal }
    }

    pub(crate) fn no_token() -> Self {
        Self::new(Kind::NotAuthenticated, "You need to log in first.")
    }

    /// The same, with the challenge that RFC 9110 asks of every 401.
    pub(crate) fn with_challenge(self) -> Self {
        Self { challenge: Some("Bearer"), ..self }
    }

    pub(crate) fn overloaded(seconds: u64) -> Self {
        let refusal = Self::new(Kind::Overloaded, "Too much is going on at once: try again in a moment.");
        Self { retry_after: Some(seconds.max(1)), ..refusal }
    }

    /// It was tried too often.
    pub(crate) fn too_many(too_many: &TooMany) -> Self {
        let refusal = Self::new(Kind::TooManyRequests, too_many.to_string());
        Self { retry_after: Some(too_many.seconds()), too_many: Some(Box::new(*too_many)), ..refusal }
    }

    pub(crate) fn method_not_allowed(allow: String) -> Self {
        let refusal = Self::new(Kind::MethodNotAllowed, "This path does not know this method.");
        Self { allow: Some(allow), ..refusal }
    }

    /// What a port's failure is to a caller. What went wrong is for the log only.
    pub(crate) fn failed(failure: &PortFailure) -> Self {
        if failure.retryable() {
            tracing::warn!(error = %failure, "a port failed; it may pass");
            let refusal = Self::new(Kind::Unavailable, "The service cannot answer now: try again in a moment.");
            return Self { retry_after: Some(2), ..refusal };
        }
        Self::internal(&failure.to_string())
    }

    /// Something that should never be. What it is stands in the log only.
    pub(crate) fn internal(what: &str) -> Self {
        tracing::error!(what, "a request failed");
        Self::new(Kind::Internal, "Something went wrong on our side.")
    }

    /// The path names nothing.
    pub(crate) fn nothing_here() -> Self {
        Self::new(Kind::NotFound, "There is nothing at this path.")
    }

    /// The wrong fields.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// The answer to the caller.
    pub(crate) fn answer(self, public_url: &str, request: RequestId) -> Response {
        let field =
            |error: FieldError| WrongField { field: error.field, code: error.code.into(), message: error.message };
        let problem = Problem {
            kind: format!("{public_url}/problems/{}", self.kind.slug()),
            title: self.kind.title().into(),
            status: self.kind.status(),
            message: self.detail.clone(),
            detail: self.detail,
            instance: format!("urn:uuid:{request}"),
            errors: self.errors.into_iter().map(field).collect(),
        };
        let mut response = Response::builder()
            .status(StatusCode::from_u16(self.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
            .content_type(PROBLEM_JSON)
            .body(problem.to_json_string());
        let headers = response.headers_mut();
        if let Some(challenge) = self.challenge {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        for (name, value) in self.too_many.iter().flat_map(|too_many| limit_fields(too_many)) {
            headers.insert(HeaderName::from_static(name), value);
        }
        if let Some(allow) = self.allow.and_then(|allow| HeaderValue::from_str(&allow).ok()) {
            headers.insert(header::ALLOW, allow);
        }
        response
    }
}

/// The fields that tell of a limit (draft-ietf-httpapi-ratelimit-headers): what it is, and what is left of it.
fn limit_fields(too_many: &TooMany) -> [(&'static str, HeaderValue); 2] {
    let TooMany { limit, quota, .. } = too_many;
    let policy = format!("\"{limit}\";q={};w={}", quota.most, whole_seconds(quota.window));
    let state = format!("\"{limit}\";r=0;t={}", too_many.seconds());
    [(POLICY_FIELD, policy), (LIMIT_FIELD, state)]
        .map(|(name, value)| (name, HeaderValue::from_str(&value).expect("names and numbers are plain ASCII")))
}

const POLICY_FIELD: &str = "ratelimit-policy";
const LIMIT_FIELD: &str = "ratelimit";

/// The media type of problem documents.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind.slug())
    }
}

impl std::error::Error for Refusal {}

impl ResponseError for Refusal {
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// What went wrong, as RFC 9457 describes it.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_empty, example)]
pub(crate) struct Problem {
    /// The kind of problem: the address of a page that explains it.
    #[oai(rename = "type")]
    kind: String,
    /// The kind of problem in a few words.
    title: String,
    /// The status of the answer.
    status: u16,
    /// What went wrong, for a person.
    detail: String,
    /// The same sentence as `detail`.
    message: String,
    /// This occurrence: the id of the request, as in `x-request-id`.
    instance: String,
    /// Every wrong field of the request.
    errors: Vec<WrongField>,
}

/// A wrong field of a request.
#[derive(Debug, Object)]
pub(crate) struct WrongField {
    /// The path of the field, dotted with indexes, such as `fields[0].boundary`.
    field: String,
    /// A stable word for what is wrong.
    code: String,
    /// What is wrong, for a person.
    message: String,
}

impl Problem {
    /// What a problem of this kind looks like.
    pub(crate) fn example_of(kind: Kind) -> Self {
        let message = match kind {
            Kind::Invalid => "This is not an e-mail address.".to_owned(),
            other => format!("{}.", other.title()),
        };
        let wrong = || WrongField { field: "email".into(), code: "not-an-address".into(), message: message.clone() };
        Self {
            kind: format!("https://registry.example/problems/{}", kind.slug()),
            title: kind.title().into(),
            status: kind.status(),
            detail: message.clone(),
            instance: "urn:uuid:01936a4e-7c5b-7a10-8a5f-3f6f2d0c9b1e".into(),
            errors: if kind == Kind::Invalid { vec![wrong()] } else { Vec::new() },
            message,
        }
    }
}

impl poem_openapi::types::Example for Problem {
    fn example() -> Self {
        Self::example_of(Kind::Invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_about_problems_tells_of_each() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/problems.md");
        let page = std::fs::read_to_string(path).unwrap();
        for kind in Kind::ALL {
            let heading = format!("## {} ({}): {}\n", kind.slug(), kind.status(), kind.title());
            assert!(page.contains(&heading), "{heading}");
        }
        assert_eq!(page.matches("\n## ").count(), Kind::ALL.len(), "no page tells of a problem that is none");
    }

    #[test]
    fn a_refusal_tells_a_log_only_its_kind() {
        assert_eq!(Refusal::bad_token().to_string(), "not-authenticated");
    }
}

//! Why a request to the pages gets no page of its own.

use std::time::Duration;

use domain::access::Denied;
use domain::accounts::ask_by_mail::AskByMailError;
use domain::accounts::own_row::OwnRowError;
use domain::accounts::ports::HashFailure;
use domain::ports::failure::PortFailure;
use domain::sessions::end_session::EndSessionError;
use domain::throttles::gate;
use domain::throttles::limits::TooMany;
use poem::error::ResponseError;
use poem::http::StatusCode;
use thiserror::Error;

/// Why a request gets no page of its own.
#[derive(Debug, Error)]
pub(crate) enum Refused {
    /// There is no such page.
    #[error("there is no such page")]
    NotFound,
    /// The page does not take this method.
    #[error("the page takes only {allowed}")]
    MethodNotAllowed {
        /// Those that it takes, as in the header `Allow`.
        allowed: &'static str,
    },
    /// The head of the request is longer than heads are.
    #[error("the head of the request is too long")]
    HeadTooLarge,
    /// The form is longer than forms are.
    #[error("the form is too long")]
    TooLarge,
    /// The form does not arrive.
    #[error("the form did not arrive in time")]
    Late,
    /// The body is no form.
    #[error("the body is no form")]
    NotAForm,
    /// The form cannot be read.
    #[error("the form cannot be read")]
    BadForm,
    /// The form was sent by another site.
    #[error("the form was sent by another site")]
    Foreign,
    /// The form is not one of this visitor's.
    #[error("the form is not one of this visitor's")]
    NotTheirs,
    /// The visitor is not signed in.
    #[error("the visitor is not signed in")]
    LogInFirst,
    /// The visitor may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// It was tried too often.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Too many ask at once.
    #[error("too many ask at once")]
    Overloaded {
        /// When to try again.
        retry_after: Duration,
    },
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
    /// A page panicked.
    #[error("a page panicked")]
    Panicked,
    /// Something failed that no page foresaw.
    #[error("{0}")]
    Unforeseen(String),
    /// A template could not be filled.
    #[error(transparent)]
    Template(#[from] askama::Error),
}

impl Refused {
    /// The key of the page's heading and sentence in the catalogue: `…-title` and `…-text`.
    pub(crate) const fn key(&self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::MethodNotAllowed { .. } => "method-not-allowed",
            Self::HeadTooLarge => "head-too-large",
            Self::TooLarge => "too-large",
            Self::Late => "late-form",
            Self::NotAForm | Self::BadForm => "bad-form",
            Self::Foreign => "foreign-form",
            Self::NotTheirs => "expired-form",
            Self::LogInFirst => "log-in-first",
            Self::Denied(_) => "denied",
            Self::TooMany(_) => "too-many",
            Self::Overloaded { .. } => "overloaded",
            Self::Failed(failure) if failure.retryable() => "unavailable",
            Self::Failed(_) | Self::Panicked | Self::Unforeseen(_) | Self::Template(_) => "failed",
        }
    }

    /// How long to wait, where a person is told: the key of the sentence, and the number in it.
    pub(crate) fn wait(&self) -> Option<(&'static str, usize)> {
        let Self::TooMany(too_many) = self else { return None };
        let (key, number) = match too_many.seconds() {
            seconds @ ..120 => ("wait-seconds", seconds),
            seconds => ("wait-minutes", seconds.div_ceil(60)),
        };
        Some((key, usize::try_from(number).unwrap_or(usize::MAX)))
    }

    /// Whether a new password by mail is a way in.
    pub(crate) fn leads_in_by_mail(&self) -> bool {
        matches!(self, Self::TooMany(too_many) if too_many.limit == gate::ACCOUNT)
    }

    /// When to try again, if that is worth it.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooMany(too_many) => Some(Duration::from_secs(too_many.seconds())),
            Self::Overloaded { retry_after } => Some(*retry_after),
            Self::Failed(failure) if failure.retryable() => Some(Duration::from_secs(2)),
            _ => None,
        }
    }
}

impl ResponseError for Refused {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Late => StatusCode::REQUEST_TIMEOUT,
            Self::NotAForm => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BadForm => StatusCode::BAD_REQUEST,
            Self::Foreign | Self::NotTheirs | Self::Denied(_) => StatusCode::FORBIDDEN,
            Self::LogInFirst => StatusCode::UNAUTHORIZED,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Overloaded { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed(failure) if failure.retryable() => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed(_) | Self::Panicked | Self::Unforeseen(_) | Self::Template(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }
}

impl From<AskByMailError> for Refused {
    fn from(error: AskByMailError) -> Self {
        match error {
            AskByMailError::TooMany(too_many) => too_many.into(),
            AskByMailError::Failed(failure) => failure.into(),
        }
    }
}

impl From<HashFailure> for Refused {
    fn from(failure: HashFailure) -> Self {
        match failure {
            HashFailure::Overloaded { retry_after } => Self::Overloaded { retry_after },
            HashFailure::Failed(failure) => Self::Failed(failure),
        }
    }
}

impl From<OwnRowError> for Refused {
    fn from(error: OwnRowError) -> Self {
        match error {
            OwnRowError::Denied(denied) => denied.into(),
            OwnRowError::Failed(failure) => failure.into(),
        }
    }
}

impl From<EndSessionError> for Refused {
    fn from(error: EndSessionError) -> Self {
        match error {
            EndSessionError::NotFound => Self::NotFound,
            EndSessionError::Denied(denied) => denied.into(),
            EndSessionError::Failed(failure) => failure.into(),
        }
    }
}

//! Where one is signed in.

use chrono::{DateTime, Utc};
use domain::ids::SessionId;
use domain::sessions::end_session::EndSessionError;
use domain::sessions::list_sessions::{ListSessionsError, OwnSession};
use poem::Request;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use uuid::Uuid;

use crate::caller::{Caller, Context, denied};
use crate::json::Shape;
use crate::problem::{Kind, Refusal};
use crate::query;
use crate::resources::Part;

pub(crate) struct OwnSessions;

#[OpenApi(tag = "Part::Sessions")]
impl OwnSessions {
    /// See where you are signed in
    ///
    /// The sessions that hold, the one used last first.
    #[oai(path = "/sessions", method = "get", operation_id = "listSessions")]
    async fn list(&self, caller: Caller, request: &Request) -> poem::Result<SessionsAnswer> {
        query::none(request)?;
        match Context::of(request)?.api.list_sessions.run(caller.actor()).await {
            Ok(sessions) => {
                Ok(SessionsAnswer::Ok(Json(SessionList { sessions: sessions.iter().map(SessionDto::of).collect() })))
            }
            Err(ListSessionsError::Denied(reason)) => Err(denied(reason).into()),
            Err(ListSessionsError::Failed(failure)) => Err(Refusal::failed(&failure).into()),
        }
    }

    /// End one of your sessions
    #[oai(path = "/sessions/:id", method = "delete", operation_id = "endSession")]
    async fn end(
        &self,
        caller: Caller,
        request: &Request,
        /// The session's id.
        id: Path<String>,
    ) -> poem::Result<SessionEndedAnswer> {
        let mut errors = query::strays(request);
        let id = errors.take("id", Uuid::try_parse(&id.0).map_err(|_| Shape::Not("an id")));
        query::settle(errors)?;
        let id = SessionId::restore(id.ok_or_else(|| Refusal::internal("a session's id is neither right nor wrong"))?);
        match Context::of(request)?.api.end_session.run(caller.actor(), id).await {
            Ok(()) => Ok(SessionEndedAnswer::Ended),
            Err(error) => Err(refusal(error).into()),
        }
    }
}

/// The refusal when no session was ended.
pub(crate) fn refusal(error: EndSessionError) -> Refusal {
    match error {
        EndSessionError::NotFound => Refusal::new(Kind::NotFound, error.to_string()),
        EndSessionError::Denied(reason) => denied(reason),
        EndSessionError::Failed(failure) => Refusal::failed(&failure),
    }
}

/// A session.
#[derive(Object)]
#[oai(rename = "Session", example)]
pub(crate) struct SessionDto {
    /// The session's id: the claim `sid` of its access tokens.
    id: Uuid,
    /// `api` for programs, `pages` for a browser.
    channel: String,
    /// The network that it was begun from: the /24 of an IPv4 address, the /48 of an IPv6 one.
    #[oai(nullable)]
    address: Option<String>,
    /// What it was begun with, as the client said, such as `Firefox, Windows` or `curl`.
    #[oai(nullable)]
    device: Option<String>,
    /// When it began.
    created_at: DateTime<Utc>,
    /// When it was last refreshed or used.
    last_seen_at: DateTime<Utc>,
    /// When it ends at the latest.
    expires_at: DateTime<Utc>,
    /// Whether it is the one that asks.
    current: bool,
}

impl SessionDto {
    fn of(own: &OwnSession) -> Self {
        let session = &own.session;
        Self {
            id: session.id.uuid(),
            channel: session.channel.name().into(),
            address: session.network.as_ref().map(ToString::to_string),
            device: session.device.as_ref().map(ToString::to_string),
            created_at: session.auth_time,
            last_seen_at: session.last_seen_at,
            expires_at: session.expires_at,
            current: own.is_this,
        }
    }
}

impl Example for SessionDto {
    fn example() -> Self {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap_or_default();
        Self {
            id: Uuid::from_u128(0x0193_6a4e_7c5b_7a10_8a5f_3f6f_2d0c_9b1e),
            channel: "api".into(),
            address: Some("203.0.113.0/24".into()),
            device: Some("curl".into()),
            created_at: at(1_767_225_600),
            last_seen_at: at(1_767_229_200),
            expires_at: at(1_775_001_600),
            current: true,
        }
    }
}

/// Where you are signed in.
#[derive(Object)]
pub(crate) struct SessionList {
    /// The sessions, at most 100.
    sessions: Vec<SessionDto>,
}

#[derive(ApiResponse)]
pub(crate) enum SessionsAnswer {
    /// Your sessions.
    #[oai(status = 200)]
    Ok(Json<SessionList>),
}

#[derive(ApiResponse)]
pub(crate) enum SessionEndedAnswer {
    /// The session has ended.
    #[oai(status = 204)]
    Ended,
}

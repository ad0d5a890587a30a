//! Where a user is signed in.

use askama::Template;
use domain::access::Operation;
use domain::ids::SessionId;
use domain::sessions::list_sessions::{ListSessionsError, OwnSession};
use domain::sessions::session::Channel;
use poem::http::StatusCode;
use poem::web::Path;
use poem::{Response, handler};
use uuid::Uuid;

use crate::flash::{Flash, Notice};
use crate::form::Post;
use crate::frame::{Frame, page, redirect};
use crate::refused::Refused;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "sessions.html")]
struct SessionsPage {
    frame: Frame,
    sessions: Vec<OwnSession>,
}

/// Shows the sessions.
#[handler]
pub(crate) async fn show(visit: &Visit) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::ListSessions).await?;
    let sessions = visit.site.use_cases.list_sessions.run(&owner.actor).await.map_err(|error| match error {
        ListSessionsError::Denied(denied) => Refused::from(denied),
        ListSessionsError::Failed(failure) => Refused::from(failure),
    })?;
    let notice = match visit.take(&owner.binding()) {
        Some(Flash::Notice(notice)) => Some(notice),
        _ => None,
    };
    let frame = Frame::owner(visit, &owner, "sessions-title").with_notice(notice);
    page(StatusCode::OK, &SessionsPage { frame, sessions })
}

/// Leads to the sessions whoever reloads the path of one of their forms.
#[handler]
pub(crate) fn lead_back() -> Response {
    redirect("/account/sessions")
}

/// Ends a session, but not the one that asks: that is to log out.
#[handler]
pub(crate) async fn end(visit: &Visit, Path(id): Path<String>, post: Post) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::EndSessions).await?;
    post.open(&owner.binding(), &visit.site)?;
    let id = Uuid::parse_str(&id).map(SessionId::restore).map_err(|_| Refused::NotFound)?;
    if id == owner.session.id {
        return Err(Refused::NotFound);
    }
    visit.site.use_cases.end_session.run(&owner.actor, id).await?;
    visit.leave(&Flash::Notice(Notice::SessionEnded), &owner.binding())?;
    Ok(redirect("/account/sessions"))
}

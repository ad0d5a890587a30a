//! The end of all sessions of a user.

use askama::Template;
use domain::access::Operation;
use poem::http::StatusCode;
use poem::{Response, handler};

use crate::flash::{Flash, Notice};
use crate::form::Post;
use crate::frame::{Frame, page, redirect};
use crate::refused::Refused;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "end_sessions.html")]
struct EndSessionsPage {
    frame: Frame,
}

/// Asks whether to end them.
#[handler]
pub(crate) async fn show(visit: &Visit) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::EndSessions).await?;
    page(StatusCode::OK, &EndSessionsPage { frame: Frame::owner(visit, &owner, "end-sessions-title") })
}

/// Ends them, and leads to the login.
#[handler]
pub(crate) async fn submit(visit: &Visit, post: Post) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::EndSessions).await?;
    post.open(&owner.binding(), &visit.site)?;
    visit.site.use_cases.end_session.run_for_all(&owner.actor).await?;
    visit.drop_session();
    visit.leave(&Flash::Notice(Notice::LoggedOutEverywhere), &visit.visitor())?;
    Ok(redirect("/"))
}

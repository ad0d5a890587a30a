//! The removal of a `token_required`.

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
#[template(path = "remove_user_token.html")]
struct RemoveUserTokenPage {
    frame: Frame,
}

/// Asks whether to remove the token.
#[handler]
pub(crate) async fn show(visit: &Visit) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::ChangeUserToken).await?;
    if !owner.user.has_user_token() {
        return Ok(redirect("/account"));
    }
    page(StatusCode::OK, &RemoveUserTokenPage { frame: Frame::owner(visit, &owner, "remove-token-title") })
}

/// Removes the token.
#[handler]
pub(crate) async fn submit(visit: &Visit, post: Post) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::ChangeUserToken).await?;
    post.open(&owner.binding(), &visit.site)?;
    visit.site.use_cases.remove_user_token.run(&owner.actor).await?;
    visit.leave(&Flash::Notice(Notice::UserTokenRemoved), &owner.binding())?;
    Ok(redirect("/account"))
}

//! A new `token_required`: what it is for, and the page that shows it once.

use askama::Template;
use domain::access::Operation;
use poem::http::StatusCode;
use poem::{Response, handler};

use crate::flash::Flash;
use crate::form::Post;
use crate::frame::{Frame, page, redirect};
use crate::refused::Refused;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "new_user_token.html")]
struct NewUserTokenPage {
    frame: Frame,
    replaces: bool,
}

#[derive(Template)]
#[template(path = "user_token.html")]
struct UserTokenPage {
    frame: Frame,
    user_token: String,
}

/// Asks whether to issue a token.
#[handler]
pub(crate) async fn show(visit: &Visit) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::ChangeUserToken).await?;
    let frame = Frame::owner(visit, &owner, "new-token-title");
    page(StatusCode::OK, &NewUserTokenPage { frame, replaces: owner.user.has_user_token })
}

/// Issues a token.
#[handler]
pub(crate) async fn submit(visit: &Visit, post: Post) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::ChangeUserToken).await?;
    post.open(&owner.binding(), &visit.site)?;
    let user_token = visit.site.use_cases.issue_user_token.run(&owner.actor).await?;
    visit.leave(&Flash::user_token(&user_token), &owner.binding())?;
    Ok(redirect("/account/token"))
}

/// Shows the token that was just issued, once.
#[handler]
pub(crate) async fn show_issued(visit: &Visit) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::ChangeUserToken).await?;
    let Some(Flash::UserToken(user_token)) = visit.take(&owner.binding()) else {
        return Ok(redirect("/account"));
    };
    let frame = Frame::owner(visit, &owner, "token-title");
    page(StatusCode::OK, &UserTokenPage { frame, user_token })
}

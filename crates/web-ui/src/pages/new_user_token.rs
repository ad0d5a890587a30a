//! A new `token_required`: what it is for, and the page that shows it once.

use askama::Template;
use chrono::TimeDelta;
use domain::access::Operation;
use poem::http::StatusCode;
use poem::{Response, handler};

use crate::flash::Flash;
use crate::form::Post;
use crate::frame::{Frame, page, redirect};
use crate::refused::Refused;
use crate::visit::Visit;

/// How many days a token may live; it may also live until it is replaced.
const LIFETIMES: [usize; 3] = [30, 90, 365];

#[derive(Template)]
#[template(path = "new_user_token.html")]
struct NewUserTokenPage {
    frame: Frame,
    replaces: bool,
    lifetimes: [usize; 3],
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
    page(StatusCode::OK, &NewUserTokenPage { frame, replaces: owner.user.has_user_token(), lifetimes: LIFETIMES })
}

/// Issues a token.
#[handler]
pub(crate) async fn submit(visit: &Visit, post: Post) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::ChangeUserToken).await?;
    let form = post.open(&owner.binding(), &visit.site)?;
    let now = visit.site.use_cases.clock.now();
    // Whatever else a browser sends is no choice of the form: then the token does not end.
    let days = LIFETIMES.into_iter().find(|days| form.text("days") == days.to_string());
    let expires_at = days.and_then(|days| i64::try_from(days).ok()).map(|days| now + TimeDelta::days(days));
    let user_token = visit.site.use_cases.issue_user_token.run(&owner.actor, expires_at).await?;
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

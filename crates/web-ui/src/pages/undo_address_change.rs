//! Where the mail to an address that an account has left leads to. Programs that look for viruses follow links,
//! too: only the form uses the token.

use askama::Template;
use domain::access::Actor;
use domain::accounts::email::EmailAddress;
use domain::mail::redeem::RedeemError;
use poem::http::StatusCode;
use poem::{Response, handler};

use crate::flash::{Flash, Notice};
use crate::form::Post;
use crate::frame::{Frame, page, redirect};
use crate::refused::Refused;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "undo_address_change.html")]
struct UndoPage {
    frame: Frame,
    email: EmailAddress,
    token: String,
}

#[derive(Template)]
#[template(path = "address_change_undone.html")]
struct UndonePage {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "undo_not_valid.html")]
struct NotValidPage {
    frame: Frame,
}

/// Asks whether to restore the address.
#[handler]
pub(crate) async fn show(visit: &Visit) -> Result<Response, Refused> {
    let token = visit.query("token").unwrap_or_default();
    match visit.site.use_cases.undo_address_change.look(&token).await {
        Ok(email) => {
            let frame = Frame::visitor(visit, &visit.visitor(), "undo-title");
            page(StatusCode::OK, &UndoPage { frame, email, token })
        }
        Err(error) => not_valid(visit, error),
    }
}

/// Restores the address.
#[handler]
pub(crate) async fn submit(visit: &Visit, post: Post) -> Result<Response, Refused> {
    let visitor = visit.visitor();
    let form = post.open(&visitor, &visit.site)?;
    let actor = Actor::nobody(visit.origin.clone());
    match visit.site.use_cases.undo_address_change.run(&actor, form.text("token")).await {
        Ok(_) => {
            visit.leave(&Flash::Notice(Notice::AddressChangeUndone), &visitor)?;
            Ok(redirect("/mail/undo/done"))
        }
        Err(error) => not_valid(visit, error),
    }
}

/// Says that the address is restored, and what is to be done next.
#[handler]
pub(crate) fn show_done(visit: &Visit) -> Result<Response, Refused> {
    if visit.take(&visit.visitor()) != Some(Flash::Notice(Notice::AddressChangeUndone)) {
        return Ok(redirect("/"));
    }
    page(StatusCode::OK, &UndonePage { frame: Frame::stranger(visit, "undone-title") })
}

fn not_valid(visit: &Visit, error: RedeemError) -> Result<Response, Refused> {
    match error {
        RedeemError::NotValid(_) | RedeemError::AddressTaken => {
            let frame = Frame::stranger(visit, "link-not-valid-title");
            page(StatusCode::UNPROCESSABLE_ENTITY, &NotValidPage { frame })
        }
        RedeemError::TooMany(too_many) => Err(too_many.into()),
        RedeemError::Failed(failure) => Err(failure.into()),
    }
}

//! Where the mail that verifies an address leads to. Programs that look for viruses follow links, too:
//! only the form uses the token.

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
#[template(path = "verify_address.html")]
struct VerifyAddressPage {
    frame: Frame,
    email: EmailAddress,
    token: String,
}

#[derive(Template)]
#[template(path = "address_verified.html")]
struct AddressVerifiedPage {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "verify_not_valid.html")]
struct NotValidPage {
    frame: Frame,
}

/// Asks whether to verify the address.
#[handler]
pub(crate) async fn show(visit: &Visit) -> Result<Response, Refused> {
    let token = visit.query("token").unwrap_or_default();
    match visit.site.use_cases.confirm_address.look(&token).await {
        Ok(email) => {
            let frame = Frame::visitor(visit, &visit.visitor(), "verify-title");
            page(StatusCode::OK, &VerifyAddressPage { frame, email, token })
        }
        Err(error) => not_valid(visit, error),
    }
}

/// Verifies the address.
#[handler]
pub(crate) async fn submit(visit: &Visit, post: Post) -> Result<Response, Refused> {
    let visitor = visit.visitor();
    let form = post.open(&visitor, &visit.site)?;
    let actor = Actor::nobody(visit.origin.clone());
    match visit.site.use_cases.confirm_address.run(&actor, form.text("token")).await {
        Ok(()) => {
            visit.leave(&Flash::Notice(Notice::AddressVerified), &visitor)?;
            Ok(redirect("/mail/verify/done"))
        }
        Err(error) => not_valid(visit, error),
    }
}

/// Says that the address is verified.
#[handler]
pub(crate) fn show_done(visit: &Visit) -> Result<Response, Refused> {
    if visit.take(&visit.visitor()) != Some(Flash::Notice(Notice::AddressVerified)) {
        return Ok(redirect("/"));
    }
    page(StatusCode::OK, &AddressVerifiedPage { frame: Frame::stranger(visit, "address-verified-title") })
}

fn not_valid(visit: &Visit, error: RedeemError) -> Result<Response, Refused> {
    match error {
        RedeemError::NotValid(_) => {
            let frame = Frame::stranger(visit, "link-not-valid-title");
            page(StatusCode::UNPROCESSABLE_ENTITY, &NotValidPage { frame })
        }
        RedeemError::Failed(failure) => Err(failure.into()),
    }
}

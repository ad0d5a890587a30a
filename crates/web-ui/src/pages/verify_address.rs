//! Where the mails that confirm an address lead to. Programs that look for viruses follow links, too: only the
//! form uses the token.

use askama::Template;
use domain::access::Actor;
use domain::accounts::confirm_address::{ConfirmAddressError, Confirmation};
use domain::accounts::email::EmailAddress;
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
#[template(path = "confirm_new_address.html")]
struct ConfirmNewAddressPage {
    frame: Frame,
    email: EmailAddress,
    token: String,
}

#[derive(Template)]
#[template(path = "address_verified.html")]
struct AddressVerifiedPage {
    frame: Frame,
    notice: Notice,
}

#[derive(Template)]
#[template(path = "verify_not_valid.html")]
struct NotValidPage {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "not_confirmed.html")]
struct NotConfirmedPage {
    frame: Frame,
    reason: String,
}

/// Asks whether to confirm the address.
#[handler]
pub(crate) async fn show(visit: &Visit) -> Result<Response, Refused> {
    let token = visit.query("token").unwrap_or_default();
    let frame = |title| Frame::visitor(visit, &visit.visitor(), title);
    match visit.site.use_cases.confirm_address.look(&token).await {
        Ok(Confirmation::Verified(email)) => {
            page(StatusCode::OK, &VerifyAddressPage { frame: frame("verify-title"), email, token })
        }
        Ok(Confirmation::Changed(email)) => {
            page(StatusCode::OK, &ConfirmNewAddressPage { frame: frame("confirm-new-title"), email, token })
        }
        Err(error) => not_confirmed(visit, error),
    }
}

/// Confirms the address.
#[handler]
pub(crate) async fn submit(visit: &Visit, post: Post) -> Result<Response, Refused> {
    let visitor = visit.visitor();
    let form = post.open(&visitor, &visit.site)?;
    let actor = Actor::nobody(visit.origin.clone());
    let notice = match visit.site.use_cases.confirm_address.run(&actor, form.text("token")).await {
        Ok(Confirmation::Verified(_)) => Notice::AddressVerified,
        Ok(Confirmation::Changed(_)) => Notice::AddressChanged,
        Err(error) => return not_confirmed(visit, error),
    };
    visit.leave(&Flash::Notice(notice), &visitor)?;
    Ok(redirect("/mail/verify/done"))
}

/// Says that the address is confirmed.
#[handler]
pub(crate) fn show_done(visit: &Visit) -> Result<Response, Refused> {
    let (notice, title) = match visit.take(&visit.visitor()) {
        Some(Flash::Notice(notice @ Notice::AddressVerified)) => (notice, "address-verified-title"),
        Some(Flash::Notice(notice @ Notice::AddressChanged)) => (notice, "address-changed-title"),
        _ => return Ok(redirect("/")),
    };
    page(StatusCode::OK, &AddressVerifiedPage { frame: Frame::stranger(visit, title), notice })
}

fn not_confirmed(visit: &Visit, error: ConfirmAddressError) -> Result<Response, Refused> {
    let (status, key) = match error {
        ConfirmAddressError::NotValid(_) => {
            let frame = Frame::stranger(visit, "link-not-valid-title");
            return page(StatusCode::UNPROCESSABLE_ENTITY, &NotValidPage { frame });
        }
        ConfirmAddressError::AddressTaken => (StatusCode::CONFLICT, "error-address-taken"),
        ConfirmAddressError::NotAllowed => (StatusCode::FORBIDDEN, "error-domain-not-allowed"),
        ConfirmAddressError::TooMany(too_many) => return Err(too_many.into()),
        ConfirmAddressError::Failed(failure) => return Err(failure.into()),
    };
    let reason = visit.texts().text(key);
    page(status, &NotConfirmedPage { frame: Frame::stranger(visit, "not-confirmed-title"), reason })
}

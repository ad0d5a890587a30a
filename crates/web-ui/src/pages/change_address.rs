//! Another address, for somebody who knows the password.

use askama::Template;
use domain::access::Operation;
use domain::accounts::change_address::ChangeAddressError;
use domain::accounts::email::EmailAddress;
use domain::accounts::password::Password;
use domain::form::{FieldError, FormErrors};
use poem::http::StatusCode;
use poem::{Response, handler};

use crate::form::{Form, Post};
use crate::frame::{Frame, page, redirect};
use crate::mistakes::Mistakes;
use crate::refused::Refused;
use crate::site::Owner;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "change_address.html")]
struct ChangeAddressPage {
    frame: Frame,
    mistakes: Mistakes,
    present: EmailAddress,
    email: String,
}

#[derive(Template)]
#[template(path = "change_address_sent.html")]
struct SentPage {
    frame: Frame,
}

/// Shows the form.
#[handler]
pub(crate) async fn show(visit: &Visit) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::ChangeAddress).await?;
    form_page(visit, &owner, "", Mistakes::none())
}

/// Mails the link to the new address. Nothing else changes by that.
#[handler]
pub(crate) async fn submit(visit: &Visit, post: Post) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::ChangeAddress).await?;
    let form = post.open(&owner.binding(), &visit.site)?;
    let entered = form.trimmed("email");
    let (email, password) = match check(&form) {
        Ok(checked) => checked,
        Err(errors) => return form_page(visit, &owner, entered, Mistakes::found(&errors, visit.texts(), &[])),
    };
    let mistake = |field, key| Mistakes::one(field, key, visit.texts());
    let mistakes = match visit.site.use_cases.change_address.run(&owner.actor, &email, password).await {
        Ok(()) => return Ok(redirect("/account/email/sent")),
        Err(ChangeAddressError::SameAddress) => mistake("email", "error-same-address"),
        Err(ChangeAddressError::NotAllowed) => mistake("email", "error-domain-not-allowed"),
        Err(ChangeAddressError::WrongPassword) => mistake("current_password", "error-wrong-password"),
        Err(ChangeAddressError::TooMany(too_many)) => return Err(too_many.into()),
        Err(ChangeAddressError::Denied(denied)) => return Err(denied.into()),
        Err(ChangeAddressError::Hash(failure)) => return Err(failure.into()),
        Err(ChangeAddressError::Failed(failure)) => return Err(failure.into()),
    };
    form_page(visit, &owner, entered, mistakes)
}

/// Shows where to look now.
#[handler]
pub(crate) async fn show_sent(visit: &Visit) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::ChangeAddress).await?;
    page(StatusCode::OK, &SentPage { frame: Frame::owner(visit, &owner, "change-address-sent-title") })
}

fn check(form: &Form) -> Result<(EmailAddress, Password), Vec<FieldError>> {
    let mut errors = FormErrors::none();
    let email = errors.take("email", EmailAddress::parse(form.trimmed("email")));
    let password = errors.take("current_password", Password::typed(form.text("current_password")));
    email.zip(password).ok_or_else(|| errors.into_list())
}

fn form_page(visit: &Visit, owner: &Owner, entered: &str, mistakes: Mistakes) -> Result<Response, Refused> {
    let status = if mistakes.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let frame = Frame::owner(visit, owner, "change-address-title").with_mistakes(&mistakes);
    let (present, email) = (owner.user.email.clone(), entered.to_owned());
    page(status, &ChangeAddressPage { frame, mistakes, present, email })
}

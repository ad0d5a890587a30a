//! Where the mail to somebody who has forgotten their password leads to.

use askama::Template;
use domain::access::Actor;
use domain::accounts::email::EmailAddress;
use domain::accounts::password::PasswordError;
use domain::accounts::reset_password::ResetPasswordError;
use domain::form::{FieldError, Refusal as _};
use domain::mail::redeem::RedeemError;
use poem::http::StatusCode;
use poem::{Response, handler};

use crate::binding::Binding;
use crate::flash::{Flash, Notice};
use crate::form::Post;
use crate::frame::{Frame, page, password_page, redirect};
use crate::mistakes::Mistakes;
use crate::refused::Refused;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "reset_password.html")]
struct ResetPasswordPage {
    frame: Frame,
    mistakes: Mistakes,
    email: EmailAddress,
    token: String,
    minimum: usize,
}

#[derive(Template)]
#[template(path = "reset_not_valid.html")]
struct NotValidPage {
    frame: Frame,
}

/// Shows the form.
#[handler]
pub(crate) async fn show(visit: &Visit) -> Result<Response, Refused> {
    let token = visit.query("token").unwrap_or_default();
    form_page(visit, &visit.visitor(), &token, Mistakes::none()).await
}

/// Sets the password. Every session of the user has ended by that, so that a login comes next.
#[handler]
pub(crate) async fn submit(visit: &Visit, post: Post) -> Result<Response, Refused> {
    let visitor = visit.visitor();
    let form = post.open(&visitor, &visit.site)?;
    let (token, actor) = (form.text("token"), Actor::nobody(visit.origin.clone()));
    match visit.site.use_cases.reset_password.run(&actor, token, form.text("password")).await {
        Ok(browser) => {
            visit.keep_device(browser.as_ref());
            // The password is set, whether or not it is known who reads of it.
            let reader = visit.site.reader(visit).await.unwrap_or(visitor);
            visit.leave(&Flash::Notice(Notice::PasswordReset), &reader)?;
            Ok(redirect("/"))
        }
        Err(ResetPasswordError::Password(error)) => {
            form_page(visit, &visitor, token, password_mistake(&error, visit)).await
        }
        Err(ResetPasswordError::NotValid(_)) => not_valid(visit),
        Err(ResetPasswordError::TooMany(too_many)) => Err(too_many.into()),
        Err(ResetPasswordError::Hash(failure)) => Err(failure.into()),
        Err(ResetPasswordError::Failed(failure)) => Err(failure.into()),
    }
}

/// What is wrong with the input of a new password.
pub(crate) fn password_mistake(error: &PasswordError, visit: &Visit) -> Mistakes {
    let error = FieldError { field: "password".into(), code: error.code(), message: error.to_string() };
    let minimum = visit.site.use_cases.passwords.minimum();
    Mistakes::found(&[error], visit.texts(), &[("minimum", minimum.into())])
}

async fn form_page(visit: &Visit, visitor: &Binding, token: &str, mistakes: Mistakes) -> Result<Response, Refused> {
    let email = match visit.site.use_cases.reset_password.look(token).await {
        Ok(email) => email,
        Err(RedeemError::NotValid(_) | RedeemError::AddressTaken) => return not_valid(visit),
        Err(RedeemError::TooMany(too_many)) => return Err(too_many.into()),
        Err(RedeemError::Failed(failure)) => return Err(failure.into()),
    };
    let status = if mistakes.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let frame = Frame::visitor(visit, visitor, "reset-title").with_mistakes(&mistakes);
    let minimum = visit.site.use_cases.passwords.minimum();
    password_page(status, &ResetPasswordPage { frame, mistakes, email, token: token.into(), minimum })
}

fn not_valid(visit: &Visit) -> Result<Response, Refused> {
    let frame = Frame::stranger(visit, "link-not-valid-title");
    page(StatusCode::UNPROCESSABLE_ENTITY, &NotValidPage { frame })
}

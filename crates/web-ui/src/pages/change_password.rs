//! Another password, for somebody who knows theirs.

use askama::Template;
use domain::access::Operation;
use domain::accounts::change_password::ChangePasswordError;
use domain::accounts::email::EmailAddress;
use domain::accounts::password::Password;
use domain::form::{FieldError, FormErrors};
use poem::http::StatusCode;
use poem::{Response, handler};

use crate::flash::{Flash, Notice};
use crate::form::{Form, Post};
use crate::frame::{Frame, password_page, redirect};
use crate::mistakes::Mistakes;
use crate::pages::reset_password::password_mistake;
use crate::refused::Refused;
use crate::site::Owner;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "change_password.html")]
struct ChangePasswordPage {
    frame: Frame,
    mistakes: Mistakes,
    email: EmailAddress,
    has_user_token: bool,
    minimum: usize,
}

/// Shows the form.
#[handler]
pub(crate) async fn show(visit: &Visit) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::ChangePassword).await?;
    form_page(visit, &owner, Mistakes::none())
}

/// Changes the password.
#[handler]
pub(crate) async fn submit(visit: &Visit, post: Post) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::ChangePassword).await?;
    let form = post.open(&owner.binding(), &visit.site)?;
    let current = match check(&form, &owner, visit) {
        Ok(current) => current,
        Err(errors) => {
            let minimum = visit.site.use_cases.passwords.minimum();
            let mistakes = Mistakes::found(&errors, visit.texts(), &[("minimum", minimum.into())]);
            return form_page(visit, &owner, mistakes);
        }
    };
    match visit.site.use_cases.change_password.run(&owner.actor, current, form.text("password")).await {
        Ok(browser) => {
            visit.keep_device(browser.as_ref());
            visit.leave(&Flash::Notice(Notice::PasswordChanged), &owner.binding())?;
            Ok(redirect("/account"))
        }
        Err(ChangePasswordError::WrongPassword) => {
            let mistakes = Mistakes::one("current_password", "error-wrong-password", visit.texts());
            form_page(visit, &owner, mistakes)
        }
        Err(ChangePasswordError::Password(error)) => form_page(visit, &owner, password_mistake(&error, visit)),
        Err(ChangePasswordError::TooMany(too_many)) => Err(too_many.into()),
        Err(ChangePasswordError::Denied(denied)) => Err(denied.into()),
        Err(ChangePasswordError::Hash(failure)) => Err(failure.into()),
        Err(ChangePasswordError::Failed(failure)) => Err(failure.into()),
    }
}

/// Both passwords are judged, so that one look shows every mistake.
fn check(form: &Form, owner: &Owner, visit: &Visit) -> Result<Password, Vec<FieldError>> {
    let mut errors = FormErrors::none();
    let current = errors.take("current_password", Password::typed(form.text("current_password")));
    let policy = &visit.site.use_cases.passwords;
    let new = errors.take("password", policy.accept(form.text("password"), Some(&owner.user.email)));
    current.filter(|_| new.is_some()).ok_or_else(|| errors.into_list())
}

fn form_page(visit: &Visit, owner: &Owner, mistakes: Mistakes) -> Result<Response, Refused> {
    let status = if mistakes.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let frame = Frame::owner(visit, owner, "change-password-title").with_mistakes(&mistakes);
    let (email, has_user_token) = (owner.user.email.clone(), owner.user.has_user_token());
    let minimum = visit.site.use_cases.passwords.minimum();
    password_page(status, &ChangePasswordPage { frame, mistakes, email, has_user_token, minimum })
}

//! New passwords.

use domain::accounts::ask_by_mail::Wanted;
use domain::accounts::change_password::ChangePasswordError;
use domain::accounts::password::Password;
use domain::accounts::reset_password::ResetPasswordError;
use domain::form::{FieldError, FormErrors};
use poem::Request;
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};

use crate::body::{Body, Strict};
use crate::caller::{Caller, Context, denied};
use crate::json::{Reader, text};
use crate::problem::{Kind, Refusal};
use crate::query;
use crate::resources::emails::{AskedAnswer, EmailBody, TokenBody, ask_by_mail};
use crate::resources::sessions::hash_refusal;
use crate::resources::{Message, Part};

pub(crate) struct Passwords;

#[OpenApi(tag = "Part::Accounts")]
impl Passwords {
    /// Ask for the mail that lets you choose a new password
    ///
    /// The answer is always the same: it does not tell whether there is such a user. Nothing changes by it.
    #[oai(path = "/password/forgot", method = "post", operation_id = "forgotPassword")]
    async fn forgot(&self, request: &Request, body: Strict<EmailBody>) -> poem::Result<AskedAnswer> {
        ask_by_mail(request, body, Wanted::NewPassword).await
    }

    /// Choose a new password by a mailed token
    ///
    /// It ends every session of yours and your `token_required`, and verifies your address.
    #[oai(path = "/password/reset", method = "post", operation_id = "resetPassword")]
    async fn reset(&self, request: &Request, body: Strict<ResetBody>) -> poem::Result<PasswordAnswer> {
        let context = Context::of(request)?;
        let policy = &context.api.password_policy;
        let ResetBody { token, new_password } = body.check(|body| {
            let mut errors = FormErrors::none();
            let good = errors.take("new_password", policy.accept(&body.new_password, None)).is_some();
            if good { Ok(body) } else { Err(errors.into_list()) }
        })?;
        match context.api.reset_password.run(&context.nobody(), &token, &new_password).await {
            Ok(_) => Ok(changed()),
            Err(ResetPasswordError::NotValid(refused)) => {
                Err(Refusal::new(Kind::MailedTokenNotValid, refused.to_string()).into())
            }
            Err(ResetPasswordError::TooMany(too_many)) => Err(Refusal::too_many(&too_many).into()),
            Err(ResetPasswordError::Password(error)) => Err(query::wrong("new_password", &error).into()),
            Err(ResetPasswordError::Hash(failure)) => Err(hash_refusal(&failure).into()),
            Err(ResetPasswordError::Failed(failure)) => Err(Refusal::failed(&failure).into()),
        }
    }

    /// Change your password
    ///
    /// It ends every other session of yours and your `token_required`.
    #[oai(path = "/password/change", method = "post", operation_id = "changePassword")]
    async fn change(
        &self,
        caller: Caller,
        request: &Request,
        body: Strict<ChangeBody>,
    ) -> poem::Result<PasswordAnswer> {
        let context = Context::of(request)?;
        let policy = &context.api.password_policy;
        let email = caller.actor().user().map(|user| user.email.clone());
        let (current, new_password) = body.check(|body| {
            let mut errors = FormErrors::none();
            let current = errors.take("current_password", Password::typed(&body.current_password));
            let new = errors.take("new_password", policy.accept(&body.new_password, email.as_ref()));
            current
                .filter(|_| new.is_some())
                .map(|current| (current, body.new_password))
                .ok_or_else(|| errors.into_list())
        })?;
        match context.api.change_password.run(caller.actor(), current, &new_password).await {
            Ok(_) => Ok(changed()),
            // The caller is known: what is wrong is a field.
            Err(error @ ChangePasswordError::WrongPassword) => {
                let (field, message) = ("current_password".into(), error.to_string());
                Err(Refusal::invalid(vec![FieldError { field, code: "wrong-password", message }]).into())
            }
            Err(ChangePasswordError::TooMany(too_many)) => Err(Refusal::too_many(&too_many).into()),
            Err(ChangePasswordError::Denied(reason)) => Err(denied(reason).into()),
            Err(ChangePasswordError::Password(error)) => Err(query::wrong("new_password", &error).into()),
            Err(ChangePasswordError::Hash(failure)) => Err(hash_refusal(&failure).into()),
            Err(ChangePasswordError::Failed(failure)) => Err(Refusal::failed(&failure).into()),
        }
    }
}

fn changed() -> PasswordAnswer {
    PasswordAnswer::Ok(Json(Message { message: "The password is changed.".into() }))
}

/// A mailed token, and the new password.
#[derive(Object)]
#[oai(rename = "ResetPassword", example)]
pub(crate) struct ResetBody {
    /// The token, as the link in the mail holds it.
    token: String,
    /// The new password.
    #[oai(validator(max_length = 2048))]
    new_password: String,
}

impl Body for ResetBody {
    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            token: reader.required("token", "a text", text).unwrap_or_default(),
            new_password: reader.required("new_password", "a text", text).unwrap_or_default(),
        }
    }
}

impl Example for ResetBody {
    fn example() -> Self {
        Self { token: TokenBody::example().token().into(), new_password: "bright kettle under glass".into() }
    }
}

/// The current password, and the new one.
#[derive(Object)]
#[oai(rename = "ChangePassword", example)]
pub(crate) struct ChangeBody {
    /// The current password.
    #[oai(validator(min_length = 1, max_length = 2048))]
    current_password: String,
    /// The new password.
    #[oai(validator(max_length = 2048))]
    new_password: String,
}

impl Body for ChangeBody {
    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            current_password: reader.required("current_password", "a text", text).unwrap_or_default(),
            new_password: reader.required("new_password", "a text", text).unwrap_or_default(),
        }
    }
}

impl Example for ChangeBody {
    fn example() -> Self {
        Self { current_password: "correct horse battery".into(), new_password: "bright kettle under glass".into() }
    }
}

#[derive(ApiResponse)]
pub(crate) enum PasswordAnswer {
    /// The password is another now.
    #[oai(status = 200)]
    Ok(Json<Message>),
}

//! Another e-mail address.

use domain::accounts::change_address::ChangeAddressError;
use domain::accounts::email::EmailAddress;
use domain::accounts::password::Password;
use domain::form::{FieldError, FormErrors};
use domain::mail::redeem::RedeemError;
use poem::Request;
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};

use crate::body::{Body, Strict};
use crate::caller::{Caller, Context, denied};
use crate::json::{Reader, text};
use crate::problem::{Kind, Refusal};
use crate::resources::emails::TokenBody;
use crate::resources::sessions::hash_refusal;
use crate::resources::{Message, Part};

pub(crate) struct EmailChange;

#[OpenApi(tag = "Part::Accounts")]
impl EmailChange {
    /// Ask for another e-mail address
    ///
    /// A mail to the new address holds a token, good for one day, for `POST /email/verification/confirm`. Nothing
    /// changes before that, and a newer wish ends the older. The answer does not tell whether the address is
    /// another account's: only the mail goes there, and confirming it is answered with 409 then.
    #[oai(path = "/email/change", method = "post", operation_id = "changeEmail")]
    async fn change(&self, caller: Caller, request: &Request, body: Strict<ChangeBody>) -> poem::Result<ChangeAnswer> {
        let context = Context::of(request)?;
        let (new_email, password) = body.check(ChangeBody::check)?;
        match context.api.change_address.run(caller.actor(), &new_email, password).await {
            Ok(()) => {
                Ok(ChangeAnswer::Accepted(Json(Message { message: "Check the mail of the new address.".into() })))
            }
            Err(ChangeAddressError::Denied(reason)) => Err(denied(reason).into()),
            Err(error @ ChangeAddressError::SameAddress) => {
                Err(wrong("new_email", "same-address", error.to_string()).into())
            }
            // The caller is known: what is wrong is a field.
            Err(error @ ChangeAddressError::WrongPassword) => {
                Err(wrong("password", "wrong-password", error.to_string()).into())
            }
            Err(error @ ChangeAddressError::NotAllowed) => {
                Err(Refusal::new(Kind::DomainNotAllowed, error.to_string()).into())
            }
            Err(ChangeAddressError::TooMany(too_many)) => Err(Refusal::too_many(&too_many).into()),
            Err(ChangeAddressError::Hash(failure)) => Err(hash_refusal(&failure).into()),
            Err(ChangeAddressError::Failed(failure)) => Err(Refusal::failed(&failure).into()),
        }
    }

    /// Undo a change of the e-mail address
    ///
    /// By the token in the mail to the address before, which is good for one use within 7 days. That address is
    /// the account's again. Every session has ended, the `token_required` is removed, and the password is gone: a
    /// mail to the address lets its owner choose a new one.
    #[oai(path = "/email/change/undo", method = "post", operation_id = "undoEmailChange")]
    async fn undo(&self, request: &Request, body: Strict<TokenBody>) -> poem::Result<UndoneAnswer> {
        let context = Context::of(request)?;
        let token = body.check(|body| Ok(body.into_token()))?;
        match context.api.undo_address_change.run(&context.nobody(), &token).await {
            Ok(_) => {
                let message = "The change is undone. Check your mail for a link to choose a new password.";
                Ok(UndoneAnswer::Ok(Json(Message { message: message.into() })))
            }
            Err(error @ (RedeemError::NotValid(_) | RedeemError::AddressTaken)) => {
                Err(Refusal::new(Kind::MailedTokenNotValid, error.to_string()).into())
            }
            Err(RedeemError::TooMany(too_many)) => Err(Refusal::too_many(&too_many).into()),
            Err(RedeemError::Failed(failure)) => Err(Refusal::failed(&failure).into()),
        }
    }
}

fn wrong(field: &str, code: &'static str, message: String) -> Refusal {
    Refusal::invalid(vec![FieldError { field: field.into(), code, message }])
}

/// The new address, and the password.
#[derive(Object)]
#[oai(rename = "ChangeEmail", example)]
pub(crate) struct ChangeBody {
    /// The new e-mail address.
    #[oai(validator(max_length = 254))]
    new_email: String,
    /// Your password.
    #[oai(validator(min_length = 1, max_length = 2048))]
    password: String,
}

impl ChangeBody {
    fn check(self) -> Result<(EmailAddress, Password), Vec<FieldError>> {
        let mut errors = FormErrors::none();
        let new_email = errors.take("new_email", EmailAddress::parse(&self.new_email));
        let password = errors.take("password", Password::typed(&self.password));
        new_email.zip(password).ok_or_else(|| errors.into_list())
    }
}

impl Body for ChangeBody {
    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            new_email: reader.required("new_email", "a text", text).unwrap_or_default(),
            password: reader.required("password", "a text", text).unwrap_or_default(),
        }
    }
}

impl Example for ChangeBody {
    fn example() -> Self {
        Self { new_email: "ada@lovelace.example".into(), password: "correct horse battery".into() }
    }
}

#[derive(ApiResponse)]
pub(crate) enum ChangeAnswer {
    /// The mail to the new address is on its way.
    #[oai(status = 202)]
    Accepted(Json<Message>),
}

#[derive(ApiResponse)]
pub(crate) enum UndoneAnswer {
    /// The address before is the account's again.
    #[oai(status = 200)]
    Ok(Json<Message>),
}

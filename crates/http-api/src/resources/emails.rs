//! Showing that an e-mail address is one's own.

use domain::accounts::ask_by_mail::{AskByMailError, Wanted};
use domain::accounts::confirm_address::{ConfirmAddressError, Confirmation};
use domain::accounts::email::EmailAddress;
use domain::accounts::even_time;
use domain::form::{FieldError, FormErrors};
use poem::Request;
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use tokio::time::{Instant, sleep};

use crate::body::{Body, Strict};
use crate::caller::Context;
use crate::json::{Reader, text};
use crate::problem::{Kind, Refusal};
use crate::resources::{Message, Part};

pub(crate) struct Emails;

#[OpenApi(tag = "Part::Accounts")]
impl Emails {
    /// Ask for the mail that verifies an address
    ///
    /// The answer is always the same: it does not tell whether there is such a user, or whether the address is
    /// verified already.
    #[oai(path = "/email/verification", method = "post", operation_id = "askForVerification")]
    async fn ask(&self, request: &Request, body: Strict<EmailBody>) -> poem::Result<AskedAnswer> {
        ask_by_mail(request, body, Wanted::Verification).await
    }

    /// Verify or change an address
    ///
    /// By the token in the mail, which is good for one use. A mail of a sign-up verifies the address; one of
    /// `POST /email/change` makes it yours, and ends every session of yours.
    #[oai(path = "/email/verification/confirm", method = "post", operation_id = "confirmVerification")]
    async fn confirm(&self, request: &Request, body: Strict<TokenBody>) -> poem::Result<ConfirmedAnswer> {
        let context = Context::of(request)?;
        let token = body.check(|body| Ok(body.into_token()))?;
        match context.api.confirm_address.run(&context.nobody(), &token).await {
            Ok(Confirmation::Verified(_)) => Ok(confirmed("The e-mail address is verified.")),
            Ok(Confirmation::Changed(_)) => Ok(confirmed("The e-mail address is changed. Log in with it.")),
            Err(ConfirmAddressError::NotValid(refused)) => {
                Err(Refusal::new(Kind::MailedTokenNotValid, refused.to_string()).into())
            }
            Err(ConfirmAddressError::TooMany(too_many)) => Err(Refusal::too_many(&too_many).into()),
            Err(error @ ConfirmAddressError::NotAllowed) => {
                Err(Refusal::new(Kind::DomainNotAllowed, error.to_string()).into())
            }
            Err(error @ ConfirmAddressError::AddressTaken) => {
                Err(Refusal::new(Kind::Conflict, error.to_string()).into())
            }
            Err(ConfirmAddressError::Failed(failure)) => Err(Refusal::failed(&failure).into()),
        }
    }
}

/// Queues the mail that is wanted, and answers the same in every case.
pub(crate) async fn ask_by_mail(
    request: &Request,
    body: Strict<EmailBody>,
    wanted: Wanted,
) -> poem::Result<AskedAnswer> {
    let (context, started) = (Context::of(request)?, Instant::now());
    let email = body.check(EmailBody::check)?;
    let asked = context.api.ask_by_mail.run(&context.nobody(), wanted, &email).await;
    sleep(even_time::rest(started.elapsed())).await;
    match asked {
        Ok(()) => Ok(AskedAnswer::Accepted(Json(Message { message: "Check your mail.".into() }))),
        Err(AskByMailError::TooMany(too_many)) => Err(Refusal::too_many(&too_many).into()),
        Err(AskByMailError::Failed(failure)) => Err(Refusal::failed(&failure).into()),
    }
}

fn confirmed(message: &str) -> ConfirmedAnswer {
    ConfirmedAnswer::Ok(Json(Message { message: message.into() }))
}

/// Whose mail it is.
#[derive(Object)]
#[oai(rename = "EmailAddress", example)]
pub(crate) struct EmailBody {
    /// The e-mail address, in any spelling.
    #[oai(validator(max_length = 254))]
    email: String,
}

impl EmailBody {
    fn check(self) -> Result<EmailAddress, Vec<FieldError>> {
        let mut errors = FormErrors::none();
        let email = errors.take("email", EmailAddress::parse(&self.email));
        email.ok_or_else(|| errors.into_list())
    }
}

impl Body for EmailBody {
    fn read(reader: &mut Reader<'_>) -> Self {
        Self { email: reader.required("email", "a text", text).unwrap_or_default() }
    }
}

impl Example for EmailBody {
    fn example() -> Self {
        Self { email: "ada@example.org".into() }
    }
}

/// A token from a mail.
#[derive(Object)]
#[oai(rename = "MailedToken", example)]
pub(crate) struct TokenBody {
    /// The token, as the link in the mail holds it.
    token: String,
}

impl TokenBody {
    /// The token.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// The same, taken out.
    pub(crate) fn into_token(self) -> String {
        self.token
    }
}

impl Body for TokenBody {
    fn read(reader: &mut Reader<'_>) -> Self {
        Self { token: reader.required("token", "a text", text).unwrap_or_default() }
    }
}

impl Example for TokenBody {
    fn example() -> Self {
        Self { token: format!("urm_{}", "0".repeat(96)) }
    }
}

#[derive(ApiResponse)]
pub(crate) enum AskedAnswer {
    /// If there is somebody to get it, the mail is on its way.
    #[oai(status = 202)]
    Accepted(Json<Message>),
}

#[derive(ApiResponse)]
pub(crate) enum ConfirmedAnswer {
    /// The address is verified, or yours.
    #[oai(status = 200)]
    Ok(Json<Message>),
}

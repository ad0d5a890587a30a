//! Signing up, and one's own account.

mod answers;
pub(crate) mod bodies;

use answers::{HeldToken, HeldTokenAnswer, Updated, UpdatedAnswer};
use answers::{MeAnswer, MeDto, SignUpAnswer, SignedUp, TokenAnswer, TokenRemovedAnswer, TokenRequired};
use bodies::{IssueTokenBody, PhoneBody, PreferencesBody, SignUpBody};
use domain::accounts::even_time;
use domain::accounts::own_row::OwnRowError;
use domain::accounts::sign_up::{Outcome, SignUpError};
use domain::form::FieldError;
use poem::Request;
use poem_openapi::OpenApi;
use poem_openapi::payload::Json;
use tokio::time::{Instant, sleep};

use crate::body::{Optional, Strict};
use crate::caller::{Caller, Context, denied};
use crate::problem::{Kind, Refusal};
use crate::query;
use crate::resources::Part;
use crate::resources::sessions::{NO_STORE, hash_refusal};

pub(crate) struct Accounts;

#[OpenApi(tag = "Part::Accounts")]
impl Accounts {
    /// Sign up
    ///
    /// The `token_required` in the answer is shown this once. An e-mail address that has an account
    /// already is answered with 202, and nothing is made. An installation with hardened answers answers 202 in
    /// either case, and a mail says which it was.
    #[oai(path = "/signup", method = "post", operation_id = "signUp")]
    async fn sign_up(&self, request: &Request, body: Strict<SignUpBody>) -> poem::Result<SignUpAnswer> {
        let (context, started) = (Context::of(request)?, Instant::now());
        let command = body.check(|body| body.form().check(&context.api.password_policy))?;
        match context.api.sign_up.run(&context.nobody(), command).await {
            Ok(Outcome::SignedUp { id, email, user_token }) => {
                let answer = SignedUp::of(id, &email, &user_token);
                Ok(SignUpAnswer::Created(Json(answer), NO_STORE.into()))
            }
            Ok(Outcome::AlreadyExists) => Ok(SignUpAnswer::of("User already exists. Please log in")),
            Ok(Outcome::CheckMail) => {
                sleep(even_time::rest(started.elapsed())).await;
                Ok(SignUpAnswer::of("Check your mail."))
            }
            Err(error @ SignUpError::NotAllowed) => {
                Err(Refusal::new(Kind::NotAllowedToRegister, error.to_string()).with_challenge().into())
            }
            Err(error @ SignUpError::FieldsLater) => {
                let (field, message) = ("fields".into(), error.to_string());
                Err(Refusal::invalid(vec![FieldError { field, code: "after-login", message }]).into())
            }
            Err(SignUpError::TooMany(too_many)) => Err(Refusal::too_many(&too_many).into()),
            Err(SignUpError::Hash(failure)) => Err(hash_refusal(&failure).into()),
            Err(SignUpError::Failed(failure)) => Err(Refusal::failed(&failure).into()),
        }
    }

    /// Change your phone number
    #[oai(path = "/update", method = "patch", operation_id = "updateUser")]
    async fn update(&self, caller: Caller, request: &Request, body: Strict<PhoneBody>) -> poem::Result<UpdatedAnswer> {
        let phone_number = body.check(PhoneBody::check)?;
        let user = Context::of(request)?.api.update_phone.run(caller.actor(), phone_number).await.map_err(refusal)?;
        Ok(UpdatedAnswer::Ok(Json(Updated::of(&user))))
    }

    /// See your account
    ///
    /// With your first fields: 100, or fewer that have 20,000 positions together; `GET /me/fields` lists all.
    #[oai(path = "/me", method = "get", operation_id = "getMe")]
    async fn me(&self, caller: Caller, request: &Request) -> poem::Result<MeAnswer> {
        query::none(request)?;
        Ok(MeAnswer::Ok(Json(MeDto::of(caller.me()?))))
    }

    /// Say whether others find your fields, and which language you read
    #[oai(path = "/me", method = "patch", operation_id = "updateMe")]
    async fn update_me(
        &self,
        caller: Caller,
        request: &Request,
        body: Strict<PreferencesBody>,
    ) -> poem::Result<UpdatedAnswer> {
        let preferences = body.check(PreferencesBody::check)?;
        let context = Context::of(request)?;
        let user = context.api.set_preferences.run(caller.actor(), &preferences).await.map_err(refusal)?;
        Ok(UpdatedAnswer::Ok(Json(Updated::of(&user))))
    }

    /// See when your token_required was used
    ///
    /// The token itself is never shown again.
    #[oai(path = "/me/token-required", method = "get", operation_id = "showTokenRequired")]
    async fn show_token(&self, caller: Caller, request: &Request) -> poem::Result<HeldTokenAnswer> {
        query::none(request)?;
        let held = caller.actor().user().and_then(|user| user.user_token);
        let held = held.ok_or_else(|| Refusal::new(Kind::NotFound, "You have no token_required."))?;
        Ok(HeldTokenAnswer::Ok(Json(HeldToken::of(held))))
    }

    /// Get a new token_required
    ///
    /// It is shown this once; the one before is dead from then on. The body may be left out.
    #[oai(path = "/me/token-required", method = "post", operation_id = "issueTokenRequired")]
    async fn issue_token(
        &self,
        caller: Caller,
        request: &Request,
        body: Optional<IssueTokenBody>,
    ) -> poem::Result<TokenAnswer> {
        let context = Context::of(request)?;
        let now = context.api.clock.now();
        let expires_at = body.0.check(|body| body.check(now))?;
        let token = context.api.issue_user_token.run(caller.actor(), expires_at).await.map_err(refusal)?;
        Ok(TokenAnswer::Created(Json(TokenRequired::of(&token, expires_at)), NO_STORE.into()))
    }

    /// Remove your token_required
    #[oai(path = "/me/token-required", method = "delete", operation_id = "removeTokenRequired")]
    async fn remove_token(&self, caller: Caller, request: &Request) -> poem::Result<TokenRemovedAnswer> {
        query::none(request)?;
        Context::of(request)?.api.remove_user_token.run(caller.actor()).await.map_err(refusal)?;
        Ok(TokenRemovedAnswer::Removed)
    }
}

fn refusal(error: OwnRowError) -> Refusal {
    match error {
        OwnRowError::Denied(reason) => denied(reason),
        OwnRowError::Failed(failure) => Refusal::failed(&failure),
    }
}

//! Logging in, staying logged in, logging out.

use domain::accounts::email::EmailAddress;
use domain::accounts::password::Password;
use domain::accounts::ports::HashFailure;
use domain::form::{FieldError, FormErrors};
use domain::sessions::log_in::{Command, IssuedCredential, IssuedTokens, LogInError, Outcome};
use domain::sessions::log_out::LogOutError;
use domain::sessions::refresh::RefreshError;
use domain::sessions::session::Channel;
use poem::Request;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};

use crate::body::{Body, Strict};
use crate::caller::{Caller, Context, denied};
use crate::json::{Reader, text};
use crate::problem::{Kind, Refusal};
use crate::query;
use crate::resources::{Message, Part, own_sessions};

pub(crate) struct Sessions;

#[OpenApi(tag = "Part::Sessions")]
impl Sessions {
    /// Log in
    ///
    /// Answers an access token for `Authorization: Bearer`, and a refresh token for `POST /refresh`.
    /// The refusals of an unknown user and of a wrong password take the same time.
    #[oai(path = "/login", method = "post", operation_id = "logIn")]
    async fn log_in(&self, request: &Request, body: Strict<LogInBody>) -> poem::Result<TokensAnswer> {
        let context = Context::of(request)?;
        let command = body.check(LogInBody::check)?;
        match context.api.log_in.run(&context.nobody(), command).await {
            Ok(Outcome::SignedIn(signed_in)) => match signed_in.credential {
                IssuedCredential::Tokens(tokens) => {
                    Ok(TokensAnswer::Issued(Json(Tokens::of(&tokens)), NO_STORE.into()))
                }
                IssuedCredential::PageSecret(_) => {
                    Err(Refusal::internal("a login by the API gave the secret of a page").into())
                }
            },
            Err(error) => Err(log_in_refusal(&error).into()),
        }
    }

    /// Get new tokens
    ///
    /// Each refresh token is exchanged once, for an access token and the next refresh token. The one
    /// before is answered with the current one again for 30 seconds, so that a lost answer or a second
    /// tab does no harm; an older one ends the session.
    #[oai(path = "/refresh", method = "post", operation_id = "refresh")]
    async fn refresh(&self, request: &Request, body: Strict<RefreshBody>) -> poem::Result<TokensAnswer> {
        let context = Context::of(request)?;
        let refresh_token = body.check(|body| Ok(body.refresh_token))?;
        match context.api.refresh.run(&context.nobody(), &refresh_token).await {
            Ok(tokens) => Ok(TokensAnswer::Issued(Json(Tokens::of(&tokens)), NO_STORE.into())),
            Err(error @ RefreshError::NotValid) => {
                Err(Refusal::new(Kind::RefreshTokenNotValid, error.to_string()).into())
            }
            Err(RefreshError::Failed(failure)) => Err(Refusal::failed(&failure).into()),
        }
    }

    /// Log out
    ///
    /// Ends the session: its refresh token is dead, and its access token is refused from then on.
    #[oai(path = "/logout", method = "post", operation_id = "logOut")]
    async fn log_out(
        &self,
        caller: Caller,
        request: &Request,
        /// `true` ends every session of yours.
        all: Query<Option<String>>,
    ) -> poem::Result<LoggedOutAnswer> {
        let api = &Context::of(request)?.api;
        let mut errors = FormErrors::none();
        query::check_names(request, &["all"], &mut errors);
        let all = query::flag("all", all.0.as_deref(), &mut errors);
        query::settle(errors)?;
        if all {
            api.end_session.run_for_all(caller.actor()).await.map_err(own_sessions::refusal)?;
        } else {
            api.log_out.run(caller.actor()).await.map_err(|error| match error {
                LogOutError::Denied(reason) => denied(reason),
                LogOutError::Failed(failure) => Refusal::failed(&failure),
            })?;
        }
        Ok(LoggedOutAnswer::Ok(Json(Message { message: "Successfully logged out.".into() })))
    }
}

/// What answers with a token in it are kept for.
pub(crate) const NO_STORE: &str = "no-store";

/// The refusal when a password could not be hashed.
pub(crate) fn hash_refusal(failure: &HashFailure) -> Refusal {
    match failure {
        HashFailure::Overloaded { retry_after } => Refusal::overloaded(retry_after.as_secs()),
        HashFailure::Failed(failure) => Refusal::failed(failure),
    }
}

fn log_in_refusal(error: &LogInError) -> Refusal {
    let kind = match error {
        LogInError::UnknownUser => Kind::UnknownUser,
        LogInError::WrongPassword => Kind::WrongPassword,
        LogInError::Disabled => Kind::AccountDisabled,
        LogInError::Unverified => Kind::EmailNotVerified,
        LogInError::Refused => Kind::LogInRefused,
        LogInError::TooMany(too_many) => return Refusal::too_many(too_many),
        LogInError::Hash(failure) => return hash_refusal(failure),
        LogInError::Failed(failure) => return Refusal::failed(failure),
    };
    let refusal = Refusal::new(kind, error.to_string());
    if kind.status() == 401 { refusal.with_challenge() } else { refusal }
}

/// What to log in with.
#[derive(Object)]
#[oai(rename = "LogIn", example)]
pub(crate) struct LogInBody {
    /// The e-mail address, in any spelling.
    #[oai(validator(max_length = 254))]
    email: String,
    /// The password.
    #[oai(validator(min_length = 1, max_length = 2048))]
    password: String,
}

impl LogInBody {
    fn check(self) -> Result<Command, Vec<FieldError>> {
        let mut errors = FormErrors::none();
        let email = errors.take("email", EmailAddress::parse(&self.email));
        let password = errors.take("password", Password::typed(&self.password));
        match (email, password) {
            (Some(email), Some(password)) => Ok(Command { email, password, channel: Channel::Api }),
            _ => Err(errors.into_list()),
        }
    }
}

impl Body for LogInBody {
    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            email: reader.required("email", "a text", text).unwrap_or_default(),
            password: reader.required("password", "a text", text).unwrap_or_default(),
        }
    }
}

impl Example for LogInBody {
    fn example() -> Self {
        Self { email: "ada@example.org".into(), password: "correct horse battery".into() }
    }
}

/// A refresh token to exchange.
#[derive(Object)]
#[oai(rename = "Refresh", example)]
pub(crate) struct RefreshBody {
    /// The refresh token of the last login or refresh.
    refresh_token: String,
}

impl Body for RefreshBody {
    fn read(reader: &mut Reader<'_>) -> Self {
        Self { refresh_token: reader.required("refresh_token", "a text", text).unwrap_or_default() }
    }
}

impl Example for RefreshBody {
    fn example() -> Self {
        Self { refresh_token: format!("urr_{}", "0".repeat(104)) }
    }
}

/// The tokens of a session.
#[derive(Object)]
#[oai(example)]
pub(crate) struct Tokens {
    /// The access token: a signed JWT (RFC 9068).
    access_token: String,
    /// How to present it: always `Bearer`.
    token_type: String,
    /// How many seconds it lives.
    expires_in: i64,
    /// The token for the next `POST /refresh`.
    refresh_token: String,
}

impl Tokens {
    fn of(tokens: &IssuedTokens) -> Self {
        Self {
            access_token: tokens.access_token.reveal().into(),
            token_type: "Bearer".into(),
            expires_in: tokens.expires_in.num_seconds(),
            refresh_token: tokens.refresh_token.reveal().into(),
        }
    }
}

impl Example for Tokens {
    fn example() -> Self {
        Self {
            access_token: "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl".into(),
            token_type: "Bearer".into(),
            expires_in: 900,
            refresh_token: RefreshBody::example().refresh_token,
        }
    }
}

#[derive(ApiResponse)]
pub(crate) enum TokensAnswer {
    /// The session's tokens.
    #[oai(status = 200)]
    Issued(
        Json<Tokens>,
        /// The tokens are not to be kept by anybody between.
        #[oai(header = "Cache-Control")]
        String,
    ),
}

#[derive(ApiResponse)]
pub(crate) enum LoggedOutAnswer {
    /// The session has ended.
    #[oai(status = 200)]
    Ok(Json<Message>),
}

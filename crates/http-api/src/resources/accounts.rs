//! Signing up, and one's own account.

use chrono::{DateTime, Utc};
use domain::accounts::own_row::OwnRowError;
use domain::accounts::phone::PhoneNumber;
use domain::accounts::show_me::Me;
use domain::accounts::sign_up::{Outcome, SignUpError};
use domain::accounts::sign_up_form::SignUpForm;
use domain::accounts::user::{Role, User};
use domain::form::{FieldError, FormErrors};
use poem::Request;
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use uuid::Uuid;

use crate::body::{Body, Strict};
use crate::caller::{Caller, Context, denied};
use crate::json::{Reader, Shape, Tree, boolean, text};
use crate::problem::{Kind, Refusal};
use crate::query;
use crate::resources::fields::{FieldBody, FieldDto};
use crate::resources::sessions::{NO_STORE, hash_refusal};
use crate::resources::{Message, Part};

pub(crate) struct Accounts;

#[OpenApi(tag = "Part::Accounts")]
impl Accounts {
    /// Sign up
    ///
    /// The `token_required` in the answer is shown this once. An e-mail address that has an account
    /// already is answered with 202, and nothing is made.
    #[oai(path = "/signup", method = "post", operation_id = "signUp")]
    async fn sign_up(&self, request: &Request, body: Strict<SignUpBody>) -> poem::Result<SignUpAnswer> {
        let context = Context::of(request)?;
        let command = body.check(|body| body.form().check(&context.api.password_policy))?;
        match context.api.sign_up.run(&context.nobody(), command).await {
            Ok(Outcome::SignedUp { id, email, user_token }) => {
                let answer = SignedUp {
                    message: "Successfully registered.".into(),
                    id: id.uuid(),
                    email: email.to_string(),
                    token_required: user_token.reveal().into(),
                };
                Ok(SignUpAnswer::Created(Json(answer), NO_STORE.into()))
            }
            Ok(Outcome::AlreadyExists) => {
                Ok(SignUpAnswer::Exists(Json(Message { message: "User already exists. Please log in".into() })))
            }
            Err(error @ SignUpError::NotAllowed) => {
                Err(Refusal::new(Kind::NotAllowedToRegister, error.to_string()).with_challenge().into())
            }
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
    /// With your first 100 fields; `GET /me/fields` lists all.
    #[oai(path = "/me", method = "get", operation_id = "getMe")]
    async fn me(&self, caller: Caller, request: &Request) -> poem::Result<MeAnswer> {
        query::none(request)?;
        Ok(MeAnswer::Ok(Json(MeDto::of(&caller.me()?))))
    }

    /// Say whether others find your fields
    #[oai(path = "/me", method = "patch", operation_id = "updateMe")]
    async fn update_me(
        &self,
        caller: Caller,
        request: &Request,
        body: Strict<DiscoverableBody>,
    ) -> poem::Result<UpdatedAnswer> {
        let discoverable = body.check(|body| Ok(body.discoverable))?;
        let context = Context::of(request)?;
        let user = context.api.set_discoverable.run(caller.actor(), discoverable).await.map_err(refusal)?;
        Ok(UpdatedAnswer::Ok(Json(Updated::of(&user))))
    }

    /// Get a new `token_required`
    ///
    /// It is shown this once; the one before is dead from then on.
    #[oai(path = "/me/token-required", method = "post", operation_id = "issueTokenRequired")]
    async fn issue_token(&self, caller: Caller, request: &Request) -> poem::Result<TokenAnswer> {
        query::none(request)?;
        let token = Context::of(request)?.api.issue_user_token.run(caller.actor()).await.map_err(refusal)?;
        Ok(TokenAnswer::Created(Json(TokenRequired { token_required: token.reveal().into() }), NO_STORE.into()))
    }

    /// Remove your `token_required`
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

/// What to sign up with.
#[derive(Object)]
#[oai(rename = "SignUp", example, skip_serializing_if_is_none)]
pub(crate) struct SignUpBody {
    /// The e-mail address.
    #[oai(validator(max_length = 254))]
    email: String,
    /// A new password: 8 to 128 characters unless the installation asks for more, none of the commonest.
    #[oai(validator(max_length = 128))]
    password: String,
    /// The preferred phone number, in E.164.
    #[oai(nullable, validator(pattern = "^\\+[1-9][0-9]{6,14}$"))]
    phone_number: Option<String>,
    /// Whether others may find your fields; not unless you say so.
    discoverable: Option<bool>,
    /// Your first land fields.
    fields: Option<Vec<FieldBody>>,
}

impl SignUpBody {
    fn form(self) -> SignUpForm {
        SignUpForm {
            email: self.email,
            password: self.password,
            phone_number: self.phone_number,
            discoverable: self.discoverable.unwrap_or_default(),
            fields: self.fields.unwrap_or_default().into_iter().map(FieldBody::form).collect(),
        }
    }
}

impl Body for SignUpBody {
    fn read(reader: &mut Reader<'_>) -> Self {
        let email = reader.required("email", "a text", text).unwrap_or_default();
        let password = reader.required("password", "a text", text).unwrap_or_default();
        let phone_number = reader.nullable("phone_number", "a text", text);
        let discoverable = reader.optional("discoverable", "true or false", boolean);
        let fields = reader.take("fields").map(|tree| {
            let (path, errors) = reader.below("fields");
            FieldBody::read_list(tree, &path, errors)
        });
        Self { email, password, phone_number, discoverable, fields }
    }
}

impl Example for SignUpBody {
    fn example() -> Self {
        Self {
            email: "ada@example.org".into(),
            password: "correct horse battery".into(),
            phone_number: Some("+14155552671".into()),
            discoverable: Some(false),
            fields: None,
        }
    }
}

/// A new user.
#[derive(Object)]
#[oai(example)]
pub(crate) struct SignedUp {
    /// What happened.
    message: String,
    /// The user's id.
    id: Uuid,
    /// The e-mail address, as it was typed.
    email: String,
    /// The unique access token for programs; it is shown this once.
    token_required: String,
}

impl Example for SignedUp {
    fn example() -> Self {
        Self {
            message: "Successfully registered.".into(),
            id: EXAMPLE_ID,
            email: "ada@example.org".into(),
            token_required: TokenRequired::example().token_required,
        }
    }
}

#[derive(ApiResponse)]
pub(crate) enum SignUpAnswer {
    /// There is a new user.
    #[oai(status = 201)]
    Created(
        Json<SignedUp>,
        /// The token is not to be kept by anybody between.
        #[oai(header = "Cache-Control")]
        String,
    ),
    /// The e-mail address has an account already; nothing was made.
    #[oai(status = 202)]
    Exists(Json<Message>),
}

/// A phone number to set or remove.
#[derive(Object)]
#[oai(rename = "Update", example)]
pub(crate) struct PhoneBody {
    /// The phone number in E.164; `null` removes it.
    #[oai(nullable, validator(pattern = "^\\+[1-9][0-9]{6,14}$"))]
    phone_number: Option<String>,
}

impl PhoneBody {
    fn check(self) -> Result<Option<PhoneNumber>, Vec<FieldError>> {
        let mut errors = FormErrors::none();
        let number = errors.take("phone_number", self.phone_number.as_deref().map(PhoneNumber::parse).transpose());
        number.ok_or_else(|| errors.into_list())
    }
}

impl Body for PhoneBody {
    fn read(reader: &mut Reader<'_>) -> Self {
        let phone_number = match reader.take("phone_number") {
            None => {
                reader.note("phone_number", Shape::Required);
                None
            }
            Some(Tree::Null) => None,
            Some(tree) => {
                let number = text(tree);
                if number.is_none() {
                    reader.note("phone_number", Shape::Not("a text"));
                }
                number
            }
        };
        Self { phone_number }
    }
}

impl Example for PhoneBody {
    fn example() -> Self {
        Self { phone_number: Some("+14155552671".into()) }
    }
}

/// Whether others find your fields.
#[derive(Object)]
#[oai(rename = "Discoverability", example)]
pub(crate) struct DiscoverableBody {
    /// Whether they do.
    discoverable: bool,
}

impl Body for DiscoverableBody {
    fn read(reader: &mut Reader<'_>) -> Self {
        Self { discoverable: reader.required("discoverable", "true or false", boolean).unwrap_or_default() }
    }
}

impl Example for DiscoverableBody {
    fn example() -> Self {
        Self { discoverable: true }
    }
}

/// Your account, and your first 100 fields.
#[derive(Object)]
#[oai(rename = "Me", example)]
pub(crate) struct MeDto {
    /// Your id.
    id: Uuid,
    /// Your e-mail address, as you typed it.
    email: String,
    /// Your phone number.
    #[oai(nullable)]
    phone_number: Option<String>,
    /// Whether others find your fields.
    discoverable: bool,
    /// Whether your e-mail address is verified.
    is_activated: bool,
    /// What you may do beyond your own account.
    roles: Vec<String>,
    /// Your first 100 fields.
    fields: Vec<FieldDto>,
    /// When you signed up.
    created_at: DateTime<Utc>,
    /// When your account last changed.
    updated_at: DateTime<Utc>,
}

impl MeDto {
    fn of(me: &Me) -> Self {
        let user = &me.user;
        Self {
            id: user.id.uuid(),
            email: user.email.to_string(),
            phone_number: user.phone_number.as_ref().map(ToString::to_string),
            discoverable: user.discoverable,
            is_activated: user.is_activated(),
            roles: roles(user),
            fields: me.fields.iter().map(FieldDto::of).collect(),
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}

impl Example for MeDto {
    fn example() -> Self {
        let Updated { id, email, phone_number, discoverable, is_activated, roles, created_at, updated_at, .. } =
            Updated::example();
        let fields = vec![FieldDto::example()];
        Self { id, email, phone_number, discoverable, is_activated, roles, fields, created_at, updated_at }
    }
}

/// Your account, after a change.
#[derive(Object)]
#[oai(rename = "UpdatedUser", example)]
pub(crate) struct Updated {
    /// What happened.
    message: String,
    /// Your id.
    id: Uuid,
    /// Your e-mail address, as you typed it.
    email: String,
    /// Your phone number.
    #[oai(nullable)]
    phone_number: Option<String>,
    /// Whether others find your fields.
    discoverable: bool,
    /// Whether your e-mail address is verified.
    is_activated: bool,
    /// What you may do beyond your own account.
    roles: Vec<String>,
    /// When you signed up.
    created_at: DateTime<Utc>,
    /// When your account last changed.
    updated_at: DateTime<Utc>,
}

impl Updated {
    fn of(user: &User) -> Self {
        Self {
            message: "User updated successfully.".into(),
            id: user.id.uuid(),
            email: user.email.to_string(),
            phone_number: user.phone_number.as_ref().map(ToString::to_string),
            discoverable: user.discoverable,
            is_activated: user.is_activated(),
            roles: roles(user),
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}

impl Example for Updated {
    fn example() -> Self {
        let at = DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default();
        Self {
            message: "User updated successfully.".into(),
            id: EXAMPLE_ID,
            email: "ada@example.org".into(),
            phone_number: Some("+14155552671".into()),
            discoverable: false,
            is_activated: false,
            roles: Vec::new(),
            created_at: at,
            updated_at: at,
        }
    }
}

/// A `token_required`.
#[derive(Object)]
#[oai(example)]
pub(crate) struct TokenRequired {
    /// The token; it is shown this once.
    token_required: String,
}

impl Example for TokenRequired {
    fn example() -> Self {
        Self { token_required: format!("urt_{}", "0".repeat(64)) }
    }
}

#[derive(ApiResponse)]
pub(crate) enum UpdatedAnswer {
    /// Your account as it is now.
    #[oai(status = 200)]
    Ok(Json<Updated>),
}

#[derive(ApiResponse)]
pub(crate) enum MeAnswer {
    /// Your account.
    #[oai(status = 200)]
    Ok(Json<MeDto>),
}

#[derive(ApiResponse)]
pub(crate) enum TokenAnswer {
    /// The new token.
    #[oai(status = 201)]
    Created(
        Json<TokenRequired>,
        /// The token is not to be kept by anybody between.
        #[oai(header = "Cache-Control")]
        String,
    ),
}

#[derive(ApiResponse)]
pub(crate) enum TokenRemovedAnswer {
    /// There is no token any more.
    #[oai(status = 204)]
    Removed,
}

const EXAMPLE_ID: Uuid = Uuid::from_u128(0x0193_6a4e_7c5b_7a10_8a5f_3f6f_2d0c_9b1e);

fn roles(user: &User) -> Vec<String> {
    user.roles().into_iter().map(Role::name).map(Into::into).collect()
}

//! What the operations of an account answer.

use chrono::{DateTime, Utc};
use domain::accounts::email::EmailAddress;
use domain::accounts::show_me::Me;
use domain::accounts::user::{Role, User};
use domain::accounts::user_token::{HeldUserToken, UserToken};
use domain::ids::UserId;
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object};
use uuid::Uuid;

use crate::resources::Message;
use crate::resources::fields::FieldDto;

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

impl SignedUp {
    pub(crate) fn of(id: UserId, email: &EmailAddress, user_token: &UserToken) -> Self {
        Self {
            message: "Successfully registered.".into(),
            id: id.uuid(),
            email: email.to_string(),
            token_required: user_token.reveal().into(),
        }
    }
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
    /// The e-mail address has an account already, and nothing was made; or a mail says what happened.
    #[oai(status = 202)]
    Accepted(Json<Message>),
}

impl SignUpAnswer {
    pub(crate) fn of(message: &str) -> Self {
        Self::Accepted(Json(Message { message: message.into() }))
    }
}

/// Your account.
#[derive(Object)]
#[oai(rename = "Account", example)]
pub(crate) struct AccountDto {
    /// Your id.
    id: Uuid,
    /// Your e-mail address, as you typed it.
    email: String,
    /// Your phone number.
    #[oai(nullable)]
    phone_number: Option<String>,
    /// Whether others find your fields.
    discoverable: bool,
    /// The language of your mails and pages, a tag of RFC 5646; `null` if you have named none.
    #[oai(nullable)]
    locale: Option<String>,
    /// Whether your e-mail address is verified.
    is_activated: bool,
    /// What you may do beyond your own account.
    roles: Vec<String>,
    /// When you signed up.
    created_at: DateTime<Utc>,
    /// When your account last changed.
    updated_at: DateTime<Utc>,
}

impl AccountDto {
    fn of(user: &User) -> Self {
        Self {
            id: user.id.uuid(),
            email: user.email.to_string(),
            phone_number: user.phone_number.as_ref().map(ToString::to_string),
            discoverable: user.discoverable,
            locale: user.locale.as_ref().map(ToString::to_string),
            is_activated: user.is_activated(),
            roles: user.roles().into_iter().map(Role::name).map(Into::into).collect(),
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}

impl Example for AccountDto {
    fn example() -> Self {
        let at = DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default();
        Self {
            id: EXAMPLE_ID,
            email: "ada@example.org".into(),
            phone_number: Some("+14155552671".into()),
            discoverable: false,
            locale: Some("es".into()),
            is_activated: false,
            roles: Vec::new(),
            created_at: at,
            updated_at: at,
        }
    }
}

/// Your account, and your first fields.
#[derive(Object)]
#[oai(rename = "Me", example)]
pub(crate) struct MeDto {
    #[oai(flatten)]
    account: AccountDto,
    /// Your first fields: 100, or fewer that have 20,000 positions together.
    fields: Vec<FieldDto>,
    /// Whether there are more: `GET /me/fields` lists all.
    more_fields: bool,
}

impl MeDto {
    pub(crate) fn of(me: Me) -> Self {
        let fields = me.fields.into_iter().map(FieldDto::of).collect();
        Self { account: AccountDto::of(&me.user), fields, more_fields: me.more_fields }
    }
}

impl Example for MeDto {
    fn example() -> Self {
        Self { account: AccountDto::example(), fields: vec![FieldDto::example()], more_fields: false }
    }
}

/// Your account, after a change.
#[derive(Object)]
#[oai(rename = "UpdatedUser", example)]
pub(crate) struct Updated {
    /// What happened.
    message: String,
    #[oai(flatten)]
    account: AccountDto,
}

impl Updated {
    pub(crate) fn of(user: &User) -> Self {
        Self { message: "User updated successfully.".into(), account: AccountDto::of(user) }
    }
}

impl Example for Updated {
    fn example() -> Self {
        Self { message: "User updated successfully.".into(), account: AccountDto::example() }
    }
}

/// A `token_required`.
#[derive(Object)]
#[oai(example)]
pub(crate) struct TokenRequired {
    /// The token; it is shown this once.
    token_required: String,
    /// When it ends; `null` if it does not.
    #[oai(nullable)]
    expires_at: Option<DateTime<Utc>>,
}

impl TokenRequired {
    pub(crate) fn of(token: &UserToken, expires_at: Option<DateTime<Utc>>) -> Self {
        Self { token_required: token.reveal().into(), expires_at }
    }
}

/// What is known of your `token_required`.
#[derive(Object)]
#[oai(example)]
pub(crate) struct HeldToken {
    /// When it was last used, to the minute; `null` until then.
    #[oai(nullable)]
    last_used_at: Option<DateTime<Utc>>,
    /// When it ends; `null` if it does not.
    #[oai(nullable)]
    expires_at: Option<DateTime<Utc>>,
}

impl HeldToken {
    pub(crate) fn of(held: HeldUserToken) -> Self {
        Self { last_used_at: held.last_used_at, expires_at: held.expires_at }
    }
}

impl Example for HeldToken {
    fn example() -> Self {
        Self { last_used_at: DateTime::from_timestamp(1_767_225_600, 0), expires_at: None }
    }
}

#[derive(ApiResponse)]
pub(crate) enum HeldTokenAnswer {
    /// What is known of your token.
    #[oai(status = 200)]
    Ok(Json<HeldToken>),
}

impl Example for TokenRequired {
    fn example() -> Self {
        Self { token_required: format!("urt_{}", "0".repeat(64)), expires_at: None }
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

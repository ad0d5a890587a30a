//! A message from one page to the next: sealed, in a cookie, for one reader, for a short while.

use chrono::TimeDelta;
use domain::accounts::user_token::UserToken;
use domain::ports::clock::Timestamp;
use domain::ports::failure::PortFailure;
use domain::ports::secrets::{SealedSecret, SecretKeeper};
use serde::{Deserialize, Serialize};

use crate::binding::Binding;

/// How long a message waits for its page.
const LIFETIME: TimeDelta = TimeDelta::minutes(15);
/// How long one with a secret does. The browser drops it with the page that shows it; a copy of the
/// cookie could be shown again for so long, and only beside the cookie of its reader. To rule that
/// out, too, all replicas would have to remember what was shown, which is a write for each message.
const SECRET_LIFETIME: TimeDelta = TimeDelta::seconds(60);

/// A message from one page to the next.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Flash {
    /// Something is done.
    Notice(Notice),
    /// An account is made.
    SignedUp {
        /// Its address.
        email: String,
        /// Its `token_required`, to be shown this once.
        user_token: String,
    },
    /// Whose login to expect.
    Email(String),
    /// A `token_required`, to be shown this once.
    UserToken(String),
}

impl Flash {
    /// A new account.
    pub(crate) fn signed_up(email: &str, user_token: &UserToken) -> Self {
        Self::SignedUp { email: email.into(), user_token: user_token.reveal().into() }
    }

    /// A new token.
    pub(crate) fn user_token(user_token: &UserToken) -> Self {
        Self::UserToken(user_token.reveal().into())
    }

    /// How long it waits for its page.
    pub(crate) const fn lifetime(&self) -> TimeDelta {
        match self {
            Self::Notice(_) | Self::Email(_) => LIFETIME,
            Self::SignedUp { .. } | Self::UserToken(_) => SECRET_LIFETIME,
        }
    }
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Notice {
    /// The phone number is saved.
    PhoneNumberSaved,
    /// The phone number is removed.
    PhoneNumberRemoved,
    /// Others find the fields.
    Discoverable,
    /// Others do not find the fields.
    NotDiscoverable,
    /// The language is saved.
    LanguageSaved,
    /// A field is added.
    FieldAdded,
    /// A field is removed.
    FieldRemoved,
    /// The `token_required` is removed.
    UserTokenRemoved,
    /// The session has ended.
    LoggedOut,
    /// All sessions have ended.
    LoggedOutEverywhere,
    /// Another session has ended.
    SessionEnded,
    /// The mail that verifies the address is on its way.
    VerificationSent,
    /// The address is verified.
    AddressVerified,
    /// The address is another now, and all sessions have ended.
    AddressChanged,
    /// The address before is the account's again.
    AddressChangeUndone,
    /// The password is another now.
    PasswordChanged,
    /// The password is another now, and all sessions have ended.
    PasswordReset,
}

impl Notice {
    /// Its key in the catalogue.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::PhoneNumberSaved => "notice-phone-number-saved",
            Self::PhoneNumberRemoved => "notice-phone-number-removed",
            Self::Discoverable => "notice-discoverable",
            Self::NotDiscoverable => "notice-not-discoverable",
            Self::LanguageSaved => "notice-language-saved",
            Self::FieldAdded => "notice-field-added",
            Self::FieldRemoved => "notice-field-removed",
            Self::UserTokenRemoved => "notice-token-removed",
            Self::LoggedOut => "notice-logged-out",
            Self::LoggedOutEverywhere => "notice-logged-out-everywhere",
            Self::SessionEnded => "notice-session-ended",
            Self::VerificationSent => "notice-verification-sent",
            Self::AddressVerified => "notice-address-verified",
            Self::AddressChanged => "notice-address-changed",
            Self::AddressChangeUndone => "notice-address-change-undone",
            Self::PasswordChanged => "notice-password-changed",
            Self::PasswordReset => "notice-password-reset",
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Envelope {
    left_at: i64,
    message: Flash,
}

/// Seals a message; only its reader's next page opens it.
pub(crate) fn seal(
    message: &Flash,
    reader: &Binding,
    keeper: &dyn SecretKeeper,
    now: Timestamp,
) -> Result<SealedSecret, PortFailure> {
    let envelope = Envelope { left_at: now.timestamp(), message: message.clone() };
    let text = serde_json::to_string(&envelope).map_err(PortFailure::lasting)?;
    keeper.seal(&text, &context(reader))
}

/// The message; `None` when it is another's, too old or no message.
pub(crate) fn open(sealed: &str, reader: &Binding, keeper: &dyn SecretKeeper, now: Timestamp) -> Option<Flash> {
    let text = keeper.open(&SealedSecret::restore(sealed), &context(reader)).ok()?;
    let envelope: Envelope = serde_json::from_str(&text).ok()?;
    let is_fresh = (0..envelope.message.lifetime().num_seconds()).contains(&(now.timestamp() - envelope.left_at));
    is_fresh.then_some(envelope.message)
}

fn context(reader: &Binding) -> String {
    format!("flash:{}", reader.context())
}

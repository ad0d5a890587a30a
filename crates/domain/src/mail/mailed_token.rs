//! The single-use secrets in mails.

use std::fmt;

use chrono::TimeDelta;
use thiserror::Error;
use uuid::Uuid;

use crate::accounts::email::{EmailAddress, EmailKey};
use crate::form::Refusal;
use crate::ids::{MailedTokenId, UserId};
use crate::ports::clock::Timestamp;
use crate::ports::entropy::Entropy;
use crate::ports::secrets::{SecretKeeper, SecretPurpose};
use crate::sessions::opaque::{hex, unhex};

/// A single-use secret: for one user, one purpose and one address, until it is used, ended (mostly by a newer
/// one of the same purpose), or too old.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailedToken {
    /// The id.
    pub id: MailedTokenId,
    /// Whose it is.
    pub user: UserId,
    /// What it is good for.
    pub purpose: MailedTokenPurpose,
    /// The address that it was mailed to.
    pub address: EmailAddress,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it can be used.
    pub expires_at: Timestamp,
}

/// What a mailed token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MailedTokenPurpose {
    /// To show that an address is the user's.
    VerifyAddress,
    /// To choose a new password.
    ResetPassword,
    /// To make a new address the user's.
    ChangeAddress,
    /// To take a change of the address back.
    UndoAddressChange,
}

impl MailedTokenPurpose {
    /// Every purpose.
    pub const ALL: [Self; 4] = [Self::VerifyAddress, Self::ResetPassword, Self::ChangeAddress, Self::UndoAddressChange];

    /// The word in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::VerifyAddress => "verify-address",
            Self::ResetPassword => "reset-password",
            Self::ChangeAddress => "change-address",
            Self::UndoAddressChange => "undo-address-change",
        }
    }

    /// The purpose of that word.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
    }

    /// Whether a newer token ends the older ones. One that undoes a change of the address stays good beside
    /// newer ones: else whoever took an account over would only have to change the address twice.
    #[must_use]
    pub const fn is_one_at_a_time(self) -> bool {
        !matches!(self, Self::UndoAddressChange)
    }

    /// How long a token can be used. What opens an account is short-lived (OWASP, "Forgot Password").
    #[must_use]
    pub const fn lifetime(self) -> TimeDelta {
        match self {
            Self::VerifyAddress => TimeDelta::days(3),
            Self::ResetPassword => TimeDelta::hours(1),
            Self::ChangeAddress => TimeDelta::days(1),
            Self::UndoAddressChange => TimeDelta::days(7),
        }
    }
}

impl MailedToken {
    /// What every such token begins with.
    pub const PREFIX: &'static str = "urm_";

    /// A fresh one.
    #[must_use]
    pub fn fresh(
        user: UserId,
        purpose: MailedTokenPurpose,
        address: EmailAddress,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Self {
        let id = MailedTokenId::fresh(now, entropy);
        Self { id, user, purpose, address, created_at: now, expires_at: now + purpose.lifetime() }
    }

    /// Whether it was mailed to this address.
    #[must_use]
    pub fn is_for(&self, address: &EmailKey) -> bool {
        self.address.key() == address
    }
}

/// The text of a mailed token: `urm_`, its id, and a code over it. It stands in the mail and nowhere else:
/// the id is stored, and the code is made again when the mail is written. It hides itself in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedMailedToken(String);

impl IssuedMailedToken {
    /// The token of this id.
    #[must_use]
    pub fn of(id: MailedTokenId, keeper: &dyn SecretKeeper) -> Self {
        let code = keeper.code(SecretPurpose::MailedToken, id.uuid().as_bytes());
        Self(format!("{}{}{}", MailedToken::PREFIX, hex(id.uuid().as_bytes()), hex(&code)))
    }

    /// The id in a genuine token; `None` for any other text.
    #[must_use]
    pub fn read(text: &str, keeper: &dyn SecretKeeper) -> Option<MailedTokenId> {
        let rest = text.strip_prefix(MailedToken::PREFIX).filter(|rest| rest.len() == (ID_BYTES + CODE_BYTES) * 2)?;
        let bytes = unhex(rest)?;
        let (id, code) = bytes.split_at(ID_BYTES);
        let genuine = keeper.code_holds(SecretPurpose::MailedToken, id, code);
        genuine.then(|| Uuid::from_slice(id).ok()).flatten().map(MailedTokenId::restore)
    }

    /// The secret itself, for the mail.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IssuedMailedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IssuedMailedToken(..)")
    }
}

const ID_BYTES: usize = 16;
const CODE_BYTES: usize = 32;

/// A mailed token is forged, used, ended by a newer one, too old, or good for something else. Which of
/// these is nobody's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("This link is not valid any more. Ask for a new one.")]
pub struct MailedTokenRefused;

impl Refusal for MailedTokenRefused {
    fn code(&self) -> &'static str {
        "not-valid"
    }
}

//! Where the links in letters lead.

use chrono::TimeDelta;
use domain::mail::letter::Template;
use domain::mail::mailed_token::{IssuedMailedToken, MailedTokenPurpose};

/// The link in a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// To a page that takes the letter's token.
    WithToken { path: &'static str, purpose: MailedTokenPurpose },
    /// To the first page.
    Plain,
    /// There is none.
    None,
}

impl Link {
    /// The link in letters of this template.
    pub(crate) const fn of(template: Template) -> Self {
        match template {
            Template::VerifyAddress => {
                Self::WithToken { path: "/mail/verify", purpose: MailedTokenPurpose::VerifyAddress }
            }
            Template::ResetPassword => {
                Self::WithToken { path: "/mail/reset", purpose: MailedTokenPurpose::ResetPassword }
            }
            Template::ConfirmNewAddress => {
                Self::WithToken { path: "/mail/verify", purpose: MailedTokenPurpose::ChangeAddress }
            }
            Template::AddressChanged => {
                Self::WithToken { path: "/mail/undo", purpose: MailedTokenPurpose::UndoAddressChange }
            }
            Template::PasswordChanged | Template::NewDevice | Template::RefreshTokenReused | Template::SignUpAgain => {
                Self::Plain
            }
            Template::Test => Self::None,
        }
    }

    /// Whether it carries a token.
    pub(crate) const fn has_token(self) -> bool {
        matches!(self, Self::WithToken { .. })
    }

    /// How long its token can be used.
    pub(crate) const fn lifetime(self) -> Option<TimeDelta> {
        match self {
            Self::WithToken { purpose, .. } => Some(purpose.lifetime()),
            Self::Plain | Self::None => None,
        }
    }

    /// Its text, which begins with the public URL as it is configured, whatever a request said. `None` when
    /// there is none, or when it needs a token and gets none.
    pub(crate) fn text(self, public_url: &str, token: Option<&IssuedMailedToken>) -> Option<String> {
        match self {
            Self::WithToken { path, .. } => Some(format!("{public_url}{path}?token={}", token?.reveal())),
            Self::Plain => Some(format!("{public_url}/")),
            Self::None => None,
        }
    }
}

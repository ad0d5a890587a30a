//! A letter: what is to be told to whom, without a word of its text.

use chrono::Timelike as _;

use crate::accounts::email::EmailAddress;
use crate::accounts::locale::Locale;
use crate::ids::MailedTokenId;
use crate::origin::Origin;
use crate::ports::clock::Timestamp;

macro_rules! templates {
    ($($(#[$doc:meta])* $template:ident = $name:literal),* $(,)?) => {
        /// What a letter tells. The names are stable: queued letters carry them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Template { $($(#[$doc])* $template,)* }

        impl Template {
            /// Every template.
            pub const ALL: &'static [Self] = &[$(Self::$template,)*];

            /// The stable name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$template => $name,)* }
            }
        }
    };
}

templates! {
    /// Asks the owner of an address to confirm it. It carries a token.
    VerifyAddress = "verify-address",
    /// Lets the owner of an address choose a new password. It carries a token.
    ResetPassword = "reset-password",
    /// Tells that the password is another now.
    PasswordChanged = "password-changed",
    /// Asks the owner of a new address to confirm it. It carries a token.
    ConfirmNewAddress = "confirm-new-address",
    /// Tells the old address that the account has another one now. It carries a token to undo that.
    AddressChanged = "address-changed",
    /// Tells that somebody signed in on a device that was not seen before.
    NewDevice = "new-device",
    /// Tells that a session was ended because an old refresh token of it was used again.
    RefreshTokenReused = "refresh-token-reused",
    /// Tells the owner of an account that somebody tried to sign up with its address.
    SignUpAgain = "sign-up-again",
    /// Shows an operator that mail works.
    Test = "test",
}

impl Template {
    /// The template of that name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|template| template.name() == name)
    }
}

/// What is to be told to whom. It names the secret that it carries and never holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// What it tells.
    pub template: Template,
    /// Whom.
    pub to: EmailAddress,
    /// In which language; `None` for the usual one.
    pub locale: Option<Locale>,
    /// The token that it carries.
    pub token: Option<MailedTokenId>,
    /// What else its text names, such as a time or a device; never a secret.
    pub facts: Vec<(String, String)>,
}

impl Letter {
    /// A letter without a token.
    #[must_use]
    pub const fn new(template: Template, to: EmailAddress, locale: Option<Locale>) -> Self {
        Self { template, to, locale, token: None, facts: Vec::new() }
    }

    /// The same, with a token in it.
    #[must_use]
    pub fn with_token(self, token: MailedTokenId) -> Self {
        Self { token: Some(token), ..self }
    }

    /// The same, naming when, on what and from where it happened that it tells of.
    #[must_use]
    pub fn with_origin(self, origin: &Origin, at: Timestamp) -> Self {
        let when = format!("{} {:02}:{:02} UTC", at.date_naive(), at.hour(), at.minute());
        let letter = self.with("when", when);
        let letter = origin.device.iter().fold(letter, |letter, device| letter.with("device", device));
        origin.network().iter().fold(letter, |letter, network| letter.with("network", network))
    }

    /// The same, naming something more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.facts.push((name.into(), value.to_string()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_template_is_found_by_its_name() {
        for template in Template::ALL {
            assert_eq!(Template::of_name(template.name()), Some(*template));
        }
        assert_eq!(Template::of_name("spam"), None);
    }
}

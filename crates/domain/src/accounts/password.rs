//! Passwords, after RFC 8265 (`OpaqueString`) and NIST SP 800-63B-4.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::accounts::email::EmailAddress;
use crate::accounts::opaque_string::{check, normalise};
use crate::accounts::ports::CommonPasswords;
use crate::form::Refusal;

/// The most bytes of a password as it is typed: room for every spelling of the longest one.
pub const MAX_TYPED_BYTES: usize = 2048;
/// The most bytes of a password, once it is normalised.
pub const MAX_BYTES: usize = 512;
/// The most code points of a new password, once it is normalised.
pub const MAX_CODE_POINTS: usize = 128;

/// A password somebody typed. It hides itself in `Debug` and is wiped when it is dropped.
#[derive(Clone)]
pub struct Password {
    typed: Zeroizing<String>,
    normalised: Zeroizing<String>,
}

impl Password {
    /// A password to compare with a hash: no rule but its length holds for it. It is normalised as a
    /// new one is.
    ///
    /// # Errors
    /// When it is empty or longer than any password.
    pub fn typed(text: &str) -> Result<Self, PasswordError> {
        if text.is_empty() {
            return Err(PasswordError::Empty);
        }
        // First as it came, so that nothing endless is normalised.
        if text.len() > MAX_TYPED_BYTES {
            return Err(PasswordError::TooLong);
        }
        let normalised = normalise(text);
        if normalised.len() > MAX_BYTES {
            return Err(PasswordError::TooLong);
        }
        Ok(Self { typed: Zeroizing::new(text.into()), normalised })
    }

    /// The bytes to hash: normalised, so that every keyboard gives the same.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.normalised.as_bytes()
    }

    /// The bytes as typed: what an imported hash may have been made of.
    #[must_use]
    pub fn bytes_as_typed(&self) -> &[u8] {
        self.typed.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// Whose rule says how long a new password must be at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordProfile {
    /// Long enough for most installations.
    Standard,
    /// NIST SP 800-63B-4 for a password that is the only factor.
    Nist80063B4,
}

impl PasswordProfile {
    /// The least code points of a new password. An installation may ask for more, not for less.
    #[must_use]
    pub const fn minimum(self) -> usize {
        match self {
            Self::Standard => 8,
            Self::Nist80063B4 => 15,
        }
    }
}

/// What a new password must be.
#[derive(Clone)]
pub struct PasswordPolicy {
    minimum: usize,
    common: Arc<dyn CommonPasswords>,
}

impl PasswordPolicy {
    /// A policy that asks for at least `minimum` code points.
    #[must_use]
    pub fn new(minimum: usize, common: Arc<dyn CommonPasswords>) -> Self {
        Self { minimum, common }
    }

    /// The least code points of a new password.
    #[must_use]
    pub const fn minimum(&self) -> usize {
        self.minimum
    }

    /// A new password for the owner of `email`, as far as that is known.
    ///
    /// # Errors
    /// When it is too short or too long, holds characters that the profile `OpaqueString` of RFC 8265
    /// refuses, is one of the commonest, or is the address, its local part, its domain or the domain's
    /// first label.
    pub fn accept(&self, text: &str, email: Option<&EmailAddress>) -> Result<Password, PasswordError> {
        if text.is_empty() {
            return Err(PasswordError::TooShort { minimum: self.minimum });
        }
        let password = Password::typed(text)?;
        let normalised = password.normalised.as_str();
        check(normalised)?;
        let code_points = normalised.chars().count();
        if code_points < self.minimum {
            return Err(PasswordError::TooShort { minimum: self.minimum });
        }
        if code_points > MAX_CODE_POINTS {
            return Err(PasswordError::TooLong);
        }
        let folded = Zeroizing::new(fold(normalised));
        if email.is_some_and(|email| tells_of(&folded, email)) {
            return Err(PasswordError::LikeAddress);
        }
        if self.common.contains(&folded) {
            return Err(PasswordError::Common);
        }
        Ok(password)
    }
}

impl fmt::Debug for PasswordPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordPolicy").field("minimum", &self.minimum).finish_non_exhaustive()
    }
}

/// Why a password is not accepted. None of the sentences repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PasswordError {
    /// There is none.
    #[error("A password is needed.")]
    Empty,
    /// It has fewer code points than the policy asks for.
    #[error("A password has at least {minimum} characters.")]
    TooShort {
        /// The least code points.
        minimum: usize,
    },
    /// It is longer than 128 code points or 512 bytes.
    #[error("A password has at most 128 characters.")]
    TooLong,
    /// It holds control characters.
    #[error("A password has no control characters.")]
    ControlCharacter,
    /// It holds other characters that the profile `OpaqueString` of RFC 8265 refuses.
    #[error("This password has a character that cannot be used, such as an invisible one.")]
    Unsuitable,
    /// It is one of the commonest.
    #[error("This password is one of the commonest: anyone would try it first.")]
    Common,
    /// It is the address or a part of it.
    #[error("A password is not the e-mail address or a part of it.")]
    LikeAddress,
}

impl Refusal for PasswordError {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "required",
            Self::TooShort { .. } => "too-short",
            Self::TooLong => "too-long",
            Self::ControlCharacter => "control-character",
            Self::Unsuitable => "unsuitable-character",
            Self::Common => "common-password",
            Self::LikeAddress => "like-address",
        }
    }
}

/// Case folding, near enough for comparing: upper case first, so that `ß` meets `SS`. It works on
/// decomposed letters, and what it gives is NFC, so that no spelling hides a letter.
fn fold(text: &str) -> String {
    text.nfd().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfc().collect()
}

/// Whether a folded password is the address, its local part, its domain or the domain's first label,
/// with the domain as it was typed, in A-labels or in Unicode, and with a dot behind it or without.
fn tells_of(folded: &str, email: &EmailAddress) -> bool {
    let without_dot = |text: &str| text.strip_suffix('.').unwrap_or(text).to_owned();
    let (local, typed) = email.as_str().rsplit_once('@').unwrap_or_default();
    let local = fold(local);
    let domain = email.domain();
    let domains = [typed, domain.as_str(), &domain.to_unicode()].map(|domain| without_dot(&fold(domain)));
    let folded_bare = Zeroizing::new(without_dot(folded));
    let of_domain = |text: &str| domains.iter().any(|domain| text == domain);
    folded == local
        || of_domain(&folded_bare)
        || domains.iter().any(|domain| domain.split('.').next() == Some(&folded_bare))
        || folded_bare.rsplit_once('@').is_some_and(|(before, after)| before == local && of_domain(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Common;

    impl CommonPasswords for Common {
        fn contains(&self, folded: &str) -> bool {
            folded == "password1"
        }
    }

    fn policy(minimum: usize) -> PasswordPolicy {
        PasswordPolicy::new(minimum, Arc::new(Common))
    }

    fn refusal(text: &str) -> Option<PasswordError> {
        let email = EmailAddress::parse("Ada.Lovelace@B\u{fc}cherei.example").expect("good");
        policy(8).accept(text, Some(&email)).err()
    }

    #[test]
    fn good_passwords_are_accepted() {
        for text in [
            "correct horse",
            "12345677",
            "p\u{e4}ssw\u{f6}rter",
            "\u{1f40e}\u{1f50b}\u{1f4ce}\u{2705}abcd",
            &"x".repeat(128),
        ] {
            assert_eq!(refusal(text), None, "{text}");
        }
    }

    #[test]
    fn bad_passwords_are_named() {
        use PasswordError::{Common, ControlCharacter, LikeAddress, TooLong, Unsuitable};
        let too_short = PasswordError::TooShort { minimum: 8 };
        for (text, error) in [
            ("", too_short),
            ("1234567", too_short),
            // Seven code points once it is normalised.
            ("ae\u{308}bcdef", too_short),
            (&"x".repeat(129), TooLong),
            (&"\u{1f40e}".repeat(129), TooLong),
            (&"\u{d55c}".repeat(129), TooLong),
            (&"x".repeat(2049), TooLong),
            ("tab\tulator", ControlCharacter),
            ("null\u{0}null", ControlCharacter),
            ("heart\u{2764}\u{fe0f}heart", Unsuitable),
            ("PassWord1", Common),
            ("ada.lovelace", LikeAddress),
            ("ADA.LOVELACE", LikeAddress),
            ("ada.lovelace@b\u{fc}cherei.example", LikeAddress),
            ("ada.lovelace@xn--bcherei-n2a.example", LikeAddress),
            ("b\u{fc}cherei.example", LikeAddress),
            ("b\u{fc}cherei", LikeAddress),
            ("xn--bcherei-n2a", LikeAddress),
        ] {
            assert_eq!(refusal(text), Some(error), "{text}");
        }
    }

    #[test]
    fn no_spelling_of_the_address_or_its_parts_is_a_password() {
        for (email, text) in [
            ("x@xn--bcher-kva.example", "b\u{fc}cher.example"),
            ("x@xn--bcher-kva.example", "BU\u{308}CHER.example."),
            ("x@xn--bcherei-n2a.example", "b\u{fc}cherei"),
            ("x@xn--bcher-kva.example", "X@b\u{fc}cher.example"),
            ("x@b\u{fc}cher.example", "x@xn--bcher-kva.EXAMPLE."),
            ("sta\u{308}\u{df}enname@example.org", "st\u{e4}\u{df}enname"),
            ("st\u{e4}\u{df}enname@example.org", "STA\u{308}SSENNAME"),
            ("x9@longdomain9.example", "longdomain9.example."),
            ("x9@longdomain9.example.", "longdomain9.example"),
            ("x9@longdomain9.example", "X9@LongDomain9.Example."),
            (
                "\u{3bf}\u{3b4}\u{3cc}\u{3c3}\u{3b4}\u{3cc}\u{3c2}x@example.org",
                "\u{39f}\u{394}\u{39f}\u{301}\u{3a3}\u{394}\u{39f}\u{301}\u{3a3}X",
            ),
        ] {
            let email = EmailAddress::parse(email).expect("an address");
            let refused = policy(8).accept(text, Some(&email)).err();
            assert_eq!(refused, Some(PasswordError::LikeAddress), "{text} of {email}");
        }
    }

    #[test]
    fn what_only_holds_a_part_of_the_address_is_a_password() {
        let email = EmailAddress::parse("ada.lovelace@b\u{fc}cherei.example").expect("an address");
        for text in ["ada.lovelace1", "eve@b\u{fc}cherei.example", "ada.lovelace@", "b\u{fc}cherei.examples"] {
            assert!(policy(8).accept(text, Some(&email)).is_ok(), "{text}");
        }
    }

    #[test]
    fn the_minimum_is_configurable_and_counts_code_points() {
        assert!(policy(15).accept("fourteen chars", None).is_err());
        assert!(policy(15).accept("fifteen chars !", None).is_ok());
    }

    #[test]
    fn the_profiles_ask_for_8_and_15_code_points() {
        assert_eq!(PasswordProfile::Standard.minimum(), 8);
        assert_eq!(PasswordProfile::Nist80063B4.minimum(), 15);
    }

    #[test]
    fn spellings_of_one_password_hash_alike_and_typed_bytes_stay() {
        let composed = Password::typed("p\u{e4}ssword\u{a0}x").expect("good");
        let decomposed = Password::typed("pa\u{308}ssword x").expect("good");
        assert_eq!(composed.as_bytes(), decomposed.as_bytes());
        assert_eq!(decomposed.bytes_as_typed(), "pa\u{308}ssword x".as_bytes());
    }

    #[test]
    fn a_typed_password_has_only_a_length() {
        assert_eq!(Password::typed("").err(), Some(PasswordError::Empty));
        assert_eq!(Password::typed(&"x".repeat(513)).err(), Some(PasswordError::TooLong));
        assert_eq!(Password::typed(&"a\u{308}".repeat(683)).err(), Some(PasswordError::TooLong));
        assert_eq!(Password::typed("a\u{7}").map(|p| p.as_bytes().to_vec()).ok(), Some(b"a\x07".to_vec()));
    }

    #[test]
    fn the_longest_password_is_not_too_long_in_another_spelling() {
        // Nine bytes each as typed, three once they are composed.
        let (composed, decomposed) = ("\u{d55c}".repeat(128), "\u{1112}\u{1161}\u{11ab}".repeat(128));
        let accepted = policy(8).accept(&decomposed, None).expect("128 syllables");
        assert_eq!(accepted.as_bytes(), composed.as_bytes());
        assert_eq!(Password::typed(&decomposed).expect("a login").as_bytes(), composed.as_bytes());
    }

    #[test]
    fn emoji_of_any_year_make_a_password() {
        let emoji = "\u{1f525}\u{1f41d}\u{1f332}\u{1f3ba}\u{1f9ca}\u{1fa81}\u{1f3b2}\u{1f9f5}";
        let accepted = policy(8).accept(emoji, None).expect("eight characters");
        assert_eq!(accepted.as_bytes(), emoji.as_bytes());
    }

    #[test]
    fn a_login_normalises_as_a_sign_up_does_also_what_no_sign_up_takes() {
        let new = policy(8).accept("\u{1f9ca}pa\u{308}ss\u{a0}word", None).expect("good");
        let login = Password::typed("\u{1f9ca}p\u{e4}ss word").expect("good");
        assert_eq!(new.as_bytes(), login.as_bytes());
        let refused = Password::typed("\u{7}a\u{308}").expect("typed");
        assert_eq!(refused.as_bytes(), "\u{7}\u{e4}".as_bytes());
    }

    #[test]
    fn a_password_hides_itself() {
        assert_eq!(format!("{:?}", Password::typed("correct horse")), "Ok(Password(..))");
    }
}

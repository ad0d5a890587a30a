//! E-mail addresses, after RFC 5321 and RFC 6531, without their oddities.

use std::cmp::Ordering;
use std::fmt;

use thiserror::Error;
use unicode_normalization::UnicodeNormalization as _;

use crate::domains::name::DomainName;
use crate::form::Refusal;

/// The most octets an address may have, as it is typed and in its canonical form (RFC 5321).
pub const MAX_OCTETS: usize = 254;
const MAX_LOCAL_OCTETS: usize = 64;

/// An e-mail address: as its owner typed it, and in the form by which it is unique.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailAddress {
    typed: String,
    key: EmailKey,
    domain: DomainName,
}

impl EmailAddress {
    /// Reads an address.
    ///
    /// # Errors
    /// When it is no address, too long, or of a kind that is not accepted: quoted local parts, IP
    /// literals, control and invisible characters.
    pub fn parse(typed: &str) -> Result<Self, EmailError> {
        if typed.len() > MAX_OCTETS {
            return Err(EmailError::TooLong);
        }
        if typed.contains(is_unseen) {
            return Err(EmailError::ControlCharacter);
        }
        let (local, domain) = typed.rsplit_once('@').ok_or(EmailError::NotAnAddress)?;
        let domain = DomainName::parse(domain).map_err(|_| EmailError::NotAnAddress)?;
        check_local(local)?;
        let folded = fold(local);
        // NFC makes a semicolon of a Greek question mark, and lower case more octets of some letters: a key is an
        // address, too.
        check_local(&folded)?;
        let key = EmailKey(format!("{folded}@{domain}"));
        if key.0.len() > MAX_OCTETS {
            return Err(EmailError::TooLong);
        }
        Ok(Self { typed: typed.into(), key, domain })
    }

    /// The address as it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// The canonical form, by which an address is unique.
    #[must_use]
    pub const fn key(&self) -> &EmailKey {
        &self.key
    }

    /// The domain, in its canonical form.
    #[must_use]
    pub const fn domain(&self) -> &DomainName {
        &self.domain
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.typed)
    }
}

/// The canonical form of an address: NFC, lower case, A-labels, no trailing dot.
///
/// Addresses with equal keys are one address. Dots and plus signs are kept: only a mailbox's own
/// server knows what they mean.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmailKey(String);

impl EmailKey {
    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the last `@`.
    #[must_use]
    pub fn local(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(local, _)| local)
    }
}

/// Why a text is no acceptable e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EmailError {
    /// It has not the shape of an address.
    #[error("This is not an e-mail address.")]
    NotAnAddress,
    /// It has more octets than mail allows.
    #[error("An e-mail address has at most 254 octets, 64 of them before the @.")]
    TooLong,
    /// It has characters that nobody can see.
    #[error("An e-mail address has no control or invisible characters.")]
    ControlCharacter,
    /// Its local part stands in quotation marks.
    #[error("An e-mail address with a quoted part is not accepted.")]
    Quoted,
}

impl Refusal for EmailError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotAnAddress => "not-an-address",
            Self::TooLong => "too-long",
            Self::ControlCharacter => "control-character",
            Self::Quoted => "quoted-address",
        }
    }
}

fn check_local(local: &str) -> Result<(), EmailError> {
    if local.starts_with('"') {
        return Err(EmailError::Quoted);
    }
    if local.len() > MAX_LOCAL_OCTETS {
        return Err(EmailError::TooLong);
    }
    let atoms_hold = local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom_text));
    if atoms_hold { Ok(()) } else { Err(EmailError::NotAnAddress) }
}

/// `atext` of RFC 5322, widened by RFC 6531 to every visible character beyond ASCII.
fn is_atom_text(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) } else { !c.is_whitespace() }
}

/// Control characters, and those that change a text without being seen.
fn is_unseen(c: char) -> bool {
    let is_ignorable = DEFAULT_IGNORABLE.binary_search_by(|(first, last)| {
        if *last < c {
            Ordering::Less
        } else if *first > c {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    });
    // The separators of lines and paragraphs and the marks of annotations are not ignorable, but unseen.
    c.is_control() || is_ignorable.is_ok() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}')
}

/// The Unicode property `Default_Ignorable_Code_Point` (UAX #44), in order: what a font shows nothing
/// for. Most of what will ever have the property has it already, unassigned code points included.
const DEFAULT_IGNORABLE: [(char, char); 17] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fff8}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// Lower case without regard to a letter's place in the word, so that a final sigma is a sigma.
fn fold(local: &str) -> String {
    let lower = local.nfc().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c });
    lower.collect::<String>().nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_in_many_spellings_has_one_key() {
        for (one, other) in [
            ("ada@example.org", "ADA@Example.ORG"),
            ("ada@example.org", "ada@example.org."),
            ("jos\u{e9}@example.org", "JOSE\u{301}@example.org"),
            ("ada@b\u{fc}cher.example", "ada@xn--bcher-kva.example"),
            ("ada@b\u{fc}cher.example", "ada@BU\u{308}CHER.example"),
            ("ΟΔΟΣ@example.org", "οδος@example.org"),
            ("ada@example.org", "ada@example\u{3002}org"),
        ] {
            let (one, other) = (EmailAddress::parse(one), EmailAddress::parse(other));
            assert_eq!(one.expect("good").key(), other.expect("good").key());
        }
    }

    #[test]
    fn different_addresses_keep_different_keys() {
        for (one, other) in [
            ("a.da@example.org", "ada@example.org"),
            ("ada+news@example.org", "ada@example.org"),
            ("\u{430}da@example.org", "ada@example.org"),
            ("ada@example.org", "ada@mail.example.org"),
        ] {
            let (one, other) = (EmailAddress::parse(one), EmailAddress::parse(other));
            assert_ne!(one.expect("good").key(), other.expect("good").key());
        }
    }

    #[test]
    fn what_was_typed_is_kept_and_the_key_is_stable() {
        let email = EmailAddress::parse("Ada.Lovelace@B\u{fc}cher.Example").expect("good");
        assert_eq!(email.as_str(), "Ada.Lovelace@B\u{fc}cher.Example");
        assert_eq!(email.key().as_str(), "ada.lovelace@xn--bcher-kva.example");
        assert_eq!(email.key().local(), "ada.lovelace");
        let again = EmailAddress::parse(email.key().as_str()).expect("a key is an address");
        assert_eq!(again.key(), email.key());
    }

    #[test]
    fn bad_addresses_are_named() {
        use EmailError::{ControlCharacter, NotAnAddress, Quoted, TooLong};
        let long_local = format!("{}@example.org", "a".repeat(65));
        let long_when_folded = format!("{}@example.org", "\u{130}".repeat(32));
        let long = format!("a@{}.example", "b".repeat(250));
        for (text, error) in [
            ("", NotAnAddress),
            ("ada", NotAnAddress),
            ("@example.org", NotAnAddress),
            ("ada@", NotAnAddress),
            ("ada@example", NotAnAddress),
            ("ada@@example.org", NotAnAddress),
            ("a da@example.org", NotAnAddress),
            (" ada@example.org", NotAnAddress),
            ("ada@example.org ", NotAnAddress),
            (".ada@example.org", NotAnAddress),
            ("a..da@example.org", NotAnAddress),
            ("ada.@example.org", NotAnAddress),
            ("ada@-example.org", NotAnAddress),
            ("ada@exam ple.org", NotAnAddress),
            ("ada@[127.0.0.1]", NotAnAddress),
            ("ada@127.0.0.1", NotAnAddress),
            ("<ada@example.org>", NotAnAddress),
            ("\"ada\"@example.org", Quoted),
            ("ada\r\n@example.org", ControlCharacter),
            ("ada\u{0}@example.org", ControlCharacter),
            ("ad\u{200b}a@example.org", ControlCharacter),
            ("ad\u{202e}a@example.org", ControlCharacter),
            ("ada\u{37e}@example.org", NotAnAddress),
            (&long_local, TooLong),
            (&long_when_folded, TooLong),
            (&long, TooLong),
        ] {
            assert_eq!(EmailAddress::parse(text), Err(error), "{text:?}");
        }
    }
    #[test]
    fn no_invisible_character_makes_a_second_address_of_one() {
        for unseen in [
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{115f}',
            '\u{1160}',
            '\u{17b4}',
            '\u{17b5}',
            '\u{180b}',
            '\u{180e}',
            '\u{180f}',
            '\u{200b}',
            '\u{200c}',
            '\u{200d}',
            '\u{200f}',
            '\u{2028}',
            '\u{2029}',
            '\u{202a}',
            '\u{202e}',
            '\u{2060}',
            '\u{2065}',
            '\u{206f}',
            '\u{3164}',
            '\u{fe00}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fff0}',
            '\u{fff8}',
            '\u{fff9}',
            '\u{fffb}',
            '\u{1bca0}',
            '\u{1bca3}',
            '\u{1d173}',
            '\u{1d17a}',
            '\u{e0000}',
            '\u{e0001}',
            '\u{e007f}',
            '\u{e0100}',
            '\u{e01ef}',
            '\u{e0fff}',
        ] {
            for text in [format!("ad{unseen}a@example.org"), format!("ada@exam{unseen}ple.org")] {
                assert_eq!(EmailAddress::parse(&text), Err(EmailError::ControlCharacter), "{text:?}");
            }
        }
    }

    #[test]
    fn the_neighbours_of_invisible_characters_are_seen() {
        for seen in [
            '\u{ac}',
            '\u{ae}',
            '\u{34e}',
            '\u{350}',
            '\u{61b}',
            '\u{115e}',
            '\u{1161}',
            '\u{17b3}',
            '\u{17b6}',
            '\u{180a}',
            '\u{1810}',
            '\u{2010}',
            '\u{2030}',
            '\u{2070}',
            '\u{3163}',
            '\u{3165}',
            '\u{fe10}',
            '\u{ff9f}',
            '\u{ffa1}',
            '\u{fffc}',
            '\u{1d172}',
            '\u{1d17b}',
        ] {
            assert!(!is_unseen(seen), "{seen:?}");
        }
    }
}

//! Names of domains in one canonical form.

use std::fmt;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use thiserror::Error;

use crate::form::Refusal;

/// The most bytes of a spelling that is looked at: four for each of the 253 octets that a name has at most (RFC 1035,
/// section 2.3.4). To decode a long label takes the square of its length.
const MAX_BYTES: usize = 4 * 253;

/// A domain name: lower case, IDNA A-labels (UTS #46, non-transitional), no trailing dot.
///
/// It has at least two labels and is no IP address. No suffix needs to be known: `.example` is fine.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DomainName(String);

impl DomainName {
    /// Reads a domain in any spelling: letter case, Unicode or A-labels, with or without a last dot.
    ///
    /// # Errors
    /// When it is no domain name.
    pub fn parse(text: &str) -> Result<Self, DomainNameError> {
        if text.len() > MAX_BYTES {
            return Err(DomainNameError::NotADomain);
        }
        let ascii = Uts46::new()
            .to_ascii(text.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::VerifyAllowRootDot)
            .map_err(|_| DomainNameError::NotADomain)?;
        let name = ascii.strip_suffix('.').unwrap_or(&ascii);
        let last = name.rsplit_once('.').map(|(_, last)| last).ok_or(DomainNameError::NotADomain)?;
        if last.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(DomainNameError::NotADomain);
        }
        Ok(Self(name.into()))
    }

    /// The canonical form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same name with its labels in Unicode where they have it (U-labels). A name whose Unicode would be read as
    /// another one, or as none, stays as it is: an A-label can spell what begins with `xn--` once more.
    #[must_use]
    pub fn to_unicode(&self) -> String {
        let (unicode, _) = idna::domain_to_unicode(&self.0);
        if Self::parse(&unicode).as_ref() == Ok(self) { unicode } else { self.0.clone() }
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no domain name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DomainNameError {
    /// It is none.
    #[error("This is not a domain name, such as example.org.")]
    NotADomain,
}

impl Refusal for DomainNameError {
    fn code(&self) -> &'static str {
        "not-a-domain"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Its label spells one that begins with `xn--` as well.
    const LABEL_OF_A_LABEL: &str = "xn--xn--rccccccccccecccccccccccccccccccccccccc--n-jchche.example";

    #[test]
    fn every_spelling_has_one_canonical_form() {
        for (text, canonical) in [
            ("gmail.com", "gmail.com"),
            ("GMail.COM", "gmail.com"),
            ("gmail.com.", "gmail.com"),
            ("b\u{fc}cher.example", "xn--bcher-kva.example"),
            ("BU\u{308}CHER.example", "xn--bcher-kva.example"),
            ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
            ("\u{ff47}mail\u{ff0e}com", "gmail.com"),
            ("a.museum", "a.museum"),
            ("1.2.3.example", "1.2.3.example"),
            ("a\u{ad}.example", "a.example"),
        ] {
            assert_eq!(DomainName::parse(text).map(|name| name.0), Ok(canonical.into()), "{text}");
        }
    }

    #[test]
    fn a_name_shows_itself_in_unicode() {
        for (text, unicode) in [
            ("xn--bcher-kva.example", "b\u{fc}cher.example"),
            ("Stra\u{df}e.example.", "stra\u{df}e.example"),
            ("gmail.com", "gmail.com"),
            (LABEL_OF_A_LABEL, LABEL_OF_A_LABEL),
        ] {
            assert_eq!(DomainName::parse(text).expect("a domain").to_unicode(), unicode);
        }
    }

    #[test]
    fn what_is_no_domain_is_refused() {
        let long_label = format!("{}.example", "a".repeat(64));
        let long = format!("{}example", "abcdefgh.".repeat(30));
        // Nothing would be left of a soft hyphen.
        let long_spelling = format!("{}a.example", "\u{ad}".repeat(MAX_BYTES / 2));
        for text in [
            "",
            ".",
            "com",
            "localhost",
            "a..b",
            ".a.b",
            "a.b..",
            "-a.b",
            "a-.b",
            "a b.c",
            "a_b.c",
            "a/b.c",
            "a@b.c",
            "127.0.0.1",
            "1.2",
            "[::1]",
            "xn--a.example",
            "a\u{0}.b",
            "*.example.org",
            &long_label,
            &long,
            &long_spelling,
        ] {
            assert_eq!(DomainName::parse(text), Err(DomainNameError::NotADomain), "{text}");
        }
    }
}

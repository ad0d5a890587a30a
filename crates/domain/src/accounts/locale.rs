//! Language tags.

use std::fmt;
use std::ops::RangeInclusive;

use thiserror::Error;

use crate::form::Refusal;

/// The longest tag that is kept: as long as RFC 5646 asks everybody to hold, section 4.4.1.
const MAX_LENGTH: usize = 35;
/// However many subtags there may be of a kind that RFC 5646 does not count.
const ANY: usize = MAX_LENGTH;

/// The language that somebody reads, as a tag of RFC 5646 such as `es-MX`, in its recommended case.
///
/// It may be a language that no text is there in. The 17 irregular tags of before 2005, such as `i-klingon`, are none
/// here: they are all deprecated, and no library reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locale(String);

impl Locale {
    /// Reads a tag in any case.
    ///
    /// # Errors
    /// When it is too long or not well-formed.
    pub fn parse(text: &str) -> Result<Self, LocaleError> {
        if text.len() > MAX_LENGTH {
            return Err(LocaleError::TooLong);
        }
        if is_well_formed(text) { Ok(Self(in_usual_case(text))) } else { Err(LocaleError::NotALanguageTag) }
    }

    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language alone, without script, region and what else follows.
    #[must_use]
    pub fn language(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no language tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LocaleError {
    /// It is longer than any tag in use.
    #[error("A language tag has at most 35 characters.")]
    TooLong,
    /// It is not well-formed.
    #[error("A language tag is such as es or pt-BR.")]
    NotALanguageTag,
}

impl Refusal for LocaleError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "too-long",
            Self::NotALanguageTag => "not-a-language-tag",
        }
    }
}

/// Whether a text is a `langtag` or a `privateuse` of RFC 5646, section 2.1.
fn is_well_formed(text: &str) -> bool {
    let subtags = text.split('-').collect::<Vec<_>>();
    let mut rest = &*subtags;
    if !is_private_use(rest[0]) {
        if pass(&mut rest, 1, |subtag| is_alpha(subtag, 2..=8)) == 0 {
            return false;
        }
        if subtags[0].len() <= 3 {
            pass(&mut rest, 3, |extended| is_alpha(extended, 3..=3));
        }
        pass(&mut rest, 1, |script| is_alpha(script, 4..=4));
        pass(&mut rest, 1, |region| is_alpha(region, 2..=2) || is_digits(region));
        pass(&mut rest, ANY, is_variant);
        while pass(&mut rest, 1, |singleton| is_alphanumeric(singleton, 1..=1) && !is_private_use(singleton)) == 1 {
            if pass(&mut rest, ANY, |subtag| is_alphanumeric(subtag, 2..=8)) == 0 {
                return false;
            }
        }
    }
    if pass(&mut rest, 1, is_private_use) == 1 && pass(&mut rest, ANY, |subtag| is_alphanumeric(subtag, 1..=8)) == 0 {
        return false;
    }
    rest.is_empty()
}

/// Passes over the first subtags that fit, at most so many; tells over how many.
fn pass(rest: &mut &[&str], most: usize, fits: impl Fn(&str) -> bool) -> usize {
    let passed = rest.iter().take(most).take_while(|subtag| fits(subtag)).count();
    *rest = &rest[passed..];
    passed
}

fn is_private_use(subtag: &str) -> bool {
    subtag.eq_ignore_ascii_case("x")
}

fn is_variant(subtag: &str) -> bool {
    is_alphanumeric(subtag, 5..=8) || is_alphanumeric(subtag, 4..=4) && subtag.as_bytes()[0].is_ascii_digit()
}

fn is_digits(subtag: &str) -> bool {
    subtag.len() == 3 && subtag.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_alpha(subtag: &str, length: RangeInclusive<usize>) -> bool {
    length.contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn is_alphanumeric(subtag: &str, length: RangeInclusive<usize>) -> bool {
    length.contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The case that RFC 5646 recommends, section 2.1.1: regions upper, scripts capitalised, everything else lower; and
/// after a subtag of one character, everything lower.
fn in_usual_case(tag: &str) -> String {
    let lower = tag.to_ascii_lowercase();
    let mut is_after_singleton = false;
    let subtags = lower.split('-').enumerate().map(|(index, subtag)| {
        is_after_singleton |= subtag.len() == 1;
        match subtag.len() {
            2 if index > 0 && !is_after_singleton => subtag.to_ascii_uppercase(),
            4 if index > 0 && !is_after_singleton => format!("{}{}", subtag[..1].to_ascii_uppercase(), &subtag[1..]),
            _ => subtag.to_owned(),
        }
    });
    subtags.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_kept_in_its_recommended_case() {
        for (text, tag, language) in [
            ("es", "es", "es"),
            ("ES-mx", "es-MX", "es"),
            ("es-419", "es-419", "es"),
            ("haw", "haw", "haw"),
            ("zh-hANT-tw", "zh-Hant-TW", "zh"),
            ("ZH-CMN-hans-cn", "zh-cmn-Hans-CN", "zh"),
            ("zh-yue", "zh-yue", "zh"),
            ("sl-ROZAJ-biske-1994", "sl-rozaj-biske-1994", "sl"),
            ("de-ch-1996", "de-CH-1996", "de"),
            ("hy-latn-it-arevela", "hy-Latn-IT-arevela", "hy"),
            ("en-us-U-ISLAMCAL", "en-US-u-islamcal", "en"),
            ("de-a-Value-DE-b-Latn", "de-a-value-de-b-latn", "de"),
            ("en-ca-X-CA-Latn-1", "en-CA-x-ca-latn-1", "en"),
            ("X-Whatever", "x-whatever", "x"),
            ("qaaa", "qaaa", "qaaa"),
            ("abcdefgh", "abcdefgh", "abcdefgh"),
            ("art-lojban", "art-lojban", "art"),
            ("aa-bbb-ccc-ddd-latn-fr-1abc-2def345", "aa-bbb-ccc-ddd-Latn-FR-1abc-2def345", "aa"),
        ] {
            let parsed = Locale::parse(text).expect(text);
            assert_eq!((parsed.as_str(), parsed.language()), (tag, language), "{text}");
            assert_eq!(Locale::parse(parsed.as_str()), Ok(parsed), "it is read back");
        }
    }

    #[test]
    fn what_is_no_tag_is_named() {
        use LocaleError::{NotALanguageTag, TooLong};
        for (text, error) in [
            ("", NotALanguageTag),
            ("*", NotALanguageTag),
            ("e", NotALanguageTag),
            ("abcdefghi", NotALanguageTag),
            ("e5", NotALanguageTag),
            ("es_MX", NotALanguageTag),
            ("es ", NotALanguageTag),
            ("es-", NotALanguageTag),
            ("-es", NotALanguageTag),
            ("es--MX", NotALanguageTag),
            ("es-M", NotALanguageTag),
            ("es-41", NotALanguageTag),
            ("es-MX-Latn", NotALanguageTag),
            ("sgn-BE-FR", NotALanguageTag),
            ("abcd-efg-ab", NotALanguageTag),
            ("aa-bbb-ccc-ddd-eee", NotALanguageTag),
            ("de-abc1", NotALanguageTag),
            ("de-u", NotALanguageTag),
            ("de-u-1", NotALanguageTag),
            ("de-u-x-a", NotALanguageTag),
            ("de-x", NotALanguageTag),
            ("x", NotALanguageTag),
            ("x-abcdefghi", NotALanguageTag),
            ("i-klingon", NotALanguageTag),
            ("\u{435}s", NotALanguageTag),
            ("es-M\u{c9}", NotALanguageTag),
            ("es\r\nX: y", NotALanguageTag),
            ("en-x-aaaaaaaa-bbbbbbbb-cccccccc-dddd", TooLong),
        ] {
            assert_eq!(Locale::parse(text), Err(error), "{text:?}");
        }
    }
}

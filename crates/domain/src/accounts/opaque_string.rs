//! The profile `OpaqueString` of RFC 8265, for the Unicode of today and of tomorrow.

use precis_profiles::precis_core::{DerivedPropertyValue, FreeformClass, StringClass as _};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::accounts::password::PasswordError;

/// One form for all spellings: every space is the space of ASCII, and the rest is NFC.
pub(crate) fn normalise(text: &str) -> Zeroizing<String> {
    // A string that grows leaves pieces of the password behind; NFC has at most three bytes for one.
    let mut normalised = Zeroizing::new(String::with_capacity(3 * text.len()));
    normalised.extend(text.chars().map(|c| if is_space(c) { ' ' } else { c }).nfc());
    normalised
}

/// Whether a normalised text is of the `FreeformClass` of RFC 8264, but for code points that are newer
/// than the tables: a keyboard that has an emoji of this year may use it.
///
/// # Errors
/// When there are control characters, or others that the class refuses.
pub(crate) fn check(normalised: &str) -> Result<(), PasswordError> {
    if normalised.contains(char::is_control) {
        return Err(PasswordError::ControlCharacter);
    }
    let class = FreeformClass::default();
    let mut known = Zeroizing::new(String::with_capacity(normalised.len()));
    known.extend(normalised.chars().map(|c| match class.get_value_from_char(c) {
        DerivedPropertyValue::Unassigned => '_',
        _ => c,
    }));
    class.allows(known.as_str()).map_err(|_| PasswordError::Unsuitable)
}

/// The general category `Zs`: white space that neither controls nor separates lines and paragraphs.
fn is_space(c: char) -> bool {
    c.is_whitespace() && !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_becomes_one() {
        for (text, normalised) in [
            ("p\u{e4}ss word", "p\u{e4}ss word"),
            ("pa\u{308}ss\u{a0}word", "p\u{e4}ss word"),
            ("a\u{1680}b\u{2003}c\u{202f}d\u{205f}e\u{3000}f", "a b c d e f"),
            ("\u{1112}\u{1161}\u{11ab}", "\u{d55c}"),
            ("\u{fb2c}", "\u{5e9}\u{5bc}\u{5c1}"),
            // Neither case, nor width, nor compatibility is touched.
            ("\u{ff21}\u{fb01}A", "\u{ff21}\u{fb01}A"),
            ("tab\tline\u{2028}", "tab\tline\u{2028}"),
            ("", ""),
        ] {
            assert_eq!(*normalise(text), normalised, "{text:?}");
        }
    }

    #[test]
    fn no_space_is_forgotten() {
        let spaces: String = ('\0'..=char::MAX).filter(|c| is_space(*c)).collect();
        assert_eq!(
            spaces,
            " \u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\u{2008}\u{2009}\u{200a}\
             \u{202f}\u{205f}\u{3000}"
        );
    }

    #[test]
    fn characters_newer_than_the_tables_are_let_through() {
        // Of Unicode 6, 11, 12 and 16; then code points that no version has assigned yet.
        for text in ["\u{1f525}", "\u{1f9ca}", "\u{1fa81}", "\u{1fae9}", "\u{378}", "\u{323af}"] {
            assert_eq!(check(text), Ok(()), "{text:?}");
        }
    }

    #[test]
    fn what_the_profile_refuses_has_its_true_reason() {
        use PasswordError::{ControlCharacter, Unsuitable};
        for (text, error) in [
            ("\t", ControlCharacter),
            ("a\u{0}", ControlCharacter),
            ("\u{7f}", ControlCharacter),
            ("\u{85}", ControlCharacter),
            ("\u{ad}", Unsuitable),
            ("\u{200d}", Unsuitable),
            ("\u{2028}", Unsuitable),
            ("\u{fe0f}", Unsuitable),
            ("\u{1100}", Unsuitable),
            ("\u{e000}", Unsuitable),
            ("\u{fffe}", Unsuitable),
            ("\u{e0001}", Unsuitable),
            // A control character is named, whatever stands beside it.
            ("\u{fe0f}\u{7}", ControlCharacter),
        ] {
            assert_eq!(check(text), Err(error), "{text:?}");
        }
        assert_eq!(check("\u{915}\u{94d}\u{200d}\u{937}"), Ok(()), "a joiner where its script has it");
    }
}

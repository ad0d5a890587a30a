//! Opaque secrets: a prefix that tells their kind, and 256 random bits in hex.

use std::fmt::Write as _;

use crate::ports::entropy::Entropy;

const RANDOM_BYTES: usize = 32;

/// A fresh secret with this prefix.
#[must_use]
pub fn fresh(prefix: &str, entropy: &dyn Entropy) -> String {
    let mut bytes = [0; RANDOM_BYTES];
    entropy.fill(&mut bytes);
    format!("{prefix}{}", hex(&bytes))
}

/// Whether a text could be such a secret.
#[must_use]
pub fn has_shape(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| rest.len() == RANDOM_BYTES * 2 && is_lower_hex(rest))
}

/// Bytes as lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes of lower-case hex; `None` for any other text.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !is_lower_hex(text) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_its_prefix_and_64_digits() {
        let digits = "0123456789abcdef".repeat(4);
        assert!(has_shape(&format!("urt_{digits}"), "urt_"));
        for text in ["", "urt_", &digits, &format!("urs_{digits}"), &format!("urt_{digits}0")] {
            assert!(!has_shape(text, "urt_"), "{text}");
        }
        for text in [&digits[1..], &digits.to_uppercase(), &digits.replace('0', "g"), &digits.replace("01", "\u{e4}")] {
            assert!(!has_shape(&format!("urt_{text}"), "urt_"), "{text}");
        }
    }

    #[test]
    fn hex_has_one_spelling() {
        assert_eq!(hex(&[0, 1, 0x7f, 0xff]), "00017fff");
        assert_eq!(unhex("00017fff"), Some(vec![0, 1, 0x7f, 0xff]));
        assert_eq!(unhex(""), Some(Vec::new()));
        for text in ["0", "001", "0G", "+1", "FF", "\u{e4}"] {
            assert_eq!(unhex(text), None, "{text}");
        }
    }
}

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

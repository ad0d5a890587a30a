//! The root secret: it wraps every other key of an installation and never enters its database.

use std::collections::BTreeSet;
use std::fmt;

use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine as _, alphabet, decoded_len_estimate};
use domain::ports::entropy::Entropy;
use domain::sessions::opaque::hex;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::derive::derive;
use crate::sealing_key::SealingKey;

/// The fewest bytes that a root secret has.
pub const MIN_BYTES: usize = 32;

/// The root secret: at least 32 random bytes. It hides itself in `Debug` and is wiped from memory
/// when it goes.
///
/// Nothing is hashed, sealed or signed with it directly: HKDF (RFC 5869) derives from it the key that
/// wraps the other keys, and a fingerprint.
pub struct RootSecret(Zeroizing<Vec<u8>>);

/// Why something is no root secret. The sentences never repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadRootSecret {
    /// There is nothing.
    #[error("The root secret is empty: give at least {MIN_BYTES} random bytes as hex or base64.")]
    Empty,
    /// Neither hex nor base64.
    #[error("The root secret is neither hex nor base64: give at least {MIN_BYTES} random bytes in one of them.")]
    NotText,
    /// Fewer than [`MIN_BYTES`].
    #[error("The root secret has {0} bytes: give at least {MIN_BYTES} random ones as hex or base64.")]
    TooShort(usize),
    /// The same few bytes over and over.
    #[error("The root secret is not random: give at least {MIN_BYTES} bytes from a generator, as hex or base64.")]
    NotRandom,
}

impl RootSecret {
    /// A fresh secret of 32 bytes.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = Zeroizing::new(vec![0; MIN_BYTES]);
        entropy.fill(&mut bytes);
        Self(bytes)
    }

    /// The secret that a text holds in hex or base64 (RFC 4648, either alphabet, padded or not), with
    /// white space around it. What could be both is hex.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Self, BadRootSecret> {
        let text = text.trim();
        if text.is_empty() {
            return Err(BadRootSecret::Empty);
        }
        let bytes = if text.bytes().all(|byte| byte.is_ascii_hexdigit()) { of_hex(text) } else { of_base64(text) };
        Self::from_bytes(bytes.ok_or(BadRootSecret::NotText)?)
    }

    /// The secret of these bytes.
    ///
    /// # Errors
    /// When they are too few, or plainly not random.
    pub fn from_bytes(bytes: impl Into<Zeroizing<Vec<u8>>>) -> Result<Self, BadRootSecret> {
        let bytes = bytes.into();
        if bytes.len() < MIN_BYTES {
            return Err(BadRootSecret::TooShort(bytes.len()));
        }
        // Of 32 random bytes about 30 differ, and fewer than 12 do so once in 2^80 cases: this is
        // `changeme` over and over, or a row of zeros.
        if bytes.iter().collect::<BTreeSet<_>>().len() < 12 {
            return Err(BadRootSecret::NotRandom);
        }
        Ok(Self(bytes))
    }

    /// The secret as text, for its file: lower-case hex, which [`Self::parse`] reads.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(hex(&self.0))
    }

    /// Tells one root secret from another and reveals nothing of it: 128 derived bits in hex.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex(&self.derived(b"fingerprint")[..16])
    }

    /// The key that wraps the other keys; its id is the fingerprint.
    pub(crate) fn wrapping_key(&self) -> SealingKey {
        SealingKey::new(self.fingerprint(), &self.derived(b"wrapping key"))
    }

    fn derived(&self, info: &[u8]) -> Zeroizing<[u8; 32]> {
        derive(&self.0, b"user-registry root secret", info)
    }
}

impl fmt::Debug for RootSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootSecret(..)")
    }
}

/// There is room for all bytes from the start: a buffer that is outgrown is freed with what it holds.
fn of_hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() / 2));
    for at in (0..text.len()).step_by(2) {
        bytes.push(u8::from_str_radix(&text[at..at + 2], 16).ok()?);
    }
    Some(bytes)
}

/// Both alphabets are tried in one buffer, which is wiped with all that an attempt left in it.
fn of_base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let mut bytes = Zeroizing::new(vec![0; decoded_len_estimate(text.len())]);
    let length = [alphabet::STANDARD, alphabet::URL_SAFE]
        .iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, config).decode_slice(text, &mut bytes).ok())?;
    bytes.truncate(length);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{BadRootSecret, RootSecret};
    use domain::sessions::opaque::hex;
    use memory::entropy::SeededEntropy;

    const BYTES: [u8; 32] = [
        0xfb, 0xff, 0x3e, 0x01, 0x92, 0x5d, 0x07, 0xe8, 0xaa, 0x10, 0x4b, 0xc3, 0x77, 0x29, 0x6e, 0xd4, 0x18, 0x90,
        0xf1, 0x55, 0x3a, 0x0c, 0xbe, 0x62, 0x81, 0xdd, 0x46, 0x2f, 0x99, 0xe0, 0x13, 0x7c,
    ];
    const STANDARD: &str = "+/8+AZJdB+iqEEvDdylu1BiQ8VU6DL5igd1GL5ngE3w=";

    #[test]
    fn hex_and_base64_are_read() {
        let expected = RootSecret::from_bytes(BYTES.to_vec()).unwrap().fingerprint();
        let url_safe = STANDARD.replace('+', "-").replace('/', "_");
        for text in [
            hex(&BYTES),
            hex(&BYTES).to_uppercase(),
            format!("  {}\r\n", hex(&BYTES)),
            STANDARD.to_owned(),
            STANDARD.trim_end_matches('=').to_owned(),
            format!("{STANDARD}\n"),
            url_safe.clone(),
            url_safe.trim_end_matches('=').to_owned(),
        ] {
            assert_eq!(RootSecret::parse(&text).unwrap().fingerprint(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_too_weak_is_refused_with_a_sentence_that_does_not_repeat_it() {
        for (text, expected) in [
            (String::new(), BadRootSecret::Empty),
            (" \n".into(), BadRootSecret::Empty),
            ("correct horse battery staple!".into(), BadRootSecret::NotText),
            ("ü".repeat(40), BadRootSecret::NotText),
            (hex(&BYTES[..31]), BadRootSecret::TooShort(31)),
            (hex(&BYTES)[..63].to_owned(), BadRootSecret::NotText),
            (STANDARD[..40].into(), BadRootSecret::TooShort(30)),
            ("deadbeef".repeat(8), BadRootSecret::NotRandom),
            ("changeme".repeat(8), BadRootSecret::NotRandom),
        ] {
            let refusal = RootSecret::parse(&text).unwrap_err();
            assert_eq!(refusal, expected, "{text}");
            assert!(text.trim().is_empty() || !refusal.to_string().contains(text.trim()), "{text}");
        }
    }

    #[test]
    fn twelve_different_bytes_are_enough_and_eleven_are_not() {
        let of = |different: u8| RootSecret::from_bytes((0..48).map(|at| at % different).collect::<Vec<u8>>()).err();
        assert_eq!((of(11), of(12), of(13)), (Some(BadRootSecret::NotRandom), None, None));
    }

    #[test]
    fn a_fresh_secret_reads_back_from_its_text() {
        let entropy = SeededEntropy::default();
        let secret = RootSecret::generate(&entropy);
        assert_eq!(secret.to_text().len(), 64);
        assert_eq!(RootSecret::parse(&secret.to_text()).unwrap().fingerprint(), secret.fingerprint());
        assert_ne!(RootSecret::generate(&entropy).fingerprint(), secret.fingerprint());
    }

    /// Computed by another implementation: HKDF-SHA-256 of the bytes with the salt
    /// `user-registry root secret` and the info `fingerprint`, 16 bytes.
    #[test]
    fn the_fingerprint_is_derived_and_stable() {
        let secret = RootSecret::from_bytes(BYTES.to_vec()).unwrap();
        assert_eq!(secret.fingerprint(), "c63525c1235b8fb0d1d7009673f2f6e6");
    }

    #[test]
    fn debug_hides_it() {
        assert_eq!(format!("{:?}", RootSecret::from_bytes(BYTES.to_vec()).unwrap()), "RootSecret(..)");
    }
}

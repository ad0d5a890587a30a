//! Keyed hashes, codes and seals that only look like such.

use domain::ports::failure::PortFailure;
use domain::ports::secrets::{SealedSecret, SecretDigest, SecretKeeper, SecretPurpose};
use domain::sessions::opaque::{hex, unhex};

use crate::bits::{code, mix};

/// A keeper whose key is a number: it tells forged values from its own, and withstands nobody. For
/// tests only.
#[derive(Clone, Copy, Debug)]
pub struct FakeSecretKeeper {
    key: u64,
}

impl FakeSecretKeeper {
    /// A keeper with this key. Two of one key are two processes on one database.
    #[must_use]
    pub const fn new(key: u64) -> Self {
        Self { key }
    }

    /// The bytes that hide a sealed secret.
    fn stream(self) -> impl Iterator<Item = u8> {
        (0_u64..).flat_map(move |block| mix(self.key.wrapping_add(block)).to_be_bytes())
    }

    fn seal_code(self, secret: &[u8], context: &str) -> String {
        let message = [context.as_bytes(), &[0], secret].concat();
        hex(&code(self.key, SecretPurpose::Seal.name(), &message))
    }
}

impl Default for FakeSecretKeeper {
    fn default() -> Self {
        Self::new(1)
    }
}

impl SecretKeeper for FakeSecretKeeper {
    fn digest(&self, secret: &str) -> SecretDigest {
        self.digest_for(SecretPurpose::TokenHash, secret)
    }

    fn digest_for(&self, purpose: SecretPurpose, text: &str) -> SecretDigest {
        let code = code(self.key, purpose.name(), text.as_bytes());
        SecretDigest::restore(format!("fake.{}", hex(&code)))
    }

    fn code(&self, purpose: SecretPurpose, message: &[u8]) -> [u8; 32] {
        code(self.key, purpose.name(), message)
    }

    fn code_holds(&self, purpose: SecretPurpose, message: &[u8], code: &[u8]) -> bool {
        self.code(purpose, message) == code
    }

    fn seal(&self, secret: &str, context: &str) -> Result<SealedSecret, PortFailure> {
        let hidden: Vec<u8> = secret.bytes().zip(self.stream()).map(|(byte, mask)| byte ^ mask).collect();
        Ok(SealedSecret::restore(format!("fake.{}.{}", hex(&hidden), self.seal_code(secret.as_bytes(), context))))
    }

    fn open(&self, sealed: &SealedSecret, context: &str) -> Result<String, PortFailure> {
        let altered = || PortFailure::lasting("the sealed secret was altered");
        let mut parts = sealed.as_str().split('.');
        let (Some("fake"), Some(hidden), Some(code), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(altered());
        };
        let hidden = unhex(hidden).ok_or_else(altered)?;
        let secret: Vec<u8> = hidden.into_iter().zip(self.stream()).map(|(byte, mask)| byte ^ mask).collect();
        if code != self.seal_code(&secret, context) {
            return Err(altered());
        }
        String::from_utf8(secret).map_err(|_| altered())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_and_codes_depend_on_key_purpose_and_message() {
        let (one, same, other) = (FakeSecretKeeper::new(1), FakeSecretKeeper::new(1), FakeSecretKeeper::new(2));
        assert_eq!(one.digest("urt_a"), same.digest("urt_a"));
        assert_ne!(one.digest("urt_a"), one.digest("urt_b"));
        assert_ne!(one.digest("urt_a"), other.digest("urt_a"));
        let code = one.code(SecretPurpose::RefreshCode, b"message");
        assert!(same.code_holds(SecretPurpose::RefreshCode, b"message", &code));
        assert!(!same.code_holds(SecretPurpose::FormCode, b"message", &code));
        assert!(!same.code_holds(SecretPurpose::RefreshCode, b"messages", &code));
        assert!(!same.code_holds(SecretPurpose::RefreshCode, b"message", &code[..31]));
        assert!(!other.code_holds(SecretPurpose::RefreshCode, b"message", &code));
    }

    #[test]
    fn a_seal_opens_unaltered_in_its_context_with_its_key_only() {
        let keeper = FakeSecretKeeper::new(1);
        let sealed = keeper.seal("uat_\u{e4}", "example.org").expect("sealed");
        assert!(!sealed.as_str().contains("uat_"));
        assert_eq!(keeper.open(&sealed, "example.org").expect("opened"), "uat_\u{e4}");
        assert!(keeper.open(&sealed, "example.com").is_err());
        assert!(FakeSecretKeeper::new(2).open(&sealed, "example.org").is_err());
        for text in ["", "fake", "fake..", &sealed.as_str()[..20], &format!("{}0", sealed.as_str())] {
            assert!(keeper.open(&SealedSecret::restore(text), "example.org").is_err(), "{text}");
        }
    }
}

//! Data keys: what hashes, authenticates and seals.

use aws_lc_rs::hmac;
use domain::keys::rows::StoredDataKey;
use domain::ports::clock::Timestamp;
use domain::ports::entropy::Entropy;
use domain::ports::secrets::{SealedSecret, SecretPurpose};
use zeroize::Zeroizing;

use crate::derive::derive;
use crate::sealing_key::{SealError, SealingKey};

/// A data key, ready for use.
///
/// One purpose may both authenticate and seal, so two independent keys are derived from the stored
/// bytes: nothing made by one of them tells anything about the other.
pub(crate) struct DataKey {
    pub(crate) id: String,
    pub(crate) purpose: SecretPurpose,
    coding: hmac::Key,
    sealing: SealingKey,
}

impl DataKey {
    /// The key of these bytes.
    fn new(id: String, purpose: SecretPurpose, bytes: &[u8]) -> Self {
        let derived = |info| derive(bytes, b"user-registry data key", info);
        let coding = hmac::Key::new(hmac::HMAC_SHA256, derived(b"codes").as_slice());
        let sealing = SealingKey::new(id.clone(), &derived(b"seals"));
        Self { id, purpose, coding, sealing }
    }

    /// Opens a stored key.
    pub(crate) fn unwrap(stored: &StoredDataKey, root: &SealingKey) -> Result<Self, SealError> {
        let bytes = root.open(&stored.sealed, &context(&stored.id, stored.purpose))?;
        Ok(Self::new(stored.id.clone(), stored.purpose, &bytes))
    }

    /// The code over a message: HMAC-SHA-256 (RFC 2104).
    pub(crate) fn code(&self, message: &[u8]) -> [u8; 32] {
        let tag = hmac::sign(&self.coding, message);
        tag.as_ref().try_into().expect("a tag of HMAC-SHA-256 has 32 bytes")
    }

    /// Whether this is the code over the message; in constant time.
    pub(crate) fn code_holds(&self, message: &[u8], code: &[u8]) -> bool {
        hmac::verify(&self.coding, message, code).is_ok()
    }

    /// What seals with this key.
    pub(crate) const fn sealing(&self) -> &SealingKey {
        &self.sealing
    }
}

/// The id of the first key of a purpose.
///
/// It is told by the purpose. Two replicas that add the first key of a purpose at the same time
/// therefore collide, and one of them reads the other's.
pub(crate) fn first_id(purpose: SecretPurpose) -> String {
    format!("{}-1", purpose.name())
}

/// A fresh key, wrapped.
pub(crate) fn make(
    id: String,
    purpose: SecretPurpose,
    root: &SealingKey,
    created_at: Timestamp,
    entropy: &dyn Entropy,
) -> Result<StoredDataKey, SealError> {
    let mut bytes = Zeroizing::new([0; 32]);
    entropy.fill(bytes.as_mut_slice());
    let sealed = root.seal(bytes.as_slice(), &context(&id, purpose), entropy)?;
    Ok(StoredDataKey { id, purpose, sealed, created_at })
}

/// The same key, wrapped by another root secret.
pub(crate) fn rewrap(
    stored: &StoredDataKey,
    from: &SealingKey,
    to: &SealingKey,
    entropy: &dyn Entropy,
) -> Result<SealedSecret, SealError> {
    let context = context(&stored.id, stored.purpose);
    to.seal(&from.open(&stored.sealed, &context)?, &context, entropy)
}

fn context(id: &str, purpose: SecretPurpose) -> String {
    format!("data key {id} for {}", purpose.name())
}

#[cfg(test)]
mod tests {
    use super::{DataKey, first_id, make};
    use crate::sealing_key::{SealError, SealingKey};
    use domain::ports::clock::Timestamp;
    use domain::ports::secrets::SecretPurpose;
    use domain::sessions::opaque::hex;
    use memory::entropy::SeededEntropy;

    /// Computed by another implementation: HMAC-SHA-256 under HKDF-SHA-256 of the bytes with the salt
    /// `user-registry data key` and the info `codes`.
    #[test]
    fn a_code_is_the_hmac_under_the_derived_key() {
        let key = DataKey::new("token-hash-1".into(), SecretPurpose::TokenHash, &[7; 32]);
        assert_eq!(hex(&key.code(b"urt_0123")), "19200825ac328ca182e313b9fcab5ca8c071aeb326bf49bf552392e6d639eaba");
        assert!(key.code_holds(b"urt_0123", &key.code(b"urt_0123")));
        for wrong in [&key.code(b"urt_0124")[..], &key.code(b"urt_0123")[..31], b""] {
            assert!(!key.code_holds(b"urt_0123", wrong));
        }
    }

    /// What was sealed must open for ever, so what is authenticated with it is spelled out here once more.
    #[test]
    fn the_seal_of_a_key_names_its_id_and_purpose() {
        let (root, entropy) = (SealingKey::new("root", &[1; 32]), SeededEntropy::default());
        let mut stored = make("seal-1".into(), SecretPurpose::Seal, &root, Timestamp::UNIX_EPOCH, &entropy).unwrap();
        let bytes = root.open(&stored.sealed, "data key seal-1 for seal").unwrap();
        for (context, opens) in [("data key seal-1 for seal", true), ("", false), ("data key", false)] {
            stored.sealed = root.seal(&bytes, context, &entropy).unwrap();
            assert_eq!(DataKey::unwrap(&stored, &root).is_ok(), opens, "{context}");
        }
    }

    #[test]
    fn a_wrapped_key_opens_under_its_own_id_and_purpose_only() {
        let (root, entropy) = (SealingKey::new("root", &[1; 32]), SeededEntropy::default());
        let stored =
            make(first_id(SecretPurpose::Seal), SecretPurpose::Seal, &root, Timestamp::UNIX_EPOCH, &entropy).unwrap();
        assert_eq!(stored.id, "seal-1");
        assert!(DataKey::unwrap(&stored, &root).is_ok());
        let mut renamed = stored.clone();
        renamed.id = "seal-2".into();
        let mut misused = stored;
        misused.purpose = SecretPurpose::TokenHash;
        for altered in [renamed, misused] {
            assert_eq!(DataKey::unwrap(&altered, &root).err(), Some(SealError::Altered));
        }
    }
}

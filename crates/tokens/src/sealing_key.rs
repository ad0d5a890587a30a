//! Sealing: authenticated encryption with AES-256-GCM.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ports::entropy::Entropy;
use domain::ports::secrets::SealedSecret;
use thiserror::Error;
use zeroize::Zeroizing;

/// Stands between the id of a key and what was made with the key.
pub(crate) const SEPARATOR: char = ':';

/// A key that seals. What it seals reads `<key id>:<base64url of nonce, cipher text and tag>`, and
/// the key's id and a context are authenticated with it.
///
/// Nonces are random, of 96 bits: NIST SP 800-38D allows 2^32 of them under one key. A data key seals
/// once per issued authority token and a few times per visit to the pages, the root secret once per key: at a hundred
/// logins a second that is a year away, and a data key can be replaced.
pub(crate) struct SealingKey {
    id: String,
    key: LessSafeKey,
}

/// A secret could not be sealed, or not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum SealError {
    #[error("a secret could not be sealed")]
    NotSealed,
    #[error("a sealed secret is malformed")]
    Malformed,
    #[error("a sealed secret was made with another key")]
    OtherKey,
    #[error("a sealed secret does not open: it, its key or its context was altered")]
    Altered,
}

impl SealingKey {
    /// The key of this id and these bytes.
    pub(crate) fn new(id: impl Into<String>, bytes: &[u8; 32]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, bytes).expect("a key of AES-256 has 32 bytes");
        Self { id: id.into(), key: LessSafeKey::new(key) }
    }

    /// Its id.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Seals `secret`, to be opened with the same `context`.
    pub(crate) fn seal(&self, secret: &[u8], context: &str, entropy: &dyn Entropy) -> Result<SealedSecret, SealError> {
        let mut nonce = [0; NONCE_LEN];
        entropy.fill(&mut nonce);
        // The space for nonce and tag is taken at once, so that no copy of the secret is left behind
        // by a buffer that had to grow.
        let mut sealed = Vec::with_capacity(NONCE_LEN + secret.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(secret);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self
            .key
            .seal_in_place_separate_tag(nonce, self.authenticated(context), &mut sealed[NONCE_LEN..])
            .map_err(|_| SealError::NotSealed)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(SealedSecret::restore(format!("{}{SEPARATOR}{}", self.id, URL_SAFE_NO_PAD.encode(sealed))))
    }

    /// Opens what [`Self::seal`] made.
    pub(crate) fn open(&self, sealed: &SealedSecret, context: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (id, body) = sealed.as_str().split_once(SEPARATOR).ok_or(SealError::Malformed)?;
        if id != self.id {
            return Err(SealError::OtherKey);
        }
        let mut body = Zeroizing::new(URL_SAFE_NO_PAD.decode(body).map_err(|_| SealError::Malformed)?);
        let (nonce, cipher_text) = body.split_at_mut_checked(NONCE_LEN).ok_or(SealError::Malformed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Malformed)?;
        let opened =
            self.key.open_in_place(nonce, self.authenticated(context), cipher_text).map_err(|_| SealError::Altered)?;
        Ok(Zeroizing::new(opened.to_vec()))
    }

    /// An id contains no line feed, so no two pairs of id and context give the same bytes.
    fn authenticated(&self, context: &str) -> Aad<Vec<u8>> {
        Aad::from(format!("user-registry sealed secret\n{}\n{context}", self.id).into_bytes())
    }
}

/// The id of the key that made this sealed secret.
pub(crate) fn key_id(sealed: &SealedSecret) -> Option<&str> {
    sealed.as_str().split_once(SEPARATOR).map(|(id, _)| id)
}

#[cfg(test)]
mod tests {
    use super::{SealError, SealingKey};
    use domain::ports::secrets::SealedSecret;
    use memory::entropy::SeededEntropy;

    #[test]
    fn what_is_sealed_opens_with_the_same_key_id_and_context_only() {
        let entropy = SeededEntropy::default();
        let key = SealingKey::new("seal-1", &[1; 32]);
        for secret in [&b""[..], b"x", &[0; 3000]] {
            let sealed = key.seal(secret, "example.org", &entropy).unwrap();
            assert_eq!(key.open(&sealed, "example.org").unwrap().as_slice(), secret);
            assert_eq!(key.open(&sealed, "example.com"), Err(SealError::Altered));
            assert_eq!(key.open(&sealed, ""), Err(SealError::Altered));
            assert_eq!(SealingKey::new("seal-2", &[1; 32]).open(&sealed, "example.org"), Err(SealError::OtherKey));
            assert_eq!(SealingKey::new("seal-1", &[2; 32]).open(&sealed, "example.org"), Err(SealError::Altered));
            let renamed = SealedSecret::restore(sealed.as_str().replace("seal-1", "seal-2"));
            assert_eq!(SealingKey::new("seal-2", &[1; 32]).open(&renamed, "example.org"), Err(SealError::Altered));
        }
    }

    #[test]
    fn the_same_secret_is_sealed_differently_each_time() {
        let entropy = SeededEntropy::default();
        let key = SealingKey::new("seal-1", &[1; 32]);
        assert_ne!(key.seal(b"secret", "", &entropy).unwrap(), key.seal(b"secret", "", &entropy).unwrap());
    }

    #[test]
    fn a_change_anywhere_is_noticed() {
        let key = SealingKey::new("seal-1", &[1; 32]);
        let sealed = key.seal(b"a secret of some length", "example.org", &SeededEntropy::default()).unwrap();
        for at in 0..sealed.as_str().len() {
            for other in ['A', 'B', '7', ':', '='] {
                let mut text: Vec<char> = sealed.as_str().chars().collect();
                if text[at] != other {
                    text[at] = other;
                    let altered = SealedSecret::restore(text.into_iter().collect::<String>());
                    assert!(key.open(&altered, "example.org").is_err(), "{at} {other}");
                }
            }
        }
        for length in 0..sealed.as_str().len() {
            assert!(key.open(&SealedSecret::restore(&sealed.as_str()[..length]), "example.org").is_err(), "{length}");
        }
    }
}

//! Private signing keys as PKCS#8 (RFC 5208): how they are made, what they sign, and their public halves.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use domain::keys::rows::SigningAlgorithm;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;
use zeroize::Zeroizing;

/// A fresh private key. The cryptographic library draws it from the operating system's generator by
/// itself; it takes no other source.
pub(crate) fn generate(algorithm: SigningAlgorithm) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    let key = match algorithm {
        SigningAlgorithm::Es256 => {
            EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?.to_pkcs8v1()?.as_ref().to_vec()
        }
        // The second version of PKCS#8 holds the public key, too, and JWKs cannot be made from it.
        SigningAlgorithm::EdDsa => Ed25519KeyPair::generate()?.to_pkcs8v1()?.as_ref().to_vec(),
        SigningAlgorithm::Rs256 => {
            let key: Pkcs8V1Der<'static> = aside(|| RsaKeyPair::generate(KeySize::Rsa2048))?.as_der()?;
            key.as_ref().to_vec()
        }
    };
    Ok(Zeroizing::new(key))
}

/// Does what takes a tenth of a second and more, so that whoever waits for the same thread of the runtime goes on by
/// another one.
fn aside<T>(work: impl FnOnce() -> T) -> T {
    let runtime = Handle::try_current().map(|runtime| runtime.runtime_flavor());
    // Where one thread is all that there is, or none of a runtime, nobody can go on.
    if matches!(runtime, Ok(RuntimeFlavor::MultiThread)) { block_in_place(work) } else { work() }
}

/// A private key, read once and for all: to read it takes much of the time of a signature, and with RSA more.
pub(crate) enum PrivateKey {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(RsaKeyPair),
}

impl PrivateKey {
    /// The key of this PKCS#8 document.
    ///
    /// # Errors
    /// When it is no good key for this algorithm.
    pub(crate) fn of_pkcs8(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Result<Self, KeyRejected> {
        Ok(match algorithm {
            SigningAlgorithm::Es256 => Self::Es256(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)?),
            SigningAlgorithm::EdDsa => Self::EdDsa(Ed25519KeyPair::from_pkcs8(pkcs8)?),
            SigningAlgorithm::Rs256 => Self::Rs256(RsaKeyPair::from_pkcs8(pkcs8)?),
        })
    }

    /// The signature over a message, in the form of JSON Web Algorithms (RFC 7518, section 3; RFC 8037).
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        match self {
            Self::Es256(key) => Ok(key.sign(&SystemRandom::new(), message)?.as_ref().to_vec()),
            Self::EdDsa(key) => Ok(key.try_sign(message)?.as_ref().to_vec()),
            Self::Rs256(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)?;
                Ok(signature)
            }
        }
    }
}

/// The public half of a private key, as the library for tokens has it; `None` when there is none.
pub(crate) fn public_jwk(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Option<Jwk> {
    let private = match algorithm {
        SigningAlgorithm::Es256 => EncodingKey::from_ec_der(pkcs8),
        SigningAlgorithm::EdDsa => EncodingKey::from_ed_der(pkcs8),
        SigningAlgorithm::Rs256 => EncodingKey::from_rsa_der(rsa_key(pkcs8)?),
    };
    Jwk::from_encoding_key(&private, library_name(algorithm)).ok()
}

/// The algorithm as the library for tokens names it.
pub(crate) const fn library_name(algorithm: SigningAlgorithm) -> Algorithm {
    match algorithm {
        SigningAlgorithm::Es256 => Algorithm::ES256,
        SigningAlgorithm::EdDsa => Algorithm::EdDSA,
        SigningAlgorithm::Rs256 => Algorithm::RS256,
    }
}

/// The `RSAPrivateKey` (RFC 8017) inside a PKCS#8 key: the library for tokens takes it alone.
///
/// Between the outer sequence and the key stands always the same: version 0 and the algorithm
/// `rsaEncryption`. Both lengths have two bytes, for every key from 1024 to 65535 bits.
fn rsa_key(pkcs8: &[u8]) -> Option<&[u8]> {
    const VERSION_AND_ALGORITHM: [u8; 18] =
        [0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    let body = pkcs8.strip_prefix(&[0x30, 0x82])?.get(2..)?;
    let octets = body.strip_prefix(&VERSION_AND_ALGORITHM)?.strip_prefix(&[0x04, 0x82])?;
    let (length, key) = octets.split_first_chunk::<2>()?;
    (key.len() == usize::from(u16::from_be_bytes(*length))).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::{PrivateKey, generate, public_jwk, rsa_key};
    use domain::keys::rows::SigningAlgorithm;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn fresh_keys_differ_and_have_their_form() {
        for algorithm in SigningAlgorithm::ALL {
            let key = generate(algorithm).unwrap();
            assert!(
                PrivateKey::of_pkcs8(algorithm, &key).is_ok() && public_jwk(algorithm, &key).is_some(),
                "{algorithm}"
            );
            assert_ne!(key, generate(algorithm).unwrap(), "{algorithm}");
        }
    }

    /// There may be one thread for all requests.
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn others_go_on_while_an_rsa_key_is_made() {
        let have_gone_on = Arc::new(AtomicBool::new(false));
        let others = Arc::clone(&have_gone_on);
        let made = tokio::spawn(async move {
            // Whoever is spawned by this thread waits for it, unless it lets others go on.
            tokio::spawn(async move { others.store(true, Ordering::SeqCst) });
            (0..20).any(|_| {
                generate(SigningAlgorithm::Rs256).unwrap();
                have_gone_on.load(Ordering::SeqCst)
            })
        });
        assert!(made.await.unwrap());
    }

    #[test]
    fn an_rsa_key_is_found_in_its_wrapping_and_in_nothing_else() {
        let pkcs8 = generate(SigningAlgorithm::Rs256).unwrap();
        assert_eq!(rsa_key(&pkcs8).unwrap().first(), Some(&0x30));
        assert_eq!(rsa_key(&pkcs8[..pkcs8.len() - 1]), None);
        assert_eq!(rsa_key(&generate(SigningAlgorithm::Es256).unwrap()), None);
        assert_eq!(rsa_key(&generate(SigningAlgorithm::EdDsa).unwrap()), None);
        assert_eq!(rsa_key(&[]), None);
    }
}

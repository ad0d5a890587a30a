//! Private signing keys as PKCS#8 (RFC 5208): how they are made, and what signs with them.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use domain::keys::rows::SigningAlgorithm;
use jsonwebtoken::EncodingKey;
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
            let key: Pkcs8V1Der<'static> = RsaKeyPair::generate(KeySize::Rsa2048)?.as_der()?;
            key.as_ref().to_vec()
        }
    };
    Ok(Zeroizing::new(key))
}

/// What signs with a private key; `None` when it has not the form of one. Whether it is a good one
/// shows when it is used.
pub(crate) fn encoding_key(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Option<EncodingKey> {
    Some(match algorithm {
        SigningAlgorithm::Es256 => EncodingKey::from_ec_der(pkcs8),
        SigningAlgorithm::EdDsa => EncodingKey::from_ed_der(pkcs8),
        SigningAlgorithm::Rs256 => EncodingKey::from_rsa_der(rsa_key(pkcs8)?),
    })
}

/// The `RSAPrivateKey` (RFC 8017) inside a PKCS#8 key: tokens are signed with it alone.
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
    use super::{encoding_key, generate, rsa_key};
    use domain::keys::rows::SigningAlgorithm;

    #[test]
    fn fresh_keys_differ_and_have_their_form() {
        for algorithm in SigningAlgorithm::ALL {
            let key = generate(algorithm).unwrap();
            assert!(encoding_key(algorithm, &key).is_some(), "{algorithm}");
            assert_ne!(key, generate(algorithm).unwrap(), "{algorithm}");
        }
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

//! Signing keys.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::keys::rows::{KeyState, SigningAlgorithm, StoredSigningKey};
use domain::ports::clock::Timestamp;
use domain::ports::entropy::Entropy;
use domain::ports::secrets::SealedSecret;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::open_error::UnusableKey;
use crate::private_key::{PrivateKey, generate, library_name, public_jwk};
use crate::sealing_key::{SealError, SealingKey};

/// The header parameter `typ` of an access token (RFC 9068, section 2.1).
pub(crate) const TYPE: &str = "at+jwt";

/// A signing key, ready for use: it signs, verifies, and knows its public half.
pub(crate) struct SigningKey {
    pub(crate) kid: String,
    pub(crate) algorithm: SigningAlgorithm,
    pub(crate) jwk: Jwk,
    private: PrivateKey,
    decoding: DecodingKey,
    signature_only: Validation,
}

/// What is wrong with a signing key. Nothing of the key is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum BadSigningKey {
    #[error("the cryptographic library could not make it")]
    NotMade,
    #[error("it is no private key for its algorithm")]
    NotPrivate,
    #[error("its id is not that of its public key")]
    OtherId,
    #[error("it cannot sign")]
    NotSigned,
}

impl SigningKey {
    /// The key of this PKCS#8 document.
    pub(crate) fn of_pkcs8(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Result<Self, BadSigningKey> {
        let private = PrivateKey::of_pkcs8(algorithm, pkcs8).map_err(|_| BadSigningKey::NotPrivate)?;
        let mut jwk = public_jwk(algorithm, pkcs8).ok_or(BadSigningKey::NotPrivate)?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(|_| BadSigningKey::NotPrivate)?;
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let decoding = DecodingKey::from_jwk(&jwk).map_err(|_| BadSigningKey::NotPrivate)?;
        let signature_only = signature_only(library_name(algorithm));
        Ok(Self { kid, algorithm, jwk, private, decoding, signature_only })
    }

    /// Opens a stored key.
    pub(crate) fn unwrap(stored: &StoredSigningKey, root: &SealingKey) -> Result<Self, UnusableKey> {
        let pkcs8 = root.open(&stored.sealed, &context(&stored.kid, stored.algorithm))?;
        let key = Self::of_pkcs8(stored.algorithm, &pkcs8)?;
        // The seal already binds the id; this holds should a seal ever be made with a wrong one.
        if key.kid == stored.kid { Ok(key) } else { Err(BadSigningKey::OtherId.into()) }
    }

    /// A signed JWT with these claims, in the compact serialization (RFC 7515, section 3.1).
    pub(crate) fn sign(&self, claims: &impl Serialize) -> Result<String, BadSigningKey> {
        let header = Header { typ: Some(TYPE.into()), kid: Some(self.kid.clone()), ..Header::new(self.name()) };
        let mut token = part(&header)?;
        token.push('.');
        token.push_str(&part(claims)?);
        let signature = self.private.sign(token.as_bytes()).map_err(|_| BadSigningKey::NotSigned)?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    /// The claims of a token that this key has signed; what they say is for the caller to check.
    pub(crate) fn verify<C: DeserializeOwned>(&self, token: &str) -> Option<C> {
        jsonwebtoken::decode(token, &self.decoding, &self.signature_only).ok().map(|data| data.claims)
    }

    /// The signature over any text, for tests that forge.
    #[cfg(test)]
    pub(crate) fn signature(&self, text: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.private.sign(text.as_bytes()).unwrap())
    }

    const fn name(&self) -> Algorithm {
        library_name(self.algorithm)
    }
}

/// A fresh key, wrapped.
pub(crate) fn make(
    algorithm: SigningAlgorithm,
    state: KeyState,
    root: &SealingKey,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<StoredSigningKey, UnusableKey> {
    let pkcs8: Zeroizing<Vec<u8>> = generate(algorithm).map_err(|_| BadSigningKey::NotMade)?;
    let kid = SigningKey::of_pkcs8(algorithm, &pkcs8)?.kid;
    let sealed = root.seal(&pkcs8, &context(&kid, algorithm), entropy)?;
    Ok(StoredSigningKey { kid, algorithm, state, sealed, created_at: now, changed_at: now })
}

/// The same key, wrapped by another root secret.
pub(crate) fn rewrap(
    stored: &StoredSigningKey,
    from: &SealingKey,
    to: &SealingKey,
    entropy: &dyn Entropy,
) -> Result<SealedSecret, SealError> {
    let context = context(&stored.kid, stored.algorithm);
    to.seal(&from.open(&stored.sealed, &context)?, &context, entropy)
}

/// A part of a token: JSON in base64url.
fn part(of: &impl Serialize) -> Result<String, BadSigningKey> {
    serde_json::to_vec(of).map(|json| URL_SAFE_NO_PAD.encode(json)).map_err(|_| BadSigningKey::NotSigned)
}

/// The library checks the signature under this one algorithm and nothing else: it would take the time
/// from a clock of its own, and accept claims of more forms than ours have.
fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

fn context(kid: &str, algorithm: SigningAlgorithm) -> String {
    format!("signing key {kid} for {algorithm}")
}

#[cfg(test)]
mod tests {
    use super::{BadSigningKey, SigningKey, make};
    use crate::private_key::generate;
    use crate::sealing_key::{SealError, SealingKey};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use domain::keys::rows::{KeyState, SigningAlgorithm};
    use domain::ports::clock::Timestamp;
    use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
    use jsonwebtoken::{Algorithm, crypto};
    use memory::entropy::SeededEntropy;
    use serde_json::json;
    use std::collections::BTreeSet;

    /// The key of RFC 8037, appendix A.1, as PKCS#8.
    fn ed25519_of_the_standard() -> SigningKey {
        let seed = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let mut pkcs8 = vec![0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
        pkcs8.extend_from_slice(&seed);
        SigningKey::of_pkcs8(SigningAlgorithm::EdDsa, &pkcs8).unwrap()
    }

    /// RFC 8037, appendices A.2 to A.4.
    #[test]
    fn ed25519_answers_as_the_standard_says() {
        let key = ed25519_of_the_standard();
        assert_eq!(key.kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(
            serde_json::to_value(&key.jwk).unwrap(),
            json!({
                "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "use": "sig", "alg": "EdDSA",
            })
        );
        let message = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = key.signature(message);
        assert_eq!(signature, "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
        assert!(crypto::verify(&signature, message.as_bytes(), &key.decoding, Algorithm::EdDSA).unwrap());
    }

    /// RFC 7638, section 3.1, and RFC 7517, appendix A.1 (its thumbprint was computed by another
    /// implementation).
    #[test]
    fn thumbprints_are_those_of_the_standard() {
        let rsa = json!({
            "kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        });
        let ec = json!({
            "kty": "EC", "crv": "P-256",
            "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        });
        for (jwk, expected) in
            [(rsa, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"), (ec, "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s")]
        {
            let jwk: Jwk = serde_json::from_value(jwk).unwrap();
            assert_eq!(jwk.thumbprint(ThumbprintHash::SHA256).unwrap(), expected);
        }
    }

    #[test]
    fn a_wrapped_key_opens_under_its_own_id_algorithm_and_root_only() {
        let (root, entropy) = (SealingKey::new("root", &[1; 32]), SeededEntropy::default());
        let make = |algorithm| make(algorithm, KeyState::Active, &root, Timestamp::UNIX_EPOCH, &entropy).unwrap();
        let stored = make(SigningAlgorithm::Es256);
        assert_eq!(SigningKey::unwrap(&stored, &root).unwrap().kid, stored.kid);
        let mut renamed = stored.clone();
        renamed.kid = make(SigningAlgorithm::Es256).kid;
        let mut misused = stored.clone();
        misused.algorithm = SigningAlgorithm::EdDsa;
        for altered in [renamed, misused] {
            assert_eq!(SigningKey::unwrap(&altered, &root).err(), Some(SealError::Altered.into()));
        }
        let other_root = SealingKey::new("root", &[2; 32]);
        assert_eq!(SigningKey::unwrap(&stored, &other_root).err(), Some(SealError::Altered.into()));
    }

    /// What was sealed must open for ever, so what is authenticated with it is spelled out here once more.
    #[test]
    fn the_seal_of_a_key_names_its_id_and_algorithm() {
        let (root, entropy) = (SealingKey::new("root", &[1; 32]), SeededEntropy::default());
        let mut stored = make(SigningAlgorithm::EdDsa, KeyState::Next, &root, Timestamp::UNIX_EPOCH, &entropy).unwrap();
        let context = format!("signing key {} for EdDSA", stored.kid);
        let pkcs8 = root.open(&stored.sealed, &context).unwrap();
        for (context, opens) in [(context.as_str(), true), ("", false), ("signing key", false)] {
            stored.sealed = root.seal(&pkcs8, context, &entropy).unwrap();
            assert_eq!(SigningKey::unwrap(&stored, &root).is_ok(), opens, "{context}");
        }
    }

    #[test]
    fn a_key_of_another_algorithm_or_of_no_sense_is_refused() {
        for of in SigningAlgorithm::ALL {
            let key = generate(of).unwrap();
            for taken_as in SigningAlgorithm::ALL {
                let outcome = SigningKey::of_pkcs8(taken_as, &key).map(|_| ());
                assert_eq!(
                    outcome,
                    if of == taken_as { Ok(()) } else { Err(BadSigningKey::NotPrivate) },
                    "{of} {taken_as}"
                );
            }
            assert_eq!(SigningKey::of_pkcs8(of, b"").err(), Some(BadSigningKey::NotPrivate));
            assert_eq!(SigningKey::of_pkcs8(of, &key[..key.len() - 1]).err(), Some(BadSigningKey::NotPrivate));
        }
    }

    #[test]
    fn only_public_members_are_published() {
        for algorithm in SigningAlgorithm::ALL {
            let key = SigningKey::of_pkcs8(algorithm, &generate(algorithm).unwrap()).unwrap();
            let jwk = serde_json::to_value(&key.jwk).unwrap();
            let members: BTreeSet<&str> = jwk.as_object().unwrap().keys().map(String::as_str).collect();
            let expected: &[&str] = match algorithm {
                SigningAlgorithm::Es256 => &["alg", "crv", "kid", "kty", "use", "x", "y"],
                SigningAlgorithm::EdDsa => &["alg", "crv", "kid", "kty", "use", "x"],
                SigningAlgorithm::Rs256 => &["alg", "e", "kid", "kty", "n", "use"],
            };
            assert_eq!(members, expected.iter().copied().collect());
            assert_eq!((&jwk["alg"], &jwk["use"]), (&json!(algorithm.name()), &json!("sig")));
        }
    }
}

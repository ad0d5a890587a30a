//! The ports that the opened keys implement.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::keys::ports::{KeyMaker, PublishedKeys};
use domain::keys::rows::{KeyState, SigningAlgorithm, StoredSigningKey};
use domain::ports::clock::Timestamp;
use domain::ports::failure::PortFailure;
use domain::ports::secrets::{SealedSecret, SecretDigest, SecretKeeper, SecretPurpose};
use domain::sessions::claims::{AccessClaims, AccessToken, ShownSession};
use domain::sessions::ports::{TokenRefused, TokenSigner};

use crate::access_token::{MAX_LENGTH, PresentedClaims, PresentedHeader, SignedClaims};
use crate::data_key::DataKey;
use crate::keys::Keys;
use crate::open_error::OpenKeysError;
use crate::remembered::{Genuine, KeyMark, TokenDigest};
use crate::ring::Ring;
use crate::sealing_key::{SEPARATOR, SealError, key_id};
use crate::signing_key;

impl SecretKeeper for Keys {
    fn digest(&self, secret: &str) -> SecretDigest {
        self.digest_for(SecretPurpose::TokenHash, secret)
    }

    fn digest_for(&self, purpose: SecretPurpose, text: &str) -> SecretDigest {
        let ring = self.ring();
        let key = newest(&ring, purpose);
        let code = URL_SAFE_NO_PAD.encode(key.code(text.as_bytes()));
        SecretDigest::restore(format!("{}{SEPARATOR}{code}", key.id))
    }

    fn code(&self, purpose: SecretPurpose, message: &[u8]) -> [u8; 32] {
        newest(&self.ring(), purpose).code(message)
    }

    fn code_holds(&self, purpose: SecretPurpose, message: &[u8], code: &[u8]) -> bool {
        // Every key is tried, whatever the ones before it said, so the time tells nothing.
        self.ring().of_purpose(purpose).fold(false, |held, key| key.code_holds(message, code) | held)
    }

    fn seal(&self, secret: &str, context: &str) -> Result<SealedSecret, PortFailure> {
        let ring = self.ring();
        let key = newest(&ring, SecretPurpose::Seal).sealing();
        key.seal(secret.as_bytes(), context, &*self.entropy).map_err(PortFailure::lasting)
    }

    fn open(&self, sealed: &SealedSecret, context: &str) -> Result<String, PortFailure> {
        let id = key_id(sealed).ok_or_else(|| PortFailure::lasting(SealError::Malformed))?;
        let ring = self.ring();
        let Some(key) = ring.of_purpose(SecretPurpose::Seal).find(|key| key.id == id) else {
            self.refresh_wish.wish(self.clock.now());
            return Err(PortFailure::lasting(SealError::OtherKey));
        };
        let opened = key.sealing().open(sealed, context).map_err(PortFailure::lasting)?;
        let text = str::from_utf8(&opened).map_err(|_| PortFailure::lasting(SealError::Malformed))?;
        Ok(text.to_owned())
    }
}

impl TokenSigner for Keys {
    fn sign(&self, claims: &AccessClaims) -> Result<AccessToken, PortFailure> {
        let (ring, algorithm) = (self.ring(), self.options.algorithm);
        let key = ring.active(algorithm).ok_or_else(|| PortFailure::lasting(OpenKeysError::NoSigningKey(algorithm)))?;
        let token = key.sign(&SignedClaims::of(claims, &self.options)).map_err(PortFailure::lasting)?;
        Ok(AccessToken::restore(token))
    }

    fn verify(&self, token: &str, now: Timestamp) -> Result<ShownSession, TokenRefused> {
        if token.len() > MAX_LENGTH {
            return Err(TokenRefused);
        }
        let (ring, digest) = (self.ring(), TokenDigest::of(token));
        // A key may have left the ring since its signature was found good; then it counts no more.
        let known = self.remembered.get(&digest).filter(|genuine| ring.counts(genuine.key));
        let genuine = known.or_else(|| self.genuine(&ring, token, now)).ok_or(TokenRefused)?;
        if !genuine.validity.includes(now) {
            return Err(TokenRefused);
        }
        if known.is_none() {
            self.remembered.put(digest, genuine);
        }
        Ok(genuine.shown)
    }
}

impl PublishedKeys for Keys {
    fn jwks(&self) -> String {
        self.ring().jwks().to_owned()
    }
}

impl KeyMaker for Keys {
    fn root(&self) -> String {
        self.root.id().into()
    }

    fn make(
        &self,
        algorithm: SigningAlgorithm,
        state: KeyState,
        now: Timestamp,
    ) -> Result<StoredSigningKey, PortFailure> {
        signing_key::make(algorithm, state, &self.root, now, &*self.entropy).map_err(PortFailure::lasting)
    }
}

impl Keys {
    /// What a token says, if it is an access token of ours, at whatever time.
    fn genuine(&self, ring: &Ring, token: &str, now: Timestamp) -> Option<Genuine> {
        let header = PresentedHeader::of(token).filter(PresentedHeader::is_of_access_token)?;
        let Some(key) = ring.by_kid(&header.kid) else {
            self.refresh_wish.wish(now);
            return None;
        };
        // The key alone says by which algorithm it verifies; a token that names another is not ours.
        if !header.names(key.algorithm.name()) {
            return None;
        }
        let claims: PresentedClaims = key.verify(token)?;
        let key = KeyMark::of(&key.kid);
        claims.are_for(&self.options).then(|| Genuine { shown: claims.shown(), validity: claims.validity(), key })
    }
}

fn newest(ring: &Ring, purpose: SecretPurpose) -> &DataKey {
    ring.of_purpose(purpose).next().expect("a ring in use has a data key for every purpose")
}

#[cfg(test)]
mod refusals;
#[cfg(test)]
mod round_trips;

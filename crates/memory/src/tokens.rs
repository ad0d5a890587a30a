//! Access tokens that only look like such.

use std::sync::{Mutex, PoisonError};

use domain::ids::{SessionId, UserId};
use domain::keys::ports::PublishedKeys;
use domain::ports::clock::Timestamp;
use domain::ports::failure::PortFailure;
use domain::sessions::claims::{AccessClaims, AccessToken, ShownSession};
use domain::sessions::opaque::hex;
use domain::sessions::ports::{TokenRefused, TokenSigner};
use uuid::Uuid;

use crate::bits::code;

/// A signer whose key is a number. Its tokens are `fake.<user>.<session>.<from>.<until>.<code>`, with
/// times in Unix seconds; it refuses altered, foreign, early and expired ones. For tests only.
#[derive(Debug)]
pub struct FakeTokenSigner {
    key: u64,
    signed: Mutex<Vec<AccessClaims>>,
}

impl FakeTokenSigner {
    /// A signer with this key. Two of one key believe each other.
    #[must_use]
    pub const fn new(key: u64) -> Self {
        Self { key, signed: Mutex::new(Vec::new()) }
    }

    /// The claims of every token that was signed, in their order.
    #[must_use]
    pub fn signed(&self) -> Vec<AccessClaims> {
        self.signed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn code(&self, body: &str) -> String {
        hex(&code(self.key, "access-token", body.as_bytes()))
    }
}

impl Default for FakeTokenSigner {
    fn default() -> Self {
        Self::new(1)
    }
}

impl TokenSigner for FakeTokenSigner {
    fn sign(&self, claims: &AccessClaims) -> Result<AccessToken, PortFailure> {
        let (from, until) = (claims.issued_at.timestamp(), claims.expires_at.timestamp());
        let body = format!("{}.{}.{from}.{until}.{}", claims.subject, claims.session, claims.id);
        self.signed.lock().unwrap_or_else(PoisonError::into_inner).push(claims.clone());
        Ok(AccessToken::restore(format!("fake.{body}.{}", self.code(&body))))
    }

    fn verify(&self, token: &str, now: Timestamp) -> Result<ShownSession, TokenRefused> {
        let (body, code) = token.strip_prefix("fake.").and_then(|rest| rest.rsplit_once('.')).ok_or(TokenRefused)?;
        if code != self.code(body) {
            return Err(TokenRefused);
        }
        let parts: Vec<_> = body.split('.').collect();
        let id = |at: usize| parts.get(at).and_then(|part| Uuid::parse_str(part).ok()).ok_or(TokenRefused);
        let second = |at: usize| parts.get(at).and_then(|part| part.parse::<i64>().ok()).ok_or(TokenRefused);
        if !(second(2)?..second(3)?).contains(&now.timestamp()) {
            return Err(TokenRefused);
        }
        Ok(ShownSession { user: UserId::restore(id(0)?), session: SessionId::restore(id(1)?) })
    }
}

impl PublishedKeys for FakeTokenSigner {
    fn jwks(&self) -> String {
        r#"{"keys":[]}"#.into()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use domain::ids::AccessTokenId;

    use super::*;
    use crate::clock::ManualClock;

    fn claims() -> AccessClaims {
        AccessClaims {
            subject: UserId::restore(Uuid::from_u128(1)),
            session: SessionId::restore(Uuid::from_u128(2)),
            id: AccessTokenId::restore(Uuid::from_u128(3)),
            issued_at: ManualClock::START,
            expires_at: ManualClock::START + TimeDelta::minutes(15),
            auth_time: ManualClock::START,
            methods: vec!["pwd"],
            email: "ada@example.org".into(),
            is_activated: false,
            roles: Vec::new(),
            domain: None,
        }
    }

    #[test]
    fn a_token_is_believed_unaltered_while_it_lasts_by_its_own_key() {
        let signer = FakeTokenSigner::new(1);
        let token = signer.sign(&claims()).expect("signed");
        let shown = ShownSession { user: claims().subject, session: claims().session };
        let second = TimeDelta::seconds(1);
        for (now, verdict) in [
            (claims().issued_at, Ok(shown)),
            (claims().expires_at - second, Ok(shown)),
            (claims().issued_at - second, Err(TokenRefused)),
            (claims().expires_at, Err(TokenRefused)),
        ] {
            assert_eq!(signer.verify(token.reveal(), now), verdict, "{now}");
        }
        assert_eq!(FakeTokenSigner::new(2).verify(token.reveal(), claims().issued_at), Err(TokenRefused));
        assert_eq!(signer.signed(), [claims()]);
    }

    #[test]
    fn an_altered_token_is_refused() {
        let signer = FakeTokenSigner::new(1);
        let token = signer.sign(&claims()).expect("signed");
        let token = token.reveal();
        for at in 0..token.len() {
            let other = if &token[at..=at] == "0" { "1" } else { "0" };
            let altered = format!("{}{other}{}", &token[..at], &token[at + 1..]);
            assert_eq!(signer.verify(&altered, claims().issued_at), Err(TokenRefused), "{altered}");
            assert_eq!(signer.verify(&token[..at], claims().issued_at), Err(TokenRefused));
        }
    }
}

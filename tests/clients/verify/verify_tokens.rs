//! Verifies access tokens of a user registry with jsonwebtoken: `verify_tokens ISSUER` reads one a line.

use std::error::Error;
use std::io::{Write as _, stdin, stdout};
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value};

const KEEP_KEYS: Duration = Duration::from_secs(300);
/// Made-up key ids must not make us ask the registry again and again.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(30);

struct Verifier {
    issuer: String,
    http: reqwest::Client,
    keys: Option<(JwkSet, Instant)>,
}

impl Verifier {
    /// The claims of a genuine token.
    async fn claims(&mut self, token: &str) -> Result<Map<String, Value>, Box<dyn Error>> {
        let header = decode_header(token)?;
        if header.typ.as_deref() != Some("at+jwt") {
            return Err("this is not an access token".into());
        }
        let key = self.key(&header.kid.ok_or("the token names no key")?).await?;
        // The key says which algorithm it is for; the token has no say in it.
        let algorithm = match key.common.key_algorithm {
            Some(KeyAlgorithm::ES256) => Algorithm::ES256,
            Some(KeyAlgorithm::EdDSA) => Algorithm::EdDSA,
            Some(KeyAlgorithm::RS256) => Algorithm::RS256,
            _ => return Err("the key is for another algorithm".into()),
        };
        let mut rules = Validation::new(algorithm);
        rules.set_issuer(&[&self.issuer]);
        rules.set_required_spec_claims(&["iss", "sub", "nbf", "exp"]);
        rules.validate_nbf = true;
        rules.leeway = 30;
        Ok(decode(token, &DecodingKey::from_jwk(&key)?, &rules)?.claims)
    }

    /// The key of this id: one that we have, or one that the registry has published since.
    async fn key(&mut self, id: &str) -> Result<Jwk, Box<dyn Error>> {
        let age = self.keys.as_ref().map(|(_, fetched)| fetched.elapsed());
        let known = self.keys.as_ref().and_then(|(keys, _)| keys.find(id)).cloned();
        match (known, age) {
            (Some(key), Some(age)) if age < KEEP_KEYS => return Ok(key),
            (None, Some(age)) if age < ASK_AGAIN_AFTER => return Err("the registry has no such key".into()),
            _ => {}
        }
        let url = format!("{}/.well-known/jwks.json", self.issuer);
        let keys: JwkSet = self.http.get(url).send().await?.error_for_status()?.json().await?;
        let key = keys.find(id).cloned();
        self.keys = Some((keys, Instant::now()));
        key.ok_or_else(|| "the registry has no such key".into())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let issuer = std::env::args().nth(1).ok_or("usage: verify_tokens ISSUER")?;
    let mut verifier = Verifier { issuer, http: reqwest::Client::new(), keys: None };
    for line in stdin().lines() {
        match verifier.claims(&line?).await {
            Ok(claims) => writeln!(stdout(), "{}", Value::Object(claims))?,
            Err(error) => writeln!(stdout(), "refused: {error}")?,
        }
    }
    Ok(())
}

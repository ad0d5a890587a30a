//! The keys that verify our access tokens.

use domain::keys::published::MAX_AGE;
use poem::Request;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};
use serde_json::Value;

use crate::caller::Context;
use crate::prepared::{knows, tag};
use crate::problem::Refusal;
use crate::query;
use crate::resources::Part;

pub(crate) struct Keys;

#[OpenApi(tag = "Part::Keys")]
impl Keys {
    /// Get the public keys
    ///
    /// A JWK Set (RFC 7517): the keys that sign, those that will, and those whose tokens may still live.
    /// Keep it for as long as `Cache-Control` says, and fetch it anew when a token names a `kid` that is
    /// not in it. With the `ETag` of what you have in `If-None-Match`, the answer is 304 while it is
    /// still the same; all replicas give the same.
    #[oai(path = "/.well-known/jwks.json", method = "get", operation_id = "getKeys")]
    async fn jwks(&self, request: &Request) -> poem::Result<KeysAnswer> {
        query::none(request)?;
        let jwks = Context::of(request)?.api.published_keys.jwks();
        let kept = format!("public, max-age={}", MAX_AGE.num_seconds());
        let tag = tag(jwks.as_bytes());
        if knows(request.headers(), &tag) {
            return Ok(KeysAnswer::NotModified(kept, tag));
        }
        let jwks = serde_json::from_str(&jwks).map_err(|_| Refusal::internal("the public keys are no JSON"))?;
        Ok(KeysAnswer::Ok(Json(jwks), kept, tag))
    }
}

#[derive(ApiResponse)]
pub(crate) enum KeysAnswer {
    /// The public keys.
    #[oai(status = 200)]
    Ok(
        Json<Value>,
        /// How long to keep them.
        #[oai(header = "Cache-Control")]
        String,
        /// What to send in `If-None-Match` the next time.
        #[oai(header = "ETag")]
        String,
    ),
    /// They are those that you have: keep them for as long again.
    #[oai(status = 304)]
    NotModified(
        /// How long to keep them.
        #[oai(header = "Cache-Control")]
        String,
        /// What to send in `If-None-Match` the next time.
        #[oai(header = "ETag")]
        String,
    ),
}

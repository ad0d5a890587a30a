//! The keys that verify our access tokens.

use poem::Request;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};
use serde_json::Value;

use crate::caller::Context;
use crate::problem::Refusal;
use crate::query;
use crate::resources::Part;

pub(crate) struct Keys;

#[OpenApi(tag = "Part::Keys")]
impl Keys {
    /// Get the public keys
    ///
    /// A JWK Set (RFC 7517). Keep it for as long as `Cache-Control` says, and fetch it anew when a
    /// token names a `kid` that is not in it.
    #[oai(path = "/.well-known/jwks.json", method = "get", operation_id = "getKeys")]
    async fn jwks(&self, request: &Request) -> poem::Result<KeysAnswer> {
        query::none(request)?;
        let jwks = Context::of(request)?.api.published_keys.jwks();
        let jwks = serde_json::from_str(&jwks).map_err(|_| Refusal::internal("the public keys are no JSON"))?;
        Ok(KeysAnswer::Ok(Json(jwks), "public, max-age=300".into()))
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
    ),
}

//! The unique access token of a user: `token_required`.

use std::fmt;

use crate::ports::entropy::Entropy;
use crate::sessions::opaque;

/// The `token_required` of the API, named as in AgStack's user registry: `urt_` and 256 random bits in
/// hex. It is shown once, hides itself in `Debug`, and only its keyed hash is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct UserToken(String);

impl UserToken {
    /// What every such token begins with.
    pub const PREFIX: &'static str = "urt_";

    /// A fresh token.
    #[must_use]
    pub fn fresh(entropy: &dyn Entropy) -> Self {
        Self(opaque::fresh(Self::PREFIX, entropy))
    }

    /// The token that a caller presents, if it has the shape of one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        opaque::has_shape(text, Self::PREFIX).then(|| Self(text.into()))
    }

    /// The secret itself, to be shown once or hashed.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UserToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserToken(..)")
    }
}

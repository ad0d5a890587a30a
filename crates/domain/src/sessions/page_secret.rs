//! The secret in the cookie of the pages.

use std::fmt;

use crate::ports::entropy::Entropy;
use crate::sessions::opaque;

/// The secret of a session of the pages: `urs_` and 256 random bits in hex. It hides itself in
/// `Debug`, and only its keyed hash is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct PageSecret(String);

impl PageSecret {
    /// What every such secret begins with.
    pub const PREFIX: &'static str = "urs_";

    /// A fresh secret.
    #[must_use]
    pub fn fresh(entropy: &dyn Entropy) -> Self {
        Self(opaque::fresh(Self::PREFIX, entropy))
    }

    /// The secret that a browser presents, if it has the shape of one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        opaque::has_shape(text, Self::PREFIX).then(|| Self(text.into()))
    }

    /// The secret itself, for the cookie.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PageSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageSecret(..)")
    }
}

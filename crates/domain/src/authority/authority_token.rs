//! The authority token of a domain.

use std::fmt;

use crate::domains::name::DomainName;
use crate::ports::clock::Timestamp;
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::ports::secrets::{SealedSecret, SecretDigest, SecretKeeper};
use crate::sessions::opaque;

/// An authority token: `uat_` and 256 random bits in hex. It hides itself in `Debug`.
///
/// It can be shown again, so it is stored sealed, with a keyed hash beside it for look-up.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorityToken(String);

impl AuthorityToken {
    /// What every such token begins with.
    pub const PREFIX: &'static str = "uat_";

    /// A fresh token.
    #[must_use]
    pub fn fresh(entropy: &dyn Entropy) -> Self {
        Self(opaque::fresh(Self::PREFIX, entropy))
    }

    /// The secret itself, for those who may read it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AuthorityToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthorityToken(..)")
    }
}

/// An authority token as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAuthorityToken {
    /// Whose it is; a domain has at most one.
    pub domain: DomainName,
    /// The token, sealed with the domain as its context.
    pub sealed: SealedSecret,
    /// Its keyed hash.
    pub digest: SecretDigest,
    /// When it was issued.
    pub issued_at: Timestamp,
}

impl StoredAuthorityToken {
    /// Seals a token for a domain.
    ///
    /// # Errors
    /// When the keeper fails.
    pub fn seal(
        token: &AuthorityToken,
        domain: DomainName,
        keeper: &dyn SecretKeeper,
        issued_at: Timestamp,
    ) -> Result<Self, PortFailure> {
        let sealed = keeper.seal(token.reveal(), domain.as_str())?;
        Ok(Self { sealed, digest: keeper.digest(token.reveal()), domain, issued_at })
    }

    /// Opens the token.
    ///
    /// # Errors
    /// When it was not sealed for this domain by this installation.
    pub fn open(&self, keeper: &dyn SecretKeeper) -> Result<AuthorityToken, PortFailure> {
        keeper.open(&self.sealed, self.domain.as_str()).map(AuthorityToken)
    }
}

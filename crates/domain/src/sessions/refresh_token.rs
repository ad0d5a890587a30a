//! Refresh tokens.

use std::fmt;

use uuid::Uuid;

use crate::ids::GrantId;
use crate::ports::secrets::{SecretKeeper, SecretPurpose};
use crate::sessions::opaque::{hex, unhex};

/// What a refresh token says: `urr_`, the grant's id, the generation, and a code over both.
///
/// The code is all that makes it genuine, so the same grant and generation always give the same
/// token, and none needs to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// The grant.
    pub grant: GrantId,
    /// The generation.
    pub generation: u32,
}

impl RefreshToken {
    /// What every refresh token begins with.
    pub const PREFIX: &'static str = "urr_";

    /// The token to hand out.
    #[must_use]
    pub fn issue(self, keeper: &dyn SecretKeeper) -> IssuedRefreshToken {
        let body = self.body();
        let code = keeper.code(SecretPurpose::RefreshCode, &body);
        IssuedRefreshToken(format!("{}{}{}", Self::PREFIX, hex(&body), hex(&code)))
    }

    /// What a genuine token says; `None` for any other text.
    #[must_use]
    pub fn read(text: &str, keeper: &dyn SecretKeeper) -> Option<Self> {
        let rest = text.strip_prefix(Self::PREFIX).filter(|rest| rest.len() == (BODY_BYTES + CODE_BYTES) * 2)?;
        let bytes = unhex(rest)?;
        let (body, code) = bytes.split_at(BODY_BYTES);
        if !keeper.code_holds(SecretPurpose::RefreshCode, body, code) {
            return None;
        }
        let (grant, generation) = body.split_at(GRANT_BYTES);
        Some(Self {
            grant: GrantId::restore(Uuid::from_slice(grant).ok()?),
            generation: u32::from_be_bytes(generation.try_into().ok()?),
        })
    }

    fn body(self) -> [u8; BODY_BYTES] {
        let mut body = [0; BODY_BYTES];
        body[..GRANT_BYTES].copy_from_slice(self.grant.uuid().as_bytes());
        body[GRANT_BYTES..].copy_from_slice(&self.generation.to_be_bytes());
        body
    }
}

/// A refresh token as its holder gets it. It hides itself in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedRefreshToken(String);

impl IssuedRefreshToken {
    /// The secret itself, to be shown once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IssuedRefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IssuedRefreshToken(..)")
    }
}

const GRANT_BYTES: usize = 16;
const BODY_BYTES: usize = GRANT_BYTES + 4;
const CODE_BYTES: usize = 32;

//! Hashes of passwords.

use std::fmt;

/// A password hash as it is stored: an argon2id PHC string, or an imported hash until its owner's
/// next login. It hides itself in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// The hash that an adapter made or a row holds.
    #[must_use]
    pub fn restore(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The hash as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

//! Hashes of passwords.

use std::fmt;

/// What stands before a hash that another program made.
const IMPORTED: &str = "imported:";

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

    /// A hash that another program made, perhaps of a password that was not normalised. It is marked,
    /// for nothing else about it need differ from one of ours.
    #[must_use]
    pub fn imported(hash: &str) -> Self {
        Self(format!("{IMPORTED}{hash}"))
    }

    /// The hash without its mark, if another program made it.
    #[must_use]
    pub fn as_imported(&self) -> Option<&str> {
        self.0.strip_prefix(IMPORTED)
    }

    /// The text to store.
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

#[cfg(test)]
mod tests {
    use super::PasswordHash;

    #[test]
    fn an_imported_hash_is_told_from_an_own_one_once_it_is_stored() {
        let imported = PasswordHash::imported("$argon2id$v=19$x");
        let restored = PasswordHash::restore(imported.as_str());
        assert_eq!(restored.as_imported(), Some("$argon2id$v=19$x"));
        assert_eq!(PasswordHash::restore("$argon2id$v=19$x").as_imported(), None);
    }

    #[test]
    fn a_hash_hides_itself() {
        assert_eq!(format!("{:?}", PasswordHash::imported("$argon2id$")), "PasswordHash(..)");
    }
}

//! Keyed hashing and sealing of opaque secrets.

use std::fmt;

use crate::ports::failure::PortFailure;

/// What a keyed hash or a code is for; each purpose has a key of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SecretPurpose {
    /// Keyed hashes of opaque tokens, by which they are looked up.
    TokenHash,
    /// Codes over refresh tokens.
    RefreshCode,
    /// Codes over the tokens in mails.
    MailedToken,
    /// Sealing of what can be shown again.
    Seal,
    /// Codes over the forms of the pages.
    FormCode,
    /// Keyed hashes of client addresses.
    AuditAddress,
}

impl SecretPurpose {
    /// Every purpose.
    pub const ALL: [Self; 6] =
        [Self::TokenHash, Self::RefreshCode, Self::MailedToken, Self::Seal, Self::FormCode, Self::AuditAddress];

    /// The name under which the database keeps the purpose's key.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TokenHash => "token-hash",
            Self::RefreshCode => "refresh-code",
            Self::MailedToken => "mailed-token",
            Self::Seal => "seal",
            Self::FormCode => "form-code",
            Self::AuditAddress => "audit-address",
        }
    }

    /// The purpose of that name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
    }
}

/// The keyed hash of a secret, with the id of its key: safe to store, useless to present.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecretDigest(String);

impl SecretDigest {
    /// The digest that a [`SecretKeeper`] made or a row holds.
    #[must_use]
    pub fn restore(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The digest as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A secret sealed by authenticated encryption, with the id of its key.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret(String);

impl SealedSecret {
    /// The sealed secret that a [`SecretKeeper`] made or a row holds.
    #[must_use]
    pub fn restore(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The sealed secret as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedSecret(..)")
    }
}

/// Hashes, authenticates and seals with the data keys of this installation.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait SecretKeeper: Send + Sync {
    /// The keyed hash of an opaque secret of at least 256 random bits. The same secret MUST give the
    /// same digest in every process on this database.
    fn digest(&self, secret: &str) -> SecretDigest;

    /// The keyed hash of a text by the key of another purpose.
    fn digest_for(&self, purpose: SecretPurpose, text: &str) -> SecretDigest;

    /// A code of 32 bytes over `message` (HMAC-SHA-256), the same in every process.
    fn code(&self, purpose: SecretPurpose, message: &[u8]) -> [u8; 32];

    /// Whether `code` is a code over `message` by any key of the purpose; in constant time.
    fn code_holds(&self, purpose: SecretPurpose, message: &[u8], code: &[u8]) -> bool;

    /// Seals `secret`; it opens only with the same `context`.
    ///
    /// # Errors
    /// When the cipher fails.
    fn seal(&self, secret: &str, context: &str) -> Result<SealedSecret, PortFailure>;

    /// Opens what [`Self::seal`] made.
    ///
    /// # Errors
    /// When the key is unknown, or the sealed secret or its context was altered.
    fn open(&self, sealed: &SealedSecret, context: &str) -> Result<String, PortFailure>;
}

//! Writes to accounts.

use crate::accounts::email::{EmailAddress, EmailKey};
use crate::accounts::locale::Locale;
use crate::accounts::password_hash::PasswordHash;
use crate::accounts::phone::PhoneNumber;
use crate::accounts::user::{User, UserState};
use crate::ids::UserId;
use crate::ports::clock::Timestamp;
use crate::ports::secrets::SecretDigest;

/// A write to an account.
#[derive(Clone, Debug, PartialEq)]
pub enum AccountChange {
    /// Adds a user with their primary address. An address that another user has, or has left and is still
    /// reserved for them when this one is made: `Conflict(Address)`.
    Add {
        /// The user.
        user: Box<User>,
        /// The hash of the password.
        password: PasswordHash,
        /// The digest of the `token_required`, if one is issued.
        user_token: Option<SecretDigest>,
    },
    /// Sets the phone number. Another version or no such user: `Stale`.
    SetPhone {
        /// The user.
        user: UserId,
        /// The version that was read.
        version: i64,
        /// The number; `None` removes it.
        phone_number: Option<PhoneNumber>,
        /// Now.
        at: Timestamp,
    },
    /// Sets whether others find the user's fields. Another version or no such user: `Stale`.
    SetDiscoverable {
        /// The user.
        user: UserId,
        /// The version that was read.
        version: i64,
        /// Whether they do.
        discoverable: bool,
        /// Now.
        at: Timestamp,
    },
    /// Sets the language that the user reads. Another version or no such user: `Stale`.
    SetLocale {
        /// The user.
        user: UserId,
        /// The version that was read.
        version: i64,
        /// The language; `None` removes it.
        locale: Option<Locale>,
        /// Now.
        at: Timestamp,
    },
    /// Sets whether the account can be used. Another version or no such user: `Stale`.
    SetState {
        /// The user.
        user: UserId,
        /// The version that was read.
        version: i64,
        /// What it is from now on.
        state: UserState,
        /// Now.
        at: Timestamp,
    },
    /// Sets or removes the `token_required`; a new one has not been used yet. Another version or no such user: `Stale`.
    SetUserToken {
        /// The user.
        user: UserId,
        /// The version that was read.
        version: i64,
        /// The digest; `None` removes it.
        digest: Option<SecretDigest>,
        /// When it ends, if it does.
        expires_at: Option<Timestamp>,
        /// Now.
        at: Timestamp,
    },
    /// Sets another password and ends the `token_required`. Another version or no such user: `Stale`.
    SetPassword {
        /// The user.
        user: UserId,
        /// The version that was read.
        version: i64,
        /// The hash.
        password: PasswordHash,
        /// Now.
        at: Timestamp,
    },
    /// Notes that the user's primary address is verified; when it already was, the earlier time stays.
    /// Another version, no such user, or another primary address: `Stale`.
    VerifyAddress {
        /// The user.
        user: UserId,
        /// The version that was read.
        version: i64,
        /// The address.
        address: EmailKey,
        /// Now.
        at: Timestamp,
    },
    /// Makes another address the user's primary one, verified now. Another version, no such user, or another
    /// primary address: `Stale`. An address that another user has, or has left and is still reserved for
    /// them: `Conflict(Address)`.
    SetAddress {
        /// The user.
        user: UserId,
        /// The version that was read.
        version: i64,
        /// The primary address until now.
        from: EmailKey,
        /// The one from now on; it may be another spelling of the same.
        to: EmailAddress,
        /// Until when nobody else may take the address that is left; `None` frees it at once.
        reserved_until: Option<Timestamp>,
        /// Now.
        at: Timestamp,
    },
    /// Takes the password and the `token_required` away. Another version or no such user: `Stale`.
    RemoveSecrets {
        /// The user.
        user: UserId,
        /// The version that was read.
        version: i64,
        /// Now.
        at: Timestamp,
    },
    /// Replaces an outdated hash of the same password. It leaves version and time alone, and when
    /// the hash is not `from` any more it touches no row and that is well.
    Rehash {
        /// The user.
        user: UserId,
        /// The hash that was verified.
        from: PasswordHash,
        /// The new one.
        to: PasswordHash,
    },
}

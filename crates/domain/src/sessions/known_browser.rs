//! What a browser keeps to be known again where an account has signed in with it.

use std::fmt;

use chrono::TimeDelta;
use uuid::Uuid;

use crate::accounts::password_hash::PasswordHash;
use crate::ids::UserId;
use crate::origin::Origin;
use crate::ports::clock::Timestamp;
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::ports::secrets::{SealedSecret, SecretKeeper, SecretPurpose};
use crate::sessions::opaque::{hex, unhex};

/// For how long a browser is known after an account has signed in with it.
pub const LIFETIME: TimeDelta = TimeDelta::days(180);
/// Of how many accounts a browser is known at most: of those that signed in last.
pub const MOST_ACCOUNTS: usize = 5;

/// A browser, and the accounts that have signed in with it.
///
/// It opens nothing: it only makes the delay of such an account count apart in this browser, and spares its
/// owner the mail about a new device. An account counts for as long as its password stands: whoever knew an
/// older one, or planted the account before its owner came, is known no more. Nobody but this installation
/// makes one or reads what is in it.
#[derive(Clone, PartialEq, Eq)]
pub struct KnownBrowser {
    id: [u8; ID_BYTES],
    accounts: Vec<SignIn>,
}

/// The last time that an account has signed in.
#[derive(Clone, Copy, PartialEq, Eq)]
struct SignIn {
    user: UserId,
    /// A code over the stored hash of the password that was right.
    password: [u8; CODE_BYTES],
    /// In seconds since 1970.
    at: i64,
}

impl KnownBrowser {
    /// The one that a browser shows; `None` for what is forged, cut or too old.
    #[must_use]
    pub fn read(text: &str, keeper: &dyn SecretKeeper, now: Timestamp) -> Option<Self> {
        let opened = keeper.open(&SealedSecret::restore(text), CONTEXT).ok()?;
        let bytes = unhex(&opened)?;
        let (id, rest) = bytes.split_first_chunk()?;
        let (accounts, []) = rest.as_chunks() else { return None };
        let is_fresh = |sign_in: &SignIn| now.timestamp().saturating_sub(sign_in.at) < LIFETIME.num_seconds();
        let accounts: Vec<_> = accounts.iter().filter_map(SignIn::of).filter(is_fresh).collect();
        (!accounts.is_empty()).then_some(Self { id: *id, accounts })
    }

    /// A text that tells it from any other.
    #[must_use]
    pub fn id(&self) -> String {
        hex(&self.id)
    }

    /// Whether the account has signed in with it by the password that it still has.
    #[must_use]
    pub fn knows(&self, user: UserId, password: &PasswordHash, keeper: &dyn SecretKeeper) -> bool {
        let message = message(user, password);
        let holds = |sign_in: &SignIn| keeper.code_holds(SecretPurpose::AuditAddress, &message, &sign_in.password);
        self.accounts.iter().any(|sign_in| sign_in.user == user && holds(sign_in))
    }
}

impl fmt::Debug for KnownBrowser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KnownBrowser(..)")
    }
}

/// What the browser of a request is to keep now that it is certain whose it is: by the right password, or
/// by one that was chosen just now.
pub(crate) fn remember(
    origin: &Origin,
    user: UserId,
    password: &PasswordHash,
    keeper: &dyn SecretKeeper,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<SealedSecret, PortFailure> {
    let (id, others) = origin
        .browser
        .as_ref()
        .map_or_else(|| (fresh_id(entropy), [].as_slice()), |browser| (browser.id, browser.accounts.as_slice()));
    let code = keeper.code(SecretPurpose::AuditAddress, &message(user, password));
    let own = SignIn { user, password: code, at: now.timestamp() };
    let others = others.iter().filter(|sign_in| sign_in.user != user);
    let accounts = std::iter::once(&own).chain(others).take(MOST_ACCOUNTS);
    let bytes = accounts.fold(id.to_vec(), |bytes, sign_in| [bytes.as_slice(), &sign_in.bytes()].concat());
    keeper.seal(&hex(&bytes), CONTEXT)
}

impl SignIn {
    fn of(bytes: &[u8; SIGN_IN_BYTES]) -> Option<Self> {
        let (user, rest) = bytes.split_first_chunk()?;
        let (password, at) = rest.split_first_chunk()?;
        let user = UserId::restore(Uuid::from_bytes(*user));
        Some(Self { user, password: *password, at: i64::from_be_bytes(at.try_into().ok()?) })
    }

    fn bytes(&self) -> [u8; SIGN_IN_BYTES] {
        let mut bytes = [0; SIGN_IN_BYTES];
        bytes[..USER_BYTES].copy_from_slice(self.user.uuid().as_bytes());
        bytes[USER_BYTES..USER_BYTES + CODE_BYTES].copy_from_slice(&self.password);
        bytes[USER_BYTES + CODE_BYTES..].copy_from_slice(&self.at.to_be_bytes());
        bytes
    }
}

fn fresh_id(entropy: &dyn Entropy) -> [u8; ID_BYTES] {
    let mut id = [0; ID_BYTES];
    entropy.fill(&mut id);
    id
}

fn message(user: UserId, password: &PasswordHash) -> Vec<u8> {
    format!("known browser {user} {}", password.as_str()).into_bytes()
}

const CONTEXT: &str = "known-browser";
const ID_BYTES: usize = 16;
const USER_BYTES: usize = 16;
const CODE_BYTES: usize = 32;
const SIGN_IN_BYTES: usize = USER_BYTES + CODE_BYTES + 8;

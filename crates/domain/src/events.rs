//! What happened: one event per plan of writes.

pub mod list_own_events;
pub mod own_event;
pub mod ports;

use crate::access::{Actor, Subject};
use crate::accounts::email::EmailAddress;
use crate::ids::{EventId, UserId};
use crate::origin::Origin;
use crate::ports::clock::Timestamp;
use crate::ports::entropy::Entropy;
use crate::ports::secrets::{SecretKeeper, SecretPurpose};
use crate::sessions::opaque::hex;

/// What happened, who did it to what, when, and from where. It is written in the transaction
/// of the writes that it tells of, so its row tells whether they were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The id.
    pub id: EventId,
    /// What happened.
    pub kind: EventKind,
    /// Who did it.
    pub actor: EventActor,
    /// To what.
    pub subject: EventSubject,
    /// Whose account it concerns, if one's.
    pub user: Option<UserId>,
    /// From where.
    pub origin: Origin,
    /// When.
    pub at: Timestamp,
    /// More about it; never a secret.
    pub data: Vec<(&'static str, String)>,
}

impl Event {
    /// An event that happens now.
    #[must_use]
    pub fn now(kind: EventKind, actor: &Actor, subject: EventSubject, at: Timestamp, entropy: &dyn Entropy) -> Self {
        Self {
            id: EventId::fresh(at, entropy),
            kind,
            actor: EventActor::of(actor),
            subject,
            user: actor.user_id(),
            origin: actor.origin.clone(),
            at,
            data: Vec::new(),
        }
    }

    /// The same, concerning a user's account who has not shown who they are, or whom somebody else acts on.
    #[must_use]
    pub fn about(self, user: UserId) -> Self {
        Self { user: Some(user), ..self }
    }

    /// The same, done by a user who shows who they are in the course of it.
    #[must_use]
    pub fn by(self, user: UserId) -> Self {
        Self { actor: EventActor::User(user), user: Some(user), ..self }
    }

    /// The same, with more about it.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.data.push((name, value.to_string()));
        self
    }
}

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventActor {
    /// Somebody who has not shown who they are.
    Nobody,
    /// The operator, or the program itself.
    System,
    /// A user.
    User(UserId),
}

impl EventActor {
    fn of(actor: &Actor) -> Self {
        match &actor.subject {
            Subject::Nobody => Self::Nobody,
            Subject::System => Self::System,
            Subject::User(user, _) => Self::User(user.id),
        }
    }

    /// The word in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::System => "system",
            Self::User(_) => "user",
        }
    }
}

/// To what something happened: its kind, and its id as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSubject {
    /// The kind: `user`, `session`, `field`, `domain`, `keys`, `signing-key`, `address`, `throttle`.
    pub kind: &'static str,
    /// The id.
    pub id: String,
}

impl EventSubject {
    /// A subject.
    #[must_use]
    pub fn new(kind: &'static str, id: impl ToString) -> Self {
        Self { kind, id: id.to_string() }
    }

    /// An e-mail address that may be nobody's, by its keyed hash.
    #[must_use]
    pub fn address(email: &EmailAddress, keeper: &dyn SecretKeeper) -> Self {
        let code = keeper.code(SecretPurpose::AuditAddress, email.key().as_str().as_bytes());
        Self::new("address", hex(&code))
    }
}

macro_rules! event_kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal),* $(,)?) => {
        /// What happened. The names are stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum EventKind { $($(#[$doc])* $kind,)* }

        impl EventKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The stable, dotted name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }
        }
    };
}

event_kinds! {
    /// Somebody signed up.
    UserSignedUp = "user.signed-up",
    /// Somebody wanted to sign up with an address that has an account, and its owner was told.
    SignedUpAgain = "user.signed-up-again",
    /// The operator made a user.
    UserCreated = "user.created",
    /// An account was shut.
    UserDisabled = "user.disabled",
    /// An account was opened again.
    UserEnabled = "user.enabled",
    /// A user asked for the mail that verifies their address again.
    VerificationSent = "user.verification-sent",
    /// A user showed that their address is theirs.
    AddressVerified = "user.address-verified",
    /// A user wants another address, which is to be confirmed.
    AddressChangeSent = "user.address-change-sent",
    /// A user confirmed another address, which is theirs now.
    AddressChanged = "user.address-changed",
    /// A change of the address was taken back by the mail to the address before.
    AddressChangeUndone = "user.address-change-undone",
    /// Somebody asked for a new password for a user.
    PasswordResetSent = "user.password-reset-sent",
    /// Somebody asked for a mail for an address that gets none: it is nobody's, or needs none.
    MailNotSent = "mail.not-sent",
    /// A user chose a new password by a mailed token.
    PasswordReset = "user.password-reset",
    /// A user changed their password.
    PasswordChanged = "user.password-changed",
    /// A user changed or removed their phone number.
    PhoneNumberChanged = "user.phone-number-changed",
    /// A user said whether others find their fields.
    DiscoverabilityChanged = "user.discoverability-changed",
    /// A user said which language they read.
    LanguageChanged = "user.language-changed",
    /// A user said both at once.
    PreferencesChanged = "user.preferences-changed",
    /// A user got a new `token_required`.
    UserTokenIssued = "user-token.issued",
    /// A user removed their `token_required`.
    UserTokenRemoved = "user-token.removed",
    /// A user logged in.
    SessionStarted = "session.started",
    /// A login was refused.
    LogInRefused = "login.refused",
    /// A refresh token was exchanged for the next.
    SessionRefreshed = "session.refreshed",
    /// A user logged out, or ended a session from another one.
    SessionEnded = "session.ended",
    /// A user ended all their sessions, or all but one.
    SessionsEnded = "session.all-ended",
    /// An old refresh token was used again, and its session ended.
    RefreshTokenReused = "session.refresh-token-reused",
    /// Rows of the table of domains were made or changed.
    DomainsPut = "domains.put",
    /// A row of the table of domains was removed.
    DomainRemoved = "domains.removed",
    /// A domain got an authority token.
    AuthorityTokenIssued = "authority-token.issued",
    /// A domain's authority token was replaced.
    AuthorityTokenRotated = "authority-token.rotated",
    /// A domain's authority token was revoked.
    AuthorityTokenRevoked = "authority-token.revoked",
    /// A user added a land field.
    FieldAdded = "field.added",
    /// A user replaced a land field.
    FieldReplaced = "field.replaced",
    /// A user removed a land field.
    FieldRemoved = "field.removed",
    /// Something was tried too often, and refused: so many times since the last such event of its key.
    Throttled = "throttle.refused",
    /// Keys of this installation were made.
    KeysMade = "keys.made",
    /// The next signing keys became active.
    KeysRotated = "keys.rotated",
    /// The operator revoked a signing key.
    KeyRevoked = "keys.revoked",
    /// Retired signing keys were removed, for no token of theirs lives any more.
    KeysForgotten = "keys.forgotten",
    /// The root secret was changed.
    KeysRewrapped = "keys.rewrapped",
}

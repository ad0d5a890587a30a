//! The plan of writes: what a use case decided, as a value.

pub mod account;

use crate::access::{Actor, Operation};
use crate::accounts::password_hash::PasswordHash;
use crate::authority::authority_token::StoredAuthorityToken;
use crate::changes::account::AccountChange;
use crate::domains::name::DomainName;
use crate::domains::policy::DomainRule;
use crate::events::Event;
use crate::ids::{FieldId, GrantId, MailedTokenId, SessionId, UserId};
use crate::keys::rows::{KeyState, StoredDataKey, StoredSigningKey};
use crate::land::field::Field;
use crate::mail::delivery::Delivery;
use crate::mail::mailed_token::{MailedToken, MailedTokenPurpose};
use crate::ports::clock::Timestamp;
use crate::ports::secrets::{SealedSecret, SecretDigest};
use crate::sessions::grant::Grant;
use crate::sessions::session::{EndReason, Session};

/// What is to be written in one transaction or not at all, and the event that tells of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {
    /// What happened; every plan has one, and its row tells whether the plan was carried out.
    pub event: Event,
    /// The writes, in their order.
    pub list: Vec<Change>,
}

impl Changes {
    /// A plan that so far only records what happened.
    #[must_use]
    pub const fn new(event: Event) -> Self {
        Self { event, list: Vec::new() }
    }

    /// A plan of somebody who may do `operation`: it is only carried out while that holds.
    #[must_use]
    pub fn of(actor: &Actor, operation: Operation, event: Event) -> Self {
        Self::new(event).with_all(actor.requirements(operation))
    }

    /// The same plan with one more write.
    #[must_use]
    pub fn with(mut self, change: impl Into<Change>) -> Self {
        self.list.push(change.into());
        self
    }

    /// The same plan with more writes.
    #[must_use]
    pub fn with_all<C: Into<Change>>(mut self, changes: impl IntoIterator<Item = C>) -> Self {
        self.list.extend(changes.into_iter().map(Into::into));
        self
    }
}

/// One write, by room; or a rule that must hold when the writes before it are done.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// To an account.
    Account(AccountChange),
    /// To a session or a grant.
    Session(SessionChange),
    /// To the table of domains.
    Domain(DomainChange),
    /// To an authority token.
    Authority(AuthorityChange),
    /// To a land field.
    Land(LandChange),
    /// To the mail.
    Mail(MailChange),
    /// To the keys.
    Key(KeyChange),
    /// A rule over several rows: its row is locked first, then it is checked. When it does not hold:
    /// `Broken`.
    Require(Invariant),
}

/// A write to a session or a grant.
#[derive(Clone, Debug, PartialEq)]
pub enum SessionChange {
    /// Opens a session, if its user is active and still has the password that was verified; else
    /// `Stale`. Of the user's sessions that have not ended, only the newest
    /// [`MOST_SESSIONS`](crate::sessions::session::MOST_SESSIONS) by their ids stay, but for those that open at the same
    /// moment, until the next one; of a backlog of more each ends a part.
    Open {
        /// The session.
        session: Session,
        /// The digest of the secret of the pages, if it is theirs.
        page_secret: Option<SecretDigest>,
        /// The hash that was verified.
        verified: PasswordHash,
    },
    /// Adds a grant to a session.
    AddGrant {
        /// The grant.
        grant: Grant,
        /// Now.
        at: Timestamp,
    },
    /// Moves a grant from one generation to the next and the session's `last_seen_at` to `at`, if
    /// the grant is still of `from`, the session has not ended and its user is active; else `Stale`.
    Rotate {
        /// The grant.
        grant: GrantId,
        /// The grant's session.
        session: SessionId,
        /// The generation that was presented.
        from: u32,
        /// The next one.
        to: u32,
        /// Now.
        at: Timestamp,
    },
    /// Ends every session of a user that has not ended, but for `except`.
    EndAll {
        /// The user.
        user: UserId,
        /// The session that goes on.
        except: Option<SessionId>,
        /// Why.
        reason: EndReason,
        /// Now.
        at: Timestamp,
    },
    /// Ends a session of a user. Another user's, one that has ended already or is not there: `Stale`.
    EndOwn {
        /// The session.
        session: SessionId,
        /// The user.
        user: UserId,
        /// Why.
        reason: EndReason,
        /// Now.
        at: Timestamp,
    },
    /// Ends a session. One that has ended already or is not there: `Stale`.
    End {
        /// The session.
        session: SessionId,
        /// Why.
        reason: EndReason,
        /// Now.
        at: Timestamp,
    },
}

/// A write to the table of domains.
#[derive(Clone, Debug, PartialEq)]
pub enum DomainChange {
    /// Makes the row of a domain, or changes what an existing one says and its `updated_at`: id and
    /// `created_at` of an existing row stay.
    Put(DomainRule),
    /// Removes the row of a domain. None there: `Stale`.
    Remove(DomainName),
}

/// A write to an authority token.
#[derive(Clone, Debug, PartialEq)]
pub enum AuthorityChange {
    /// Adds the token of a domain that has none; else `Conflict(Authority)`.
    Issue(StoredAuthorityToken),
    /// Replaces the token of a domain, or adds it.
    Put(StoredAuthorityToken),
    /// Removes the token of a domain. None there: `Stale`.
    Revoke(DomainName),
}

/// A write to a land field.
#[derive(Clone, Debug, PartialEq)]
pub enum LandChange {
    /// Adds a field. Another field of its user has the GeoID: `Conflict(GeoId)`.
    Add(Field),
    /// Replaces name, GeoID, boundary and `updated_at` of the field with this id and user. None
    /// there: `Stale`; another of its user has the GeoID: `Conflict(GeoId)`.
    Replace(Field),
    /// Removes a field of a user. None there: `Stale`.
    Remove {
        /// The field.
        field: FieldId,
        /// Its user.
        user: UserId,
    },
}

/// A write to the mail.
#[derive(Clone, Debug, PartialEq)]
pub enum MailChange {
    /// Adds a token, and ends every other of its user and purpose if that is one of which a user has one at
    /// a time.
    AddToken(MailedToken),
    /// Uses a token up. One that is not there, was used or ended, is of another purpose, or has expired at
    /// `at`: `AlreadyUsed`.
    UseToken {
        /// The token.
        token: MailedTokenId,
        /// What it is used for.
        purpose: MailedTokenPurpose,
        /// Now.
        at: Timestamp,
    },
    /// Ends every token of a user and purpose, or those that were made after a time.
    EndTokens {
        /// The user.
        user: UserId,
        /// The purpose.
        purpose: MailedTokenPurpose,
        /// The time; `None` for every one.
        made_after: Option<Timestamp>,
        /// Now.
        at: Timestamp,
    },
    /// Queues a letter that is due at once.
    Queue(Delivery),
}

/// A write to the keys.
#[derive(Clone, Debug, PartialEq)]
pub enum KeyChange {
    /// Notes the fingerprint of the root secret in a new database; else `Conflict(Root)`.
    SetRoot {
        /// The fingerprint.
        fingerprint: String,
        /// Now.
        at: Timestamp,
    },
    /// Adds a data key. A taken id: `Conflict(Random)`.
    AddData(StoredDataKey),
    /// Adds a signing key. Another of its algorithm is next, or active, as this one:
    /// `Conflict(SigningKey)`.
    AddSigning(StoredSigningKey),
    /// Moves the revision of the keys on by one. Another than this: `Stale`.
    ///
    /// Every plan that a use case makes for the keys begins with it: the row that it locks lets one such
    /// plan at a time through, and only on the keys that it was decided on.
    Revise {
        /// The revision that was read.
        from: i64,
    },
    /// Makes the next key the active one. One that is not next or not there: `Stale`; while another of its
    /// algorithm is active: `Conflict(SigningKey)`.
    Promote {
        /// The key.
        kid: String,
        /// Now.
        at: Timestamp,
    },
    /// Retires the active key. One that is not active or not there: `Stale`.
    Retire {
        /// The key.
        kid: String,
        /// Now.
        at: Timestamp,
    },
    /// Removes the signing key of this id, and with it all its tokens. One that is not in this state or
    /// not there: `Stale`.
    Remove(String, KeyState),
    /// Notes that another root secret wraps the keys. Another than `from` did: `Stale`.
    ChangeRoot {
        /// The fingerprint of the one before.
        from: String,
        /// The fingerprint of the new one.
        to: String,
        /// Now.
        at: Timestamp,
    },
    /// Wraps the data key of this id anew. None there: `Stale`.
    SealData(String, SealedSecret),
    /// Wraps the signing key of this id anew. None there: `Stale`.
    SealSigning(String, SealedSecret),
}

/// A rule over several rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invariant {
    /// The user has at most [`crate::land::field::MAX_FIELDS`] fields; the user's row is locked.
    FieldLimit(UserId),
    /// The user is active, and stays so until the transaction ends: the user's row is locked.
    Active(UserId),
    /// The user is active and the session, which is theirs, has not ended. Both rows are locked until
    /// the transaction ends, so that whoever ends or disables them comes before or after it.
    SessionStands(UserId, SessionId),
    /// The user is active and has the `token_required` of this digest; the user's row is locked.
    UserTokenStands(UserId, SecretDigest),
    /// The user administers the registry; the user's row is locked.
    Administrator(UserId),
    /// No row blocks the domain, and none will before this transaction ends.
    NotBlocked(DomainName),
}

/// What only one row may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UniqueKey {
    /// The canonical form of an e-mail address.
    Address,
    /// The authority token of a domain.
    Authority,
    /// The GeoID of a field, per user.
    GeoId,
    /// The root of this installation.
    Root,
    /// The next or the active signing key of an algorithm.
    SigningKey,
    /// An id or a digest of random bits: it never happens by chance.
    Random,
}

macro_rules! into_change {
    ($($room:ident($change:ident)),*) => {
        $(impl From<$change> for Change {
            fn from(change: $change) -> Self {
                Self::$room(change)
            }
        })*
    };
}

into_change!(Account(AccountChange), Session(SessionChange), Domain(DomainChange));
into_change!(Authority(AuthorityChange), Land(LandChange), Mail(MailChange), Key(KeyChange));
into_change!(Require(Invariant));

//! The ports of the mail.

use async_trait::async_trait;
use thiserror::Error;

use crate::accounts::user::User;
use crate::ids::{DeliveryId, MailedTokenId};
use crate::mail::delivery::{Delivery, DeliveryOutcome};
use crate::mail::letter::Letter;
use crate::mail::mailed_token::{IssuedMailedToken, MailedToken};
use crate::ports::clock::Timestamp;
use crate::ports::failure::PortFailure;

/// A mailed token that can still be used, and its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldMailedToken {
    /// The token.
    pub token: MailedToken,
    /// Its user, in whatever state.
    pub user: User,
}

/// Reads mailed tokens.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait MailedTokens: Send + Sync {
    /// The token of this id with its user, by one statement; `None` when there is none, or it was used or
    /// ended. Whether it is too old is not judged here.
    async fn by_id(&self, id: MailedTokenId) -> Result<Option<HeldMailedToken>, PortFailure>;
}

/// The queue of letters.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Deliveries: Send + Sync {
    /// Takes the letter that is due longest at `now`, counts the attempt, and keeps it from everybody else
    /// until `until`, by one statement; `None` when none is due. An adapter MUST give a letter to one
    /// claimant only, on every replica, and MUST give it again once its time is over.
    async fn claim(&self, now: Timestamp, until: Timestamp) -> Result<Option<Delivery>, PortFailure>;

    /// Notes what became of a claimed letter, unless somebody else has claimed it since.
    async fn settle(&self, delivery: &Delivery, outcome: DeliveryOutcome, at: Timestamp) -> Result<(), PortFailure>;
}

/// Sends letters.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Writes the letter out in its language and hands it over; the same `id` MUST give the same
    /// `Message-ID`, so that a letter that went out twice is recognised. A link in it MUST begin with the
    /// configured public URL.
    async fn send(
        &self,
        id: DeliveryId,
        letter: &Letter,
        token: Option<IssuedMailedToken>,
        written_at: Timestamp,
    ) -> Result<(), NotSent>;
}

/// Why a letter was not sent. The reason is for the log and names no secret.
#[derive(Debug, Error)]
pub enum NotSent {
    /// It may pass: it is tried again.
    #[error("the mail was not sent now: {0}")]
    Now(String),
    /// It will not: the address or the letter is refused.
    #[error("the mail will never be sent: {0}")]
    Ever(String),
}

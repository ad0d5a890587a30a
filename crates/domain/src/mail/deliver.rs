//! The letters that are due go out.

use std::sync::Arc;

use crate::mail::delivery::{Delivery, DeliveryOutcome, LEASE};
use crate::mail::mailed_token::IssuedMailedToken;
use crate::mail::ports::{Deliveries, MailedTokens, Mailer, NotSent};
use crate::ports::clock::{Clock, Timestamp};
use crate::ports::failure::PortFailure;
use crate::ports::secrets::SecretKeeper;

/// What became of one letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The letter.
    pub delivery: Delivery,
    /// What became of it.
    pub outcome: DeliveryOutcome,
    /// Why it is not out, for the log.
    pub reason: Option<String>,
    /// When that was known.
    pub at: Timestamp,
}

/// Sends the letters that are due. Several processes may do so side by side, and each may send several letters
/// at once.
///
/// A process that dies between sending and noting it leaves a letter that goes out once more: a mail is
/// never lost, and its `Message-ID` tells that it is the same.
pub struct Deliver {
    /// The queue.
    pub deliveries: Arc<dyn Deliveries>,
    /// Tells whether the token in a letter can still be used.
    pub tokens: Arc<dyn MailedTokens>,
    /// Sends.
    pub mailer: Arc<dyn Mailer>,
    /// Makes the token in the letter.
    pub keeper: Arc<dyn SecretKeeper>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl Deliver {
    /// Takes the letter that is due longest; `None` when none is due.
    ///
    /// # Errors
    /// When the queue fails.
    pub async fn claim(&self) -> Result<Option<Delivery>, PortFailure> {
        let now = self.clock.now();
        self.deliveries.claim(now, now + LEASE).await
    }

    /// Sends a claimed letter. What became of it is only known to others once it is settled.
    pub async fn send(&self, delivery: Delivery) -> Delivered {
        let now = self.clock.now();
        let (outcome, reason) = match self.is_worth_sending(&delivery, now).await {
            Err(settled) => settled,
            Ok(token) => match self.mailer.send(delivery.id, &delivery.letter, token, now).await {
                Ok(()) => (DeliveryOutcome::Sent, None),
                Err(NotSent::Ever(reason)) => (DeliveryOutcome::GivenUp, Some(reason)),
                Err(NotSent::Now(reason)) => (self.later(&delivery), Some(reason)),
            },
        };
        Delivered { delivery, outcome, reason, at: self.clock.now() }
    }

    /// Notes what became of a letter. It may be repeated, and should be while that fails: else the letter goes out
    /// once more.
    ///
    /// # Errors
    /// When the queue fails.
    pub async fn settle(&self, delivered: &Delivered) -> Result<(), PortFailure> {
        self.deliveries.settle(&delivered.delivery, delivered.outcome, delivered.at).await
    }

    /// The token that goes into the letter, or why the letter is not sent: a link that does not work any more helps
    /// nobody.
    async fn is_worth_sending(
        &self,
        delivery: &Delivery,
        now: Timestamp,
    ) -> Result<Option<IssuedMailedToken>, (DeliveryOutcome, Option<String>)> {
        if delivery.is_tried_too_often() {
            // Its senders have died, one after the other.
            return Err((DeliveryOutcome::GivenUp, Some("nobody came to an end with it".into())));
        }
        let Some(id) = delivery.letter.token else { return Ok(None) };
        match self.tokens.by_id(id).await {
            Ok(Some(held)) if now < held.token.expires_at => Ok(Some(IssuedMailedToken::of(id, &*self.keeper))),
            Ok(_) => Err((DeliveryOutcome::Dropped, Some("its link does not work any more".into()))),
            Err(failure) => Err((self.later(delivery), Some(failure.to_string()))),
        }
    }

    fn later(&self, delivery: &Delivery) -> DeliveryOutcome {
        let next = delivery.next_attempt(self.clock.now());
        next.map_or(DeliveryOutcome::GivenUp, DeliveryOutcome::Postponed)
    }
}

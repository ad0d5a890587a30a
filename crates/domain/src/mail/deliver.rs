//! The letters that are due go out.

use std::sync::Arc;

use crate::ids::DeliveryId;
use crate::mail::delivery::{Delivery, DeliveryOutcome, LEASE};
use crate::mail::letter::Template;
use crate::mail::mailed_token::IssuedMailedToken;
use crate::mail::ports::{Deliveries, Mailer, NotSent};
use crate::ports::clock::Clock;
use crate::ports::failure::PortFailure;
use crate::ports::secrets::SecretKeeper;

/// What became of one letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// Which.
    pub id: DeliveryId,
    /// What it tells.
    pub template: Template,
    /// What became of it.
    pub outcome: DeliveryOutcome,
    /// Why it is not out, for the log.
    pub reason: Option<String>,
}

/// Sends the letter that is due longest. Several processes may do so side by side.
///
/// A process that dies between sending and noting it leaves a letter that goes out once more: a mail is
/// never lost, and its `Message-ID` tells that it is the same.
pub struct Deliver {
    /// The queue.
    pub deliveries: Arc<dyn Deliveries>,
    /// Sends.
    pub mailer: Arc<dyn Mailer>,
    /// Makes the token in the letter.
    pub keeper: Arc<dyn SecretKeeper>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl Deliver {
    /// Sends one letter; `None` when none is due.
    ///
    /// # Errors
    /// When the queue fails.
    pub async fn run(&self) -> Result<Option<Delivered>, PortFailure> {
        let now = self.clock.now();
        let Some(delivery) = self.deliveries.claim(now, now + LEASE).await? else { return Ok(None) };
        let token = delivery.letter.token.map(|id| IssuedMailedToken::of(id, &*self.keeper));
        let sent = self.mailer.send(delivery.id, &delivery.letter, token, now).await;
        let at = self.clock.now();
        let (outcome, reason) = match sent {
            Ok(()) => (DeliveryOutcome::Sent, None),
            Err(NotSent::Ever(reason)) => (DeliveryOutcome::GivenUp, Some(reason)),
            Err(NotSent::Now(reason)) => {
                let next = delivery.next_attempt(at);
                (next.map_or(DeliveryOutcome::GivenUp, DeliveryOutcome::Postponed), Some(reason))
            }
        };
        self.deliveries.settle(&delivery, outcome, at).await?;
        let Delivery { id, letter, .. } = delivery;
        Ok(Some(Delivered { id, template: letter.template, outcome, reason }))
    }
}

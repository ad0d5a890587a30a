//! A mail that shows whether mail works.

use domain::accounts::email::EmailAddress;
use domain::ids::DeliveryId;
use domain::mail::letter::{Letter, Template};
use domain::mail::ports::{Mailer as _, NotSent};
use domain::ports::clock::Clock as _;

use crate::config::checked::Config;
use crate::failure::Failure;
use crate::system::{SystemClock, SystemEntropy};
use crate::wiring::post_office;

/// Sends it past the queue, so that an operator sees at once what is wrong, and gives where it went.
pub(crate) async fn run(config: &Config, to: EmailAddress) -> Result<String, Failure> {
    let (post_office, now) = (post_office(config)?, SystemClock.now());
    let letter = Letter::new(Template::Test, to, None);
    let sent = post_office.send(DeliveryId::fresh(now, &SystemEntropy), &letter, None, now).await;
    let destination = config.mail.destination.to_string();
    match sent {
        Ok(()) => Ok(destination),
        Err(NotSent::Now(reason) | NotSent::Ever(reason)) => {
            let reason = reason.trim_end_matches('.');
            Err(Failure::new(format!("The mail did not go to {destination}: {reason}.")))
        }
    }
}

//! A letter as a mail (RFC 5322, MIME).

use std::time::{Duration, SystemTime};

use domain::accounts::email::EmailAddress;
use domain::ids::DeliveryId;
use domain::ports::clock::Timestamp;
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};

use crate::rendering::Written;
use crate::sender::Sender;

/// What a mail needs beside its text.
pub(crate) struct Cover<'a> {
    pub(crate) id: DeliveryId,
    pub(crate) sender: &'a Sender,
    pub(crate) to: &'a EmailAddress,
    pub(crate) host: &'a str,
    pub(crate) written_at: Timestamp,
}

/// Makes a mail of a letter. The same delivery has the same `Message-ID`, whenever it is written.
///
/// # Errors
/// When no mail can be sent to the address.
pub(crate) fn mail(cover: &Cover<'_>, written: &Written) -> Result<Message, &'static str> {
    let to = wire_address(cover.to).ok_or("mail has no form for the address")?;
    let from = cover.sender.mailbox().clone();
    // Said outright, so that it is not read again out of the header.
    let envelope = Envelope::new(Some(from.email.clone()), vec![to.clone()]).map_err(|_| "there is no recipient")?;
    let parts = MultiPart::alternative()
        .boundary(format!("=_{}", cover.id))
        .singlepart(SinglePart::plain(written.text.clone()))
        .singlepart(SinglePart::html(written.html.clone()));
    Message::builder()
        .from(from)
        .to(Mailbox::new(None, to))
        .envelope(envelope)
        .subject(written.subject.as_str())
        .date(system_time(cover.written_at))
        .message_id(Some(format!("<{}@{}>", cover.id, cover.host)))
        .header(AutoSubmitted)
        .multipart(parts)
        .map_err(|_| "no mail can be made of the letter")
}

/// The address as mail servers know it: the local part as it was typed, the domain as A-labels.
fn wire_address(to: &EmailAddress) -> Option<Address> {
    let (local, _) = to.as_str().rsplit_once('@')?;
    Address::new(local, to.domain().as_str()).ok()
}

fn system_time(at: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(at.timestamp()).unwrap_or(0))
}

/// Tells programs that no person wrote the mail, so that none answers it (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

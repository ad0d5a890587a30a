//! Sends letters.

use std::sync::Arc;

use async_trait::async_trait;
use domain::ids::DeliveryId;
use domain::mail::letter::Letter;
use domain::mail::mailed_token::IssuedMailedToken;
use domain::mail::ports::{Mailer, NotSent};
use domain::ports::clock::Timestamp;
use thiserror::Error;

use crate::directory::Directory;
use crate::links::Link;
use crate::message::{self, Cover};
use crate::options::{Destination, Options, host_of};
use crate::outbox::{Outbox, Posted};
use crate::rendering::Written;
use crate::smtp::Smtp;

/// Writes letters out and hands them over.
#[derive(Debug)]
pub struct PostOffice {
    options: Options,
    way: Way,
}

/// How letters leave.
#[derive(Debug)]
enum Way {
    Directory(Directory),
    Smtp(Box<Smtp>),
    Outbox(Arc<Outbox>),
}

impl PostOffice {
    /// Opens the way to where letters go. A mail server is asked only once there is a letter.
    ///
    /// # Errors
    /// When the directory cannot be used, or the certificates to trust cannot be read.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        let way = match &options.destination {
            Destination::Directory(path) => Way::Directory(Directory::open(path)?),
            Destination::Smtp(server) => Way::Smtp(Box::new(Smtp::open(server, host_of(&options.public_url))?)),
            Destination::Outbox(outbox) => Way::Outbox(outbox.clone()),
        };
        Ok(Self { options, way })
    }
}

#[async_trait]
impl Mailer for PostOffice {
    async fn send(
        &self,
        id: DeliveryId,
        letter: &Letter,
        token: Option<IssuedMailedToken>,
        written_at: Timestamp,
    ) -> Result<(), NotSent> {
        let Options { public_url, sender, texts, .. } = &self.options;
        let link = Link::of(letter.template);
        let text = link.text(public_url, token.as_ref());
        if link.has_token() && text.is_none() {
            return Err(NotSent::Ever("the letter needs a token and has none".into()));
        }
        let host = host_of(public_url);
        let written = texts.write(letter, host, text.as_deref());
        let cover = Cover { id, sender, to: &letter.to, host, written_at };
        let mail = message::mail(&cover, &written).map_err(|why| NotSent::Ever(why.into()))?;
        match &self.way {
            Way::Directory(directory) => directory.send(id, written_at, mail.formatted()).await,
            Way::Smtp(smtp) => smtp.send(mail.envelope(), &mail.formatted()).await,
            Way::Outbox(outbox) => {
                let to = mail.envelope().to().iter().map(ToString::to_string).collect();
                let Written { subject, text, html } = written;
                outbox.post(Posted { to, mail: mail.formatted(), subject, text, html });
                Ok(())
            }
        }
    }
}

/// Why letters cannot go where they should.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The directory cannot be used.
    #[error("the mail directory {0} cannot be used: {1}")]
    Directory(String, String),
    /// The mails would be anybody's.
    #[error("the mail directory {0} is open to every user of this machine: run chmod 700 on it")]
    OpenToAll(String),
    /// The certificates cannot be read.
    #[error("the certificates to trust a mail server by cannot be read from {0}: {1}")]
    Certificates(String, String),
}

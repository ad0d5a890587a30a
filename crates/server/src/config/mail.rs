//! The settings of the mail.

use std::path::Path;

use mailer::options::{Destination, Options, host_of};
use mailer::sender::Sender;
use mailer::smtp_server::SmtpServer;
use mailer::texts::Texts;

use crate::config::checked::Check;

impl Check<'_> {
    /// Where mail goes, from whom, and what it says. Every file of the operator's own texts is read here.
    pub(super) fn mail(&mut self, public_url: Option<&str>, data_dir: &Path) -> Option<Options> {
        let destination = self.mail_destination(data_dir);
        let texts = self.mail_texts();
        let sender = self.mail_sender(public_url.map_or("localhost", host_of));
        Some(Options { public_url: public_url?.into(), sender: sender?, destination: destination?, texts: texts? })
    }

    fn mail_destination(&mut self, data_dir: &Path) -> Option<Destination> {
        let given = self.raw.get("mail_url");
        if given.is_empty() {
            return Some(Destination::Directory(data_dir.join("mail")));
        }
        let server = SmtpServer::parse(given);
        server
            .map_err(|error| self.wrong.push(format!("The setting mail_url does not hold: {error}.")))
            .ok()
            .map(Destination::Smtp)
    }

    fn mail_sender(&mut self, host: &str) -> Option<Sender> {
        let given = self.raw.get("mail_from");
        if given.is_empty() {
            return Some(Sender::of_host(host));
        }
        Sender::parse(given)
            .map_err(|error| self.wrong.push(format!("The setting mail_from does not hold: {error}.")))
            .ok()
    }

    fn mail_texts(&mut self) -> Option<Texts> {
        let given = self.raw.get("mail_templates");
        if given.is_empty() {
            return Some(Texts::default());
        }
        Texts::read(Path::new(given)).map_err(|sentences| self.wrong.extend(sentences)).ok()
    }
}

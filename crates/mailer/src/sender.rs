//! Who letters are from.

use std::fmt;
use std::net::IpAddr;

use domain::domains::name::DomainName;
use lettre::Address;
use lettre::message::Mailbox;
use thiserror::Error;

/// Who letters are from: an address, with a name before it or without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender(Mailbox);

impl Sender {
    /// Reads `address` or `name <address>`. The domain is kept as A-labels, for every mail server to understand.
    ///
    /// # Errors
    /// When it is none, or its local part is not ASCII: not every server could take it.
    pub fn parse(text: &str) -> Result<Self, SenderError> {
        let mailbox: Mailbox = text.parse().map_err(|_| SenderError)?;
        let (user, domain) = (mailbox.email.user(), mailbox.email.domain());
        let domain = if domain.is_ascii() { domain.into() } else { a_labels(domain)? };
        let has_control = mailbox.name.as_ref().is_some_and(|name| name.contains(char::is_control));
        if !user.is_ascii() || has_control {
            return Err(SenderError);
        }
        let address = Address::new(user, domain).map_err(|_| SenderError)?;
        Ok(Self(Mailbox::new(mailbox.name, address)))
    }

    /// `registry` at a host; at `localhost` where the host is a number, from which no mail could come.
    #[must_use]
    pub fn of_host(host: &str) -> Self {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let domain = if bare.parse::<IpAddr>().is_ok() { "localhost" } else { host };
        Self(Mailbox::new(None, Address::new_dangerous("registry", domain)))
    }

    pub(crate) const fn mailbox(&self) -> &Mailbox {
        &self.0
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text is no sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("this is neither an address nor a name and an address in angle brackets")]
pub struct SenderError;

fn a_labels(domain: &str) -> Result<String, SenderError> {
    DomainName::parse(domain).map(|name| name.as_str().to_owned()).map_err(|_| SenderError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_an_address_with_a_name_or_without() {
        for (text, address) in [
            ("registry@example.org", "registry@example.org"),
            ("Die Registratur <post@Bücher.example>", "post@xn--bcher-kva.example"),
            ("\"Acme, Inc.\" <a@b.example>", "a@b.example"),
        ] {
            assert_eq!(Sender::parse(text).unwrap().mailbox().email.to_string(), address);
        }
        for text in
            ["", "registry", "a@b@c", "pöst@example.org", "a@b.example\r\nBcc: c@d.example", "<>", "x\ny <a@b.example>"]
        {
            assert_eq!(Sender::parse(text), Err(SenderError), "{text:?}");
        }
    }

    #[test]
    fn a_host_of_any_kind_has_a_sender() {
        for (host, address) in [
            ("registry.example", "registry@registry.example"),
            ("localhost", "registry@localhost"),
            ("127.0.0.1", "registry@localhost"),
            ("[::1]", "registry@localhost"),
        ] {
            assert_eq!(Sender::of_host(host).to_string(), address);
        }
    }
}

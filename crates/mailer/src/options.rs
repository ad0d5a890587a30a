//! What the mailer needs to know.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::outbox::Outbox;
use crate::sender::Sender;
use crate::smtp_server::SmtpServer;
use crate::texts::Texts;

/// What the mailer needs to know.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the installation is reached, without a slash at its end: every link begins with it.
    pub public_url: String,
    /// Who letters are from.
    pub sender: Sender,
    /// Where they go.
    pub destination: Destination,
    /// What they say.
    pub texts: Texts,
}

/// Where letters go.
#[derive(Clone, Debug)]
pub enum Destination {
    /// Into a directory, a file each.
    Directory(PathBuf),
    /// To a mail server.
    Smtp(SmtpServer),
    /// Into memory, for tests.
    Outbox(Arc<Outbox>),
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) => write!(f, "the directory {}", path.display()),
            Self::Smtp(server) => write!(f, "the mail server {server}"),
            Self::Outbox(_) => f.write_str("memory"),
        }
    }
}

/// The host in a URL, without its port.
#[must_use]
pub fn host_of(public_url: &str) -> &str {
    let authority = public_url.split_once("://").map_or(public_url, |(_, rest)| rest);
    let authority = authority.split('/').next().unwrap_or_default();
    match authority.rfind(']') {
        Some(end) => &authority[..=end],
        None => authority.split(':').next().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_what_stands_between_scheme_and_port() {
        for (url, host) in [
            ("https://registry.example", "registry.example"),
            ("http://127.0.0.1:8080", "127.0.0.1"),
            ("http://[::1]:8080", "[::1]"),
            ("https://registry.example:444/below", "registry.example"),
        ] {
            assert_eq!(host_of(url), host);
        }
    }
}

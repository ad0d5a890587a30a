//! What holds where a setting leaves it open, for people to read.

use crate::config::checked::Config;
use crate::root_secret;

impl Config {
    /// What a setting comes to when its value does not say it by itself; never a secret.
    pub(crate) fn holds(&self, name: &str) -> Option<String> {
        match name {
            "public_url" => Some(self.public_url.clone()),
            "database_url" => Some(self.database_place.clone()),
            "secret" if self.secret.is_none() => Some(root_secret::path(self).display().to_string()),
            "issuer" => Some(self.tokens.issuer.clone()),
            "password_minimum" => Some(self.password_minimum.to_string()),
            "hashing_threads" => Some(self.hashing_size.threads.to_string()),
            "hashing_queue" => Some(self.hashing_size.queue_length.to_string()),
            "mail_url" => Some(self.mail.destination.to_string()),
            "mail_from" => Some(self.mail.sender.to_string()),
            _ => None,
        }
    }
}

//! Letters that are kept in memory, for tests.

use std::sync::{Mutex, PoisonError};

/// Letters that are kept in memory, for tests.
#[derive(Debug, Default)]
pub struct Outbox(Mutex<Vec<Posted>>);

/// A letter that went out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// Whom it went to, as the mail server would be told.
    pub to: String,
    /// The whole mail.
    pub mail: Vec<u8>,
    /// Its subject, as it was before it was wrapped up.
    pub subject: String,
    /// The same of its plain text.
    pub text: String,
    /// The same of its HTML.
    pub html: String,
}

impl Outbox {
    /// All letters, the oldest first.
    #[must_use]
    pub fn posted(&self) -> Vec<Posted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn post(&self, posted: Posted) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(posted);
    }
}

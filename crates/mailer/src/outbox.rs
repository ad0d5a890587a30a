//! Letters that are kept in memory, for tests.

use std::fmt;
use std::sync::{Mutex, PoisonError};

/// Letters that are kept in memory, for tests. They hold tokens, so `Debug` only tells how many there are.
#[derive(Default)]
pub struct Outbox(Mutex<Vec<Posted>>);

/// A letter that went out. It may hold a token, so it hides itself in `Debug`.
#[derive(Clone, PartialEq, Eq)]
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

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outbox({})", self.0.lock().unwrap_or_else(PoisonError::into_inner).len())
    }
}

impl fmt::Debug for Posted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Posted(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_letters() {
        let text = String::from("https://registry.example/mail/reset?token=urm_canary");
        let posted = Posted {
            to: "ada@example.org".into(),
            mail: text.clone().into_bytes(),
            subject: "Choose a new password".into(),
            text: text.clone(),
            html: text,
        };
        let outbox = Outbox::default();
        outbox.post(posted.clone());
        assert_eq!(format!("{posted:?} {outbox:?}"), "Posted(..) Outbox(1)");
    }
}

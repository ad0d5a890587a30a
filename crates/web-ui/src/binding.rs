//! To whom a form or a message belongs: a session, or a visitor who is not signed in.

use domain::ids::SessionId;
use domain::ports::entropy::Entropy;
use domain::ports::secrets::{SecretKeeper, SecretPurpose};
use domain::sessions::opaque::{hex, unhex};

const NONCE_BYTES: usize = 16;
const VISITOR_BYTES: usize = 32;

/// To whom a form or a message belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Binding {
    /// Somebody who is not signed in, by the value of their cookie.
    Visitor(String),
    /// A session.
    Session(SessionId),
}

impl Binding {
    /// A text that names the one and nobody else.
    pub(crate) fn context(&self) -> String {
        match self {
            Self::Visitor(id) => format!("visitor:{id}"),
            Self::Session(id) => format!("session:{id}"),
        }
    }

    /// A code for a form of theirs: a nonce, then a keyed hash over it and the owner. The nonce makes
    /// it another one on each page, so that compression tells nothing about it (BREACH).
    pub(crate) fn form_code(&self, keeper: &dyn SecretKeeper, entropy: &dyn Entropy) -> String {
        let mut nonce = [0; NONCE_BYTES];
        entropy.fill(&mut nonce);
        let code = keeper.code(SecretPurpose::FormCode, &self.message(&nonce));
        format!("{}{}", hex(&nonce), hex(&code))
    }

    /// Whether the code is one for a form of theirs.
    pub(crate) fn owns(&self, form_code: &str, keeper: &dyn SecretKeeper) -> bool {
        unhex(form_code).is_some_and(|bytes| {
            bytes
                .split_at_checked(NONCE_BYTES)
                .is_some_and(|(nonce, code)| keeper.code_holds(SecretPurpose::FormCode, &self.message(nonce), code))
        })
    }

    fn message(&self, nonce: &[u8]) -> Vec<u8> {
        [nonce, self.context().as_bytes()].concat()
    }
}

/// A fresh value for the cookie of a visitor.
pub(crate) fn fresh_visitor(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; VISITOR_BYTES];
    entropy.fill(&mut bytes);
    hex(&bytes)
}

/// Whether a cookie holds such a value.
pub(crate) fn is_visitor(text: &str) -> bool {
    unhex(text).is_some_and(|bytes| bytes.len() == VISITOR_BYTES)
}

//! The operations, a file per resource: each has its bodies and answers, asks one use case, and turns
//! every outcome into an answer.

pub(crate) mod accounts;
pub(crate) mod authority;
pub(crate) mod boundary;
pub(crate) mod domains;
pub(crate) mod email_change;
pub(crate) mod emails;
pub(crate) mod events;
pub(crate) mod fields;
pub(crate) mod health;
pub(crate) mod keys;
pub(crate) mod own_sessions;
pub(crate) mod passwords;
pub(crate) mod sessions;

use poem_openapi::Tags;

/// The parts of the API.
#[derive(Tags)]
pub(crate) enum Part {
    /// Sign up, and look after one's own account.
    Accounts,
    /// Log in, stay logged in, log out.
    Sessions,
    /// The land fields of one's own account.
    Fields,
    /// Which e-mail domains may register. For administrators.
    Domains,
    /// The authority tokens of domains.
    Authority,
    /// The keys that verify our access tokens.
    Keys,
    /// Whether the service is well.
    Health,
}

/// A sentence for a person.
#[derive(Debug, poem_openapi::Object)]
pub(crate) struct Message {
    /// What happened.
    pub(crate) message: String,
}

//! Identifiers: `UUIDv7` (RFC 9562), made here from the clock and from entropy.

use std::fmt;

use uuid::{Builder, Uuid};

use crate::ports::clock::Timestamp;
use crate::ports::entropy::Entropy;

/// A fresh UUIDv7: the milliseconds of `now`, then 74 random bits.
#[must_use]
pub fn fresh(now: Timestamp, entropy: &dyn Entropy) -> Uuid {
    let mut random = [0; 10];
    entropy.fill(&mut random);
    let milliseconds = u64::try_from(now.timestamp_millis()).unwrap_or(0);
    Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid()
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh id.
            #[must_use]
            pub fn fresh(now: Timestamp, entropy: &dyn Entropy) -> Self {
                Self(fresh(now, entropy))
            }

            /// The id that a row or a token holds.
            #[must_use]
            pub const fn restore(value: Uuid) -> Self {
                Self(value)
            }

            /// The id as a UUID.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// Of a user.
    UserId
}
id! {
    /// Of a session: one sign-in of one user.
    SessionId
}
id! {
    /// Of a grant: what a client holds on a session.
    GrantId
}
id! {
    /// Of an access token: its `jti`.
    AccessTokenId
}
id! {
    /// Of a row of the table of allowed and blocked e-mail domains.
    DomainRuleId
}
id! {
    /// Of a land field.
    FieldId
}
id! {
    /// Of an event.
    EventId
}
id! {
    /// Of the request that caused something; it stands in `x-request-id` and in events.
    RequestId
}
id! {
    /// Of a mailed token; the token itself is this and a code over it.
    MailedTokenId
}
id! {
    /// Of a letter on its way.
    DeliveryId
}

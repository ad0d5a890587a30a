//! What needs no transaction around it: each of its statements may count without the next.

use domain::ids::SessionId;
use domain::mail::delivery::{Delivery, DeliveryOutcome};
use domain::ports::clock::Timestamp;
use domain::ports::ledger::Receipt;
use domain::ports::secrets::SecretDigest;
use domain::retention::Leftover;
use sea_orm::ConnectionTrait;

use crate::failure::Unwritten;
use crate::writes::work::Done;
use crate::writes::{accounts, mail, retention, sessions};

/// What needs no transaction around it, and tells no event.
#[derive(Debug)]
pub(crate) enum Note {
    /// That a session was used.
    Seen {
        /// The session.
        session: SessionId,
        /// When.
        at: Timestamp,
    },
    /// That a `token_required` was used.
    Used {
        /// Its digest.
        digest: SecretDigest,
        /// When.
        at: Timestamp,
    },
    /// That a letter is somebody's to send.
    Claim {
        /// Now.
        now: Timestamp,
        /// Until when.
        until: Timestamp,
    },
    /// What became of a letter.
    Settle {
        /// Which.
        delivery: Box<Delivery>,
        /// What.
        outcome: DeliveryOutcome,
        /// Now.
        at: Timestamp,
    },
    /// That rows are too old to be kept.
    Purge {
        /// Which.
        what: Leftover,
        /// Before when they must be over.
        before: Timestamp,
        /// How many at most.
        most: usize,
    },
}

impl Note {
    /// Writes it.
    pub(crate) async fn write<C: ConnectionTrait>(&self, connection: &C) -> Result<Done, Unwritten> {
        let rows = match self {
            Self::Claim { now, until } => {
                return Ok(Done::Claimed(mail::claim(connection, *now, *until).await?.map(Box::new)));
            }
            Self::Seen { session, at } => sessions::note_last_seen(connection, *session, *at).await?,
            Self::Used { digest, at } => accounts::note_use(connection, digest, *at).await?,
            Self::Purge { what, before, most } => retention::purge(connection, *what, *before, *most).await?,
            Self::Settle { delivery, outcome, at } => mail::settle(connection, delivery, *outcome, *at).await?,
        };
        Ok(Done::Written(Receipt { rows: vec![rows] }))
    }
}

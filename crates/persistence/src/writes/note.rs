//! What needs no transaction around it, as each of its statements may count without the next; and the ports that do
//! nothing else.

use async_trait::async_trait;
use domain::ids::SessionId;
use domain::mail::delivery::{Delivery, DeliveryOutcome};
use domain::mail::ports::Deliveries;
use domain::ports::clock::Timestamp;
use domain::ports::failure::PortFailure;
use domain::ports::ledger::{Receipt, Rejected};
use domain::ports::secrets::SecretDigest;
use domain::retention::{Leftover, Retention};
use domain::sessions::ports::LastSeen;
use sea_orm::ConnectionTrait;

use crate::database::Database;
use crate::failure::{Unwritten, port_failure};
use crate::sql::{one, statements};
use crate::writes::work::{Done, Work};
use crate::writes::{accounts, mail, retention, sessions};

statements! {
    DUE = "SELECT 1 FROM deliveries WHERE state = 'waiting' AND due_at <= $1 LIMIT 1";
}

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

impl Database {
    async fn noted(&self, note: Note) -> Result<Done, PortFailure> {
        self.carry_out(Work::Note(note)).await.map_err(Rejected::unexpected)
    }
}

#[async_trait]
impl LastSeen for Database {
    async fn note(&self, session: SessionId, at: Timestamp) -> Result<(), PortFailure> {
        self.noted(Note::Seen { session, at }).await.map(|_| ())
    }

    async fn note_user_token(&self, digest: &SecretDigest, at: Timestamp) -> Result<(), PortFailure> {
        self.noted(Note::Used { digest: digest.clone(), at }).await.map(|_| ())
    }
}

#[async_trait]
impl Deliveries for Database {
    async fn claim(&self, now: Timestamp, until: Timestamp) -> Result<Option<Delivery>, PortFailure> {
        // Mostly there is none, and then nothing needs to wait for those who write.
        if one(self.reader(), DUE, [now.into()]).await.map_err(port_failure)?.is_none() {
            return Ok(None);
        }
        self.noted(Note::Claim { now, until }).await?.claimed()
    }

    async fn settle(&self, delivery: &Delivery, outcome: DeliveryOutcome, at: Timestamp) -> Result<(), PortFailure> {
        self.noted(Note::Settle { delivery: Box::new(delivery.clone()), outcome, at }).await.map(|_| ())
    }
}

#[async_trait]
impl Retention for Database {
    async fn purge(&self, what: Leftover, before: Timestamp, most: usize) -> Result<usize, PortFailure> {
        let receipt = self.noted(Note::Purge { what, before, most }).await?.receipt()?;
        Ok(receipt.rows.iter().sum::<u64>().try_into().unwrap_or(usize::MAX))
    }
}

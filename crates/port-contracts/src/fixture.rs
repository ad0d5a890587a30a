//! What an engine brings to the laws.

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use domain::accounts::ports::Accounts;
use domain::authority::ports::AuthorityTokens;
use domain::changes::Changes;
use domain::domains::ports::DomainRules;
use domain::events::Event;
use domain::events::ports::Events;
use domain::keys::ports::KeyStore;
use domain::land::ports::Fields;
use domain::mail::ports::{Deliveries, MailedTokens};
use domain::ports::ledger::{Ledger, Receipt, Rejected};
use domain::ports::readiness::Readiness;
use domain::retention::Retention;
use domain::sessions::ports::{Arrivals, LastSeen, Sessions};
use domain::throttles::ports::Throttles;

/// How often a plan is tried again after a failure that may pass: the laws crowd a database far more
/// than its pool of connections is made for.
const PATIENCE: usize = 50;

/// An empty database of one law's own, and two processes on it.
pub struct Fixture {
    /// The process that mostly writes.
    pub here: Ports,
    /// Another process on the same database; an engine that has only one gives it twice.
    pub there: Ports,
    /// Reads the events that were written.
    pub events: Arc<dyn EventLog>,
    /// Whatever must live as long as the database, such as its directory.
    pub keep: Box<dyn Any + Send + Sync>,
}

/// Every storage port of one process.
#[derive(Clone)]
pub struct Ports {
    /// Reads accounts.
    pub accounts: Arc<dyn Accounts>,
    /// Reads sessions.
    pub sessions: Arc<dyn Sessions>,
    /// Reads what logins are judged by.
    pub arrivals: Arc<dyn Arrivals>,
    /// Notes use.
    pub last_seen: Arc<dyn LastSeen>,
    /// Reads the table of domains.
    pub domain_rules: Arc<dyn DomainRules>,
    /// Reads authority tokens.
    pub authority_tokens: Arc<dyn AuthorityTokens>,
    /// Reads land fields.
    pub fields: Arc<dyn Fields>,
    /// Reads mailed tokens.
    pub mailed_tokens: Arc<dyn MailedTokens>,
    /// The queue of letters.
    pub deliveries: Arc<dyn Deliveries>,
    /// Reads what happened to accounts.
    pub own_events: Arc<dyn Events>,
    /// Removes what is too old.
    pub retention: Arc<dyn Retention>,
    /// Reads keys.
    pub keys: Arc<dyn KeyStore>,
    /// Writes.
    pub ledger: Arc<dyn Ledger>,
    /// Counts.
    pub throttles: Arc<dyn Throttles>,
    /// Tells whether the process can work.
    pub readiness: Arc<dyn Readiness>,
}

impl Ports {
    /// Carries out a plan; a failure that may pass is tried again. None of the laws takes a
    /// connection away, so such a failure never hides a commit.
    pub(crate) async fn apply(&self, changes: Changes) -> Result<Receipt, Rejected> {
        for _ in 1..PATIENCE {
            match self.ledger.apply(changes.clone()).await {
                Err(Rejected::Failed(failure)) if failure.retryable() => {}
                other => return other,
            }
        }
        self.ledger.apply(changes).await
    }
}

/// Reads the events of a database, with all that no port of the domain shows.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Every event, in any order.
    async fn events(&self) -> Vec<RecordedEvent>;
}

/// An event as it reads back: everything that [`Event`] says, as text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordedEvent {
    /// The id, as a UUID.
    pub id: String,
    /// The stable name of its kind.
    pub kind: String,
    /// The word for who did it, and their id, as a UUID, if they have one.
    pub actor: (String, Option<String>),
    /// The kind and id of what it was done to.
    pub subject: (String, String),
    /// Whose account it concerns, as a UUID.
    pub user: Option<String>,
    /// The keyed hash of the address, its network, and the device.
    pub place: (Option<String>, Option<String>, Option<String>),
    /// The request, as a UUID.
    pub request: Option<String>,
    /// When, in microseconds since 1970.
    pub at: i64,
    /// More about it, in its order.
    pub data: Vec<(String, String)>,
}

impl From<&Event> for RecordedEvent {
    fn from(event: &Event) -> Self {
        let actor = match event.actor {
            domain::events::EventActor::User(id) => Some(id.to_string()),
            domain::events::EventActor::Nobody | domain::events::EventActor::System => None,
        };
        Self {
            id: event.id.to_string(),
            kind: event.kind.name().into(),
            actor: (event.actor.name().into(), actor),
            subject: (event.subject.kind.into(), event.subject.id.clone()),
            user: event.user.map(|id| id.to_string()),
            place: (
                event.origin.address.as_ref().map(|address| address.digest().as_str().into()),
                event.origin.network().map(|network| network.to_string()),
                event.origin.device.as_ref().map(ToString::to_string),
            ),
            request: event.origin.request.map(|id| id.to_string()),
            at: event.at.timestamp_micros(),
            data: event.data.iter().map(|(name, value)| ((*name).into(), value.clone())).collect(),
        }
    }
}

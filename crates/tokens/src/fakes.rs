//! What the tests of this crate stand on instead of a world.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Waker};

use async_trait::async_trait;
use chrono::TimeDelta;
use domain::changes::{Change, Changes, KeyChange, UniqueKey};
use domain::events::Event;
use domain::ids::{AccessTokenId, SessionId, UserId};
use domain::keys::ports::KeyStore;
use domain::keys::rows::{KeyState, SigningAlgorithm, StoredDataKey, StoredSigningKey};
use domain::ports::clock::{Clock as _, Timestamp};
use domain::ports::failure::PortFailure;
use domain::ports::ledger::{Ledger, Receipt, Rejected};
use domain::sessions::claims::AccessClaims;
use memory::clock::ManualClock;
use memory::entropy::SeededEntropy;

use crate::keys::Keys;
use crate::open_error::OpenKeysError;
use crate::options::Options;
use crate::root_secret::RootSecret;

/// Who issues the tokens of the tests.
pub(crate) const ISSUER: &str = "https://registry.example.org";

/// Whether a future has come to its end.
pub(crate) fn is_ready(future: impl Future<Output = ()>) -> bool {
    pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

/// An installation: its database, its clock and its root secret.
pub(crate) struct Installation {
    pub(crate) table: Arc<KeyTable>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) root: RootSecret,
    entropy: Arc<SeededEntropy>,
}

impl Installation {
    pub(crate) fn new() -> Self {
        let entropy = SeededEntropy::default();
        let root = RootSecret::generate(&entropy);
        let clock = ManualClock::new();
        // Between two seconds, so that it shows that tokens have whole ones.
        clock.set(Timestamp::from_timestamp_micros(1_800_000_000_250_000).unwrap());
        Self { table: Arc::default(), clock: Arc::new(clock), root, entropy: Arc::new(entropy) }
    }

    /// A replica opens the keys.
    pub(crate) async fn try_open(&self, options: Options) -> Result<Keys, OpenKeysError> {
        let (store, ledger) = (Arc::clone(&self.table), Arc::clone(&self.table));
        Keys::open(&self.root, store, ledger, Arc::clone(&self.clock) as _, Arc::clone(&self.entropy) as _, options)
            .await
    }

    /// A replica that signs with this algorithm.
    pub(crate) async fn open(&self, algorithm: SigningAlgorithm) -> Keys {
        self.try_open(Options { algorithm, ..Options::new(ISSUER) }).await.unwrap()
    }

    /// The claims of a user who has just logged in.
    pub(crate) fn claims(&self) -> AccessClaims {
        let now = self.clock.now();
        AccessClaims {
            subject: UserId::fresh(now, &*self.entropy),
            session: SessionId::fresh(now, &*self.entropy),
            id: AccessTokenId::fresh(now, &*self.entropy),
            issued_at: now,
            expires_at: now + TimeDelta::minutes(15),
            auth_time: now - TimeDelta::hours(1),
            methods: vec!["pwd"],
            email: "Ada@Example.org".into(),
            is_activated: true,
            roles: vec!["administrator"],
            domain: Some("example.org".into()),
        }
    }
}

/// A database that knows only keys.
#[derive(Default)]
pub(crate) struct KeyTable(Mutex<Rows>);

#[derive(Clone, Default)]
pub(crate) struct Rows {
    pub(crate) fingerprint: Option<String>,
    pub(crate) revision: i64,
    pub(crate) data: Vec<StoredDataKey>,
    pub(crate) signing: Vec<StoredSigningKey>,
    pub(crate) events: Vec<Event>,
    pub(crate) is_away: bool,
}

impl KeyTable {
    pub(crate) fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap()
    }

    /// The rows, a moment later: others get their turn in between.
    async fn read(&self) -> Result<Rows, PortFailure> {
        tokio::task::yield_now().await;
        let rows = self.rows().clone();
        if rows.is_away { Err(PortFailure::passing("the database is away")) } else { Ok(rows) }
    }
}

#[async_trait]
impl KeyStore for KeyTable {
    async fn root_fingerprint(&self) -> Result<Option<String>, PortFailure> {
        Ok(self.read().await?.fingerprint)
    }

    async fn revision(&self) -> Result<i64, PortFailure> {
        Ok(self.read().await?.revision)
    }

    async fn data_keys(&self) -> Result<Vec<StoredDataKey>, PortFailure> {
        Ok(self.read().await?.data)
    }

    async fn signing_keys(&self) -> Result<Vec<StoredSigningKey>, PortFailure> {
        Ok(self.read().await?.signing)
    }
}

#[async_trait]
impl Ledger for KeyTable {
    async fn apply(&self, changes: Changes) -> Result<Receipt, Rejected> {
        tokio::task::yield_now().await;
        let mut rows = self.rows();
        let mut after = rows.clone();
        let count = changes.list.len();
        for change in changes.list {
            after.write(change)?;
        }
        after.events.push(changes.event);
        *rows = after;
        Ok(Receipt { rows: vec![1; count] })
    }
}

impl Rows {
    fn write(&mut self, change: Change) -> Result<(), Rejected> {
        match change {
            Change::Key(KeyChange::SetRoot { fingerprint, .. }) => {
                if self.fingerprint.replace(fingerprint).is_some() {
                    return Err(Rejected::Conflict(UniqueKey::Root));
                }
            }
            Change::Key(KeyChange::AddData(key)) => {
                if self.data.iter().any(|other| other.id == key.id) {
                    return Err(Rejected::Conflict(UniqueKey::Random));
                }
                self.data.push(key);
            }
            Change::Key(KeyChange::AddSigning(key)) => {
                let collides = |other: &StoredSigningKey| other.algorithm == key.algorithm && other.state == key.state;
                if key.state != KeyState::Retired && self.signing.iter().any(collides) {
                    return Err(Rejected::Conflict(UniqueKey::SigningKey));
                }
                self.signing.push(key);
            }
            Change::Key(KeyChange::Revise { from }) => {
                if self.revision != from {
                    return Err(Rejected::Stale);
                }
                self.revision += 1;
            }
            other => unreachable!("{other:?} is no write to the keys"),
        }
        Ok(())
    }
}

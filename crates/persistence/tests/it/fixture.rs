//! Databases that nobody else uses, and rows to put into them.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use domain::accounts::email::EmailAddress;
use domain::accounts::password_hash::PasswordHash;
use domain::accounts::user::{User, UserState};
use domain::changes::account::AccountChange;
use domain::changes::{Change, Changes, SessionChange};
use domain::domains::name::DomainName;
use domain::events::{Event, EventActor, EventKind, EventSubject};
use domain::ids::{EventId, GrantId, RequestId, SessionId, UserId};
use domain::origin::Origin;
use domain::ports::clock::Timestamp;
use domain::ports::ledger::{Ledger as _, Receipt, Rejected};
use domain::ports::secrets::SecretDigest;
use domain::sessions::grant::Grant;
use domain::sessions::session::{Channel, Session};
use persistence::database::Database;
use persistence::options::Options;
use sea_orm::ConnectionTrait as _;
use tempfile::TempDir;
use uuid::Uuid;

/// Where an empty database is. It goes with this value, or with the server.
pub(crate) struct Place {
    pub(crate) url: String,
    directory: Option<TempDir>,
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        let directory = TempDir::new().expect("a directory");
        let url = format!("sqlite:{}", directory.path().join("registry.db").display());
        Self { url, directory: Some(directory) }
    }

    #[expect(clippy::disallowed_methods, reason = "where the server is, only the environment knows")]
    pub(crate) async fn postgres() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let server = std::env::var("USER_REGISTRY_TEST_POSTGRES_URL").expect(
            "USER_REGISTRY_TEST_POSTGRES_URL names no PostgreSQL server; \
             `scripts/with-postgres cargo nextest run -p persistence` starts one",
        );
        let name = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let admin = sea_orm::Database::connect(&server).await.expect("the server");
        admin.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await.expect("dropped");
        admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("created");
        admin.close().await.expect("closed");
        let (server, _) = server.rsplit_once('/').expect("a path");
        Self { url: format!("{server}/{name}"), directory: None }
    }

    pub(crate) async fn open(&self) -> Database {
        Database::open(Options::new(&self.url)).await.expect("opened")
    }

    /// Removes the database from the server, where there may be thousands otherwise.
    pub(crate) async fn drop(self) {
        if self.directory.is_some() {
            return;
        }
        let (server, name) = self.url.rsplit_once('/').expect("a path");
        let admin = sea_orm::Database::connect(format!("{server}/postgres")).await.expect("the server");
        admin.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await.expect("dropped");
        admin.close().await.expect("closed");
    }

    /// A connection past the program.
    pub(crate) async fn raw(&self) -> sea_orm::DatabaseConnection {
        let url = if self.directory.is_some() { format!("{}?mode=rwc", self.url) } else { self.url.clone() };
        sea_orm::Database::connect(url).await.expect("connected")
    }

    /// One past the program whose settings and prepared statements are those of every call.
    pub(crate) async fn one_connection(&self) -> sea_orm::DatabaseConnection {
        let mut options = sea_orm::ConnectOptions::new(&self.url);
        options.max_connections(1);
        sea_orm::Database::connect(options).await.expect("connected")
    }

    /// The data file, on `SQLite`.
    pub(crate) fn file(&self) -> PathBuf {
        self.url.trim_start_matches("sqlite:").into()
    }
}

/// Stamps each law for both engines.
macro_rules! on_both_engines {
    ($($law:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $law() {
                super::$law(&crate::fixture::Place::sqlite()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $law() {
                super::$law(&crate::fixture::Place::postgres().await).await;
            })*
        }
    };
}
pub(crate) use on_both_engines;

/// So many microseconds after the start of 2026.
pub(crate) fn at(microseconds: i64) -> Timestamp {
    Timestamp::from_timestamp_micros(1_767_225_600_000_000 + microseconds).expect("a time")
}

/// An id that no other call gives.
pub(crate) fn id() -> Uuid {
    static LAST: AtomicU32 = AtomicU32::new(1);
    Uuid::from_u128(u128::from(LAST.fetch_add(1, Ordering::Relaxed)))
}

pub(crate) fn domain(name: &str) -> DomainName {
    DomainName::parse(name).expect("a domain")
}

pub(crate) fn digest(text: &str) -> SecretDigest {
    SecretDigest::restore(text)
}

pub(crate) fn hash(text: &str) -> PasswordHash {
    PasswordHash::restore(text)
}

pub(crate) fn user(email: &str) -> User {
    User {
        id: UserId::restore(id()),
        email: EmailAddress::parse(email).expect("an address"),
        email_verified_at: None,
        phone_number: None,
        discoverable: false,
        state: UserState::Active,
        administrator: false,
        locale: None,
        user_token: None,
        version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

/// Adds the user with the password hash `hash`.
pub(crate) fn adding(user: &User) -> Changes {
    plan().with(AccountChange::Add { user: Box::new(user.clone()), password: hash("hash"), user_token: None })
}

pub(crate) fn session(user: &User, channel: Channel) -> Session {
    Session::by_password(SessionId::restore(id()), user.id, channel, &Origin::default(), at(0))
}

pub(crate) fn opening(session: &Session, page_secret: Option<&str>) -> SessionChange {
    SessionChange::Open { session: session.clone(), page_secret: page_secret.map(digest), verified: hash("hash") }
}

/// A new grant on a session.
pub(crate) fn grant(session: &Session) -> Grant {
    Grant { id: GrantId::restore(id()), session: session.id, generation: 0, rotated_at: at(0) }
}

/// The plan of a login to the API.
pub(crate) fn log_in(session: &Session, grant: Grant) -> Changes {
    plan().with(opening(session, None)).with(SessionChange::AddGrant { grant, at: at(0) })
}

/// A plan that only says that something happened.
pub(crate) fn plan() -> Changes {
    Changes::new(Event {
        id: EventId::restore(id()),
        kind: EventKind::UserSignedUp,
        actor: EventActor::User(UserId::restore(id())),
        subject: EventSubject::new("user", "somebody"),
        user: None,
        origin: Origin::request(RequestId::restore(id())),
        at: at(1),
        data: vec![("quote", "\"'\u{e4}".into())],
    })
}

/// Carries out one change.
pub(crate) async fn apply(database: &Database, change: impl Into<Change>) -> Result<Receipt, Rejected> {
    database.apply(plan().with(change)).await
}

/// Carries out all plans at once, and gives their outcomes.
pub(crate) async fn race(database: &Database, plans: Vec<Changes>) -> Vec<Result<Receipt, Rejected>> {
    let tasks = plans.into_iter().map(|plan| {
        let database = database.clone();
        tokio::spawn(async move { database.apply(plan).await })
    });
    let mut outcomes = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        outcomes.push(task.await.expect("no panic"));
    }
    outcomes
}

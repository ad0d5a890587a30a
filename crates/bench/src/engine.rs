//! One engine, prepared for the scenarios.

use e2e::database::{Database, Engine};

use crate::process::Server;
use crate::registry::{Signed, sign_in_many};

/// How much is measured.
pub(crate) struct Extent {
    pub(crate) users: usize,
    /// How often a figure and its limit are measured, in turns.
    pub(crate) rounds: usize,
    /// How long each turn takes.
    pub(crate) seconds: f64,
    pub(crate) starts: usize,
    /// How many answers of each kind are compared.
    pub(crate) answers: usize,
}

const FULL: Extent = Extent { users: 10_000, rounds: 7, seconds: 3.0, starts: 11, answers: 200 };
const QUICK: Extent = Extent { users: 200, rounds: 1, seconds: 0.5, starts: 1, answers: 4 };

/// How much is measured in full or in a short try.
pub(crate) const fn extent(quick: bool) -> Extent {
    if quick { QUICK } else { FULL }
}

/// A database with users in it, on one engine.
pub(crate) struct Bench {
    pub(crate) name: &'static str,
    pub(crate) database: Database,
    pub(crate) extent: Extent,
    /// Users with a session each.
    pub(crate) signed: Vec<Signed>,
}

/// What the table calls an engine.
pub(crate) const fn name(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "SQLite",
        Engine::Postgres => "PostgreSQL",
    }
}

impl Bench {
    /// A new database: the server makes its tables, its keys and its root secret; then the users come.
    pub(crate) async fn prepare(engine: Engine, quick: bool) -> Self {
        let name = name(engine);
        let extent = extent(quick);
        let database = Database::new(engine).await;
        Server::start(&database).await.stop().await;
        let signed = sign_in_many(&database, extent.users).await;
        // Their letters would go out for minutes, beside whatever is measured.
        database.run("UPDATE deliveries SET state = 'sent'").await;
        Self { name, database, extent, signed }
    }
}

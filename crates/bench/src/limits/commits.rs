//! Bare grouped commits: the rows that the server writes for a change of a user's preferences, by one connection to a
//! SQLite file of its own on the same disk.

use std::time::{Duration, Instant};

use domain::ids::EventId;
use e2e::database::{Database, Engine};
use memory::entropy::SeededEntropy;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection as _, SqliteConnection, query, query_scalar};
use uuid::Uuid;

use crate::load::to_f64;
use crate::process::Server;
use crate::registry::{now, sign_in_many};

/// A file with users in it whose rows are written.
pub(crate) struct Commits {
    connection: SqliteConnection,
    users: Vec<Uuid>,
    entropy: SeededEntropy,
    /// It goes with this value.
    _database: Database,
}

impl Commits {
    /// A new file with tables like the server's and as many users.
    pub(crate) async fn prepare(users: usize) -> Self {
        let database = Database::new(Engine::Sqlite).await;
        Server::start(&database).await.stop().await;
        sign_in_many(&database, users).await;
        let options = database.url.parse::<SqliteConnectOptions>().expect("an address");
        let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        let mut connection =
            SqliteConnection::connect_with(&options.foreign_keys(true)).await.expect("the file is there");
        let users = query_scalar("SELECT id FROM users").fetch_all(&mut connection).await.expect("they are there");
        Self { connection, users, entropy: SeededEntropy::new(2), _database: database }
    }

    /// Writes for so long, once for every user in each commit: how many writes a second that are.
    pub(crate) async fn per_second(&mut self, seconds: f64) -> f64 {
        let (started, mut written) = (Instant::now(), 0_usize);
        while started.elapsed() < Duration::from_secs_f64(seconds) {
            self.commit(written.is_multiple_of(2)).await.expect("nobody else writes");
            written += self.users.len();
        }
        to_f64(written) / started.elapsed().as_secs_f64()
    }

    async fn commit(&mut self, discoverable: bool) -> sqlx::Result<()> {
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        let at = now();
        for user in &self.users {
            let set = "UPDATE users SET discoverable = $2, version = version + 1, updated_at = $3 WHERE id = $1";
            query(set).bind(user).bind(discoverable).bind(at).execute(&mut *transaction).await?;
            let record = "INSERT INTO events (id, kind, actor, actor_id, subject_kind, subject_id, request_id, at, \
                          data, user_id, address, network, device) \
                          VALUES ($1, 'user.discoverability_changed', 'user', $2, 'user', $3, $4, $5, $6, $2, $7, $8, $9)";
            let id = EventId::fresh(at, &self.entropy).uuid();
            let data = r#"{"discoverable":"true"}"#;
            let record = query(record).bind(id).bind(user).bind(user.to_string()).bind(id).bind(at).bind(data);
            let record = record.bind("0123456789abcdef0123456789abcdef").bind("127.0.0.0/24").bind(None::<String>);
            record.execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }
}

//! A database of its own for every test.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection as _, Executor as _, PgConnection, Row as _, SqliteConnection};
use tempfile::TempDir;

/// Stamps each test once per engine: `sqlite::name` and `postgres::name`.
#[macro_export]
macro_rules! on_both_engines {
    ($($name:ident)*) => {
        mod sqlite {
            use $crate::database::{Database, Engine};
            $(#[tokio::test] async fn $name() { super::$name(Database::new(Engine::Sqlite).await).await })*
        }
        mod postgres {
            use $crate::database::{Database, Engine};
            $(#[tokio::test] async fn $name() { super::$name(Database::new(Engine::Postgres).await).await })*
        }
    };
}

/// The databases that the program runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The embedded one.
    Sqlite,
    /// The one for many replicas.
    Postgres,
}

/// An empty database, removed with this value.
#[derive(Debug)]
pub struct Database {
    /// Its kind.
    pub engine: Engine,
    /// What `USER_REGISTRY_DATABASE_URL` is to say.
    pub url: String,
    folder: TempDir,
}

/// Writes are held as long as this lives.
#[derive(Debug)]
pub enum Held {
    /// By the lock of the file.
    Sqlite(SqliteConnection),
    /// By a lock of the table that every change of the keys begins with.
    Postgres(PgConnection),
}

impl Database {
    /// A new one.
    ///
    /// # Panics
    /// When there is no PostgreSQL server to make it on.
    pub async fn new(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::in_folder(TempDir::new().expect("a temporary folder")),
            Engine::Postgres => Self::on_server(&server_url()).await,
        }
    }

    /// The SQLite file in a folder, which may be there already.
    #[must_use]
    pub fn in_folder(folder: TempDir) -> Self {
        let url = format!("sqlite://{}", folder.path().join("registry.sqlite").display());
        Self { engine: Engine::Sqlite, url, folder }
    }

    /// A copy of the SQLite file in a folder, its log and the secret, without the memory that processes share.
    ///
    /// # Panics
    /// When they cannot be copied.
    #[must_use]
    pub fn copy_of(folder: &Path) -> Self {
        let copy = TempDir::new().expect("a temporary folder");
        for name in ["registry.sqlite", "registry.sqlite-wal", "secret.key"] {
            std::fs::copy(folder.join(name), copy.path().join(name)).expect(name);
        }
        Self::in_folder(copy)
    }

    /// A new one on a PostgreSQL server, given by the address of a superuser.
    ///
    /// # Panics
    /// When the server does not answer.
    pub async fn on_server(server: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        Self { engine: Engine::Postgres, url: new_on_postgres(server).await, folder }
    }

    /// A folder that lives as long as the database.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a statement beside the program, as an operator might.
    ///
    /// # Panics
    /// When the statement fails.
    pub async fn run(&self, statement: &'static str) -> u64 {
        match self.engine {
            Engine::Sqlite => self.sqlite().await.execute(statement).await.map(|done| done.rows_affected()),
            Engine::Postgres => self.postgres().await.execute(statement).await.map(|done| done.rows_affected()),
        }
        .unwrap_or_else(|error| panic!("{statement}: {error}"))
    }

    /// Makes every account that rests rest for a quarter of an hour longer; gives how many counts that are. So no
    /// test depends on how fast it is.
    ///
    /// # Panics
    /// When what counts for the throttles cannot be written.
    pub async fn prolong_delays(&self) -> u64 {
        let statement = "UPDATE throttles SET next_at = next_at + 900000000 WHERE failures >= 5";
        match self.engine {
            Engine::Sqlite => {
                let url = format!("{}-throttles", self.url);
                let mut file = SqliteConnection::connect(&url).await.expect("the file of the counts");
                file.execute(statement).await.map(|done| done.rows_affected())
            }
            Engine::Postgres => self.postgres().await.execute(statement).await.map(|done| done.rows_affected()),
        }
        .unwrap_or_else(|error| panic!("{statement}: {error}"))
    }

    /// The first column of the only row of a query, as a number.
    ///
    /// # Panics
    /// When the query fails or gives no number.
    pub async fn number(&self, query: &'static str) -> i64 {
        match self.engine {
            Engine::Sqlite => self.sqlite().await.fetch_one(query).await.map(|row| row.get(0)),
            Engine::Postgres => self.postgres().await.fetch_one(query).await.map(|row| row.get(0)),
        }
        .unwrap_or_else(|error| panic!("{query}: {error}"))
    }

    /// Whether the file is whole; PostgreSQL looks after its own.
    ///
    /// # Panics
    /// When it is not.
    pub async fn is_whole(&self) {
        if self.engine == Engine::Sqlite {
            let broken = "SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'";
            assert_eq!(self.number(broken).await, 0, "the file is not whole");
        }
    }

    /// The name of every column of every table.
    ///
    /// # Panics
    /// When they cannot be read.
    pub async fn columns(&self) -> BTreeSet<String> {
        self.layout().await.into_iter().map(|(_, column)| column).collect()
    }

    /// Every row of every table as text.
    ///
    /// # Panics
    /// When they cannot be read.
    pub async fn rows(&self) -> BTreeSet<String> {
        let mut tables = BTreeMap::<String, Vec<String>>::new();
        for (table, column) in self.layout().await {
            tables.entry(table).or_default().push(column);
        }
        let mut rows = BTreeSet::new();
        for (table, columns) in tables {
            let cast = match self.engine {
                Engine::Sqlite => |column: &String| format!("quote(\"{column}\")"),
                Engine::Postgres => |column: &String| format!("coalesce(CAST(\"{column}\" AS text), 'NULL')"),
            };
            let columns = columns.iter().map(cast).collect::<Vec<_>>().join(" || ' ' || ");
            let query = format!("SELECT '{table} ' || {columns} FROM \"{table}\"");
            rows.extend(self.texts(query).await);
        }
        rows
    }

    /// Each table with each of its columns.
    async fn layout(&self) -> Vec<(String, String)> {
        let query = match self.engine {
            Engine::Sqlite => {
                "SELECT m.name || ' ' || c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c \
                 WHERE m.type = 'table'"
            }
            Engine::Postgres => {
                "SELECT table_name || ' ' || column_name FROM information_schema.columns \
                 WHERE table_schema = current_schema()"
            }
        };
        let pairs = self.texts(query.into()).await;
        pairs.iter().filter_map(|pair| pair.split_once(' ')).map(|(t, c)| (t.into(), c.into())).collect()
    }

    /// The first column of every row of a query, which is a text.
    ///
    /// # Panics
    /// When the query fails or gives no text.
    pub async fn texts(&self, query: String) -> Vec<String> {
        let said = query.clone();
        let query = sqlx::AssertSqlSafe(query);
        match self.engine {
            Engine::Sqlite => {
                let rows = self.sqlite().await.fetch_all(query).await;
                rows.map(|rows| rows.iter().map(|row| row.get(0)).collect())
            }
            Engine::Postgres => {
                let rows = self.postgres().await.fetch_all(query).await;
                rows.map(|rows| rows.iter().map(|row| row.get(0)).collect())
            }
        }
        .unwrap_or_else(|error| panic!("{said}: {error}"))
    }

    /// All that is stored, as bytes: the files of SQLite, or each row of each table of PostgreSQL as text.
    ///
    /// # Panics
    /// When it cannot be read.
    pub async fn contents(&self) -> Vec<u8> {
        match self.engine {
            Engine::Sqlite => {
                let entries = self.folder().read_dir().expect("the folder can be read");
                let files = entries.map(|entry| entry.expect("an entry")).filter(|entry| {
                    let name = entry.file_name();
                    [
                        "registry.sqlite",
                        "registry.sqlite-wal",
                        "registry.sqlite-throttles",
                        "registry.sqlite-throttles-wal",
                    ]
                    .iter()
                    .any(|file| name == *file)
                });
                // A log goes when the last connection closes, which may be one of the tests.
                let read = |path: &Path| match std::fs::read(path) {
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
                    read => read.expect("the file can be read"),
                };
                files.flat_map(|file| read(&file.path())).collect()
            }
            Engine::Postgres => {
                let mut connection = self.postgres().await;
                let tables = "SELECT format('SELECT CAST(t AS text) FROM %I.%I t', schemaname, tablename) \
                              FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')";
                let mut contents = Vec::new();
                for table in connection.fetch_all(tables).await.expect("the tables are listed") {
                    let query = sqlx::AssertSqlSafe(table.get::<String, _>(0));
                    for row in connection.fetch_all(query).await.expect("the table can be read") {
                        contents.extend_from_slice(row.get::<String, _>(0).as_bytes());
                        contents.push(b'\n');
                    }
                }
                contents
            }
        }
    }

    /// Lets nobody else write until the value that is given goes.
    ///
    /// # Panics
    /// When somebody else writes for too long.
    pub async fn hold_writes(&self) -> Held {
        match self.engine {
            Engine::Sqlite => {
                let mut connection = self.sqlite().await;
                connection.execute("BEGIN IMMEDIATE").await.expect("nobody writes");
                Held::Sqlite(connection)
            }
            Engine::Postgres => {
                let mut connection = self.postgres().await;
                connection.execute("BEGIN").await.expect("a transaction");
                let locked = connection.execute("LOCK TABLE installation IN EXCLUSIVE MODE").await;
                locked.expect("nobody writes to it");
                Held::Postgres(connection)
            }
        }
    }

    async fn sqlite(&self) -> SqliteConnection {
        SqliteConnection::connect(&self.url).await.expect("the file of the program can be read")
    }

    async fn postgres(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.expect("the PostgreSQL server of the tests answers")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.engine == Engine::Postgres {
            let url = self.url.clone();
            // A test ends within a runtime, which lets nobody wait in it.
            let dropped = std::thread::spawn(move || drop_on_postgres(&url)).join();
            // The server may be gone, as some tests ask it to be.
            let _ = dropped;
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn drop_on_postgres(url: &str) -> Option<()> {
    let (host, rest) = url.rsplit_once('/')?;
    let (name, options) = rest.split_once('?').map_or((rest, None), |(name, options)| (name, Some(options)));
    let options = options.map(|options| format!("?{options}")).unwrap_or_default();
    let mut connection = PgConnection::connect(&format!("{host}/postgres{options}")).await.ok()?;
    let drop = sqlx::AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
    connection.execute(drop).await.ok()?;
    Some(())
}

/// A new database on a server, such as that which `make test` provides.
async fn new_on_postgres(server: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    // Processes of several containers, which may have one number, share a server.
    let random = RandomState::new().hash_one(());
    let (process, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let name = format!("e2e_{process}_{count}_{random:016x}");
    let mut connection = PgConnection::connect(server).await.expect("the PostgreSQL server of the tests answers");
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    connection.execute(create).await.expect("the tests may make databases");
    let (base, options) = server.split_once('?').map_or((server, None), |(base, rest)| (base, Some(rest)));
    let (host, _) = base.rsplit_once('/').expect("the URL names a database");
    let options = options.map(|options| format!("?{options}")).unwrap_or_default();
    format!("{host}/{name}{options}")
}

#[expect(clippy::disallowed_methods, reason = "the tests are told by the environment where PostgreSQL is")]
fn server_url() -> String {
    std::env::var("USER_REGISTRY_TEST_POSTGRES_URL").expect(
        "USER_REGISTRY_TEST_POSTGRES_URL is not set: run `make test`, or `scripts/with-postgres COMMAND`, which sets it",
    )
}

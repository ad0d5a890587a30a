//! Programs that log in again and again, and people of many years: what somebody has gathered does not slow down what
//! they do every day.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use persistence::statements;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend};
use sqlx::{AssertSqlSafe, Row as _};

use crate::fixture::{Place, on_both_engines};

on_both_engines!(what_one_user_has_gathered_slows_nothing_down);

/// Of these two users the first has one row of each kind, and the second so many more.
const USERS: [&str; 2] = ["00000000000000000000000000000001", "00000000000000000000000000000002"];
const GATHERED: usize = 20_000;

/// A thousand users with a row of each kind, whose ids are numbers in 16 bytes; and what the second one has gathered,
/// of which whatever ends has ended.
const FILL: [&str; 6] = [
    "INSERT INTO users (id, email, password, token_required, discoverable, administrator, state, version, \
     created_at, updated_at) SELECT id, 'u' || n || '@example.org', 'hash' || n, 'token' || n, false, false, \
     'active', 1, at, at FROM numbers WHERE n <= 1000",
    "INSERT INTO user_emails (email_key, user_id, kind) SELECT 'u' || n || '@example.org', id, 'primary' FROM numbers \
     WHERE n <= 1000",
    "INSERT INTO sessions (id, user_id, channel, auth_time, amr, last_seen_at, expires_at, ended_at, created_at, network, \
     device) SELECT id, user_id, 'api', at, 'pwd', at, at, ended_at, at, '192.0.2.0', 'curl' FROM numbers",
    "INSERT INTO events (id, kind, actor, subject_kind, subject_id, user_id, at, data) \
     SELECT id, CASE WHEN n % 100 = 2 THEN 'session.created' ELSE 'session.refreshed' END, 'user', 'user', 'u', \
     user_id, at, '{}' FROM numbers",
    "INSERT INTO mailed_tokens (id, user_id, purpose, address, created_at, expires_at, ended_at) \
     SELECT id, user_id, 'verify-address', 'u@example.org', at, at, ended_at FROM numbers",
    "INSERT INTO land_fields (id, user_id, geo_id, boundary, created_at, updated_at) \
     SELECT id, user_id, 'geo' || n, 'boundary', at, at FROM numbers",
];

/// What is asked every day: words of one statement, and its values. `{user}` is an id of 32 digits, `{n}` its number.
/// Fields beside a user are missing: of these there are a thousand at most.
const ASKED: [(&str, &[&str]); 12] = [
    ("AS is_known_device", &["'u{n}@example.org'", "'192.0.2.0'", "'curl'"]),
    ("AS is_known_device", &["'u{n}@example.org'", "'192.0.2.0'", "'Firefox, Linux'"]),
    // No `User-Agent` tells.
    ("AS is_known_device", &["'u{n}@example.org'", "'192.0.2.0'", "NULL"]),
    ("AS is_known_device", &["'u{n}@example.org'", "'198.51.100.0'", "'curl'"]),
    ("FROM land_fields f WHERE f.user_id = $1", &["{user}", "{nobody}", "10"]),
    ("FROM events WHERE user_id = $1 AND id < $2 ORDER", &["{user}", "{last}", "10"]),
    ("AND kind <> 'session.refreshed'", &["{user}", "{last}", "10"]),
    ("WHERE u.id = $1 AND s.id = $2", &["{user}", "{user}"]),
    ("s.user_id = $1 AND s.ended_at IS NULL", &["{user}", "'2025-12-31 00:00:00+00:00'", "10"]),
    ("OFFSET $3)", &["{user}", "{user}", "999", "'crowded-out'", "'2026-01-02 00:00:00+00:00'"]),
    (
        "WHERE user_id = $1 AND id <> $2 AND",
        &["{user}", "{nobody}", "'2026-01-02 00:00:00+00:00'", "'logged-out'", "5000"],
    ),
    ("$3 WHERE user_id = $1 AND purpose = $2", &["{user}", "'verify-address'", "'2026-01-02 00:00:00+00:00'"]),
];

async fn what_one_user_has_gathered_slows_nothing_down(place: &Place) {
    place.open().await.close().await;
    let raw = place.one_connection().await;
    let engine = raw.get_database_backend();
    let fill = [numbers(engine)].into_iter().chain(FILL.map(Into::into));
    for sql in fill.chain(["ANALYZE".to_owned()]) {
        raw.execute_unprepared(&sql).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
    }
    let mut work = Work::of(&raw).await;
    for (words, values) in ASKED {
        let mut found = statements::all(engine).filter(|sql| sql.contains(words));
        let sql = found.next().unwrap_or_else(|| panic!("{words}"));
        assert_eq!(found.next(), None, "{words}: words of one statement");
        let [little, much] = [1, 2].map(|user| with_values(sql, values, user, engine));
        // The first time reads the catalogue as well.
        work.takes(&much).await;
        let (little, much) = (work.takes(&little).await, work.takes(&much).await);
        assert!(much < 2 * little + 200, "{much} to {little}: {words} {values:?}");
    }
    // What has to read all of them is seen to.
    let [little, much] =
        USERS.map(|user| format!("SELECT COUNT(*) FROM sessions WHERE user_id = {}", id(user, engine)));
    assert!(work.takes(&much).await > 2 * work.takes(&little).await + 200);
}

/// Numbers with an id each; those above a thousand are the second user's.
fn numbers(engine: DbBackend) -> String {
    let id = |number: &str| match engine {
        DbBackend::Postgres => format!("CAST(lpad(to_hex({number}), 32, '0') AS uuid)"),
        _ => format!("unhex(printf('%032x', {number}))"),
    };
    let at = match engine {
        DbBackend::Postgres => "CAST('2026-01-01 00:00:00+00' AS timestamptz)",
        _ => "'2026-01-01 00:00:00+00:00'",
    };
    let rows = 1000 + GATHERED;
    format!(
        "CREATE TEMP TABLE numbers AS WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count \
         WHERE n < {rows}) SELECT n, {} AS id, {} AS user_id, {at} AS at, CASE WHEN n > 1000 THEN {at} END AS ended_at \
         FROM count",
        id("n"),
        id("CASE WHEN n <= 1000 THEN n ELSE 2 END"),
    )
}

fn id(digits: &str, engine: DbBackend) -> String {
    if engine == DbBackend::Postgres { format!("CAST('{digits}' AS uuid)") } else { format!("X'{digits}'") }
}

/// The statement with its values for the first or the second user.
fn with_values(sql: &str, values: &[&str], user: usize, engine: DbBackend) -> String {
    let mut text = sql.to_owned();
    for (at, value) in values.iter().enumerate().rev() {
        let value = value
            .replace("{user}", &id(USERS[user - 1], engine))
            .replace("{nobody}", &id(&"0".repeat(32), engine))
            .replace("{last}", &id(&"f".repeat(32), engine))
            .replace("{n}", &user.to_string());
        text = text.replace(&format!("${}", at + 1), &value);
    }
    text
}

/// How much an engine does for a statement, which is no matter of time.
enum Work {
    /// The instructions of its virtual machine.
    Sqlite(sqlx::pool::PoolConnection<sqlx::Sqlite>, Arc<AtomicUsize>),
    /// The pages that it looks at.
    Postgres(sqlx::pool::PoolConnection<sqlx::Postgres>),
}

impl Work {
    async fn of(raw: &DatabaseConnection) -> Self {
        if raw.get_database_backend() == DbBackend::Postgres {
            return Self::Postgres(raw.get_postgres_connection_pool().acquire().await.expect("a connection"));
        }
        let mut connection = raw.get_sqlite_connection_pool().acquire().await.expect("a connection");
        let steps = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&steps);
        let count = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            true
        };
        connection.lock_handle().await.expect("the connection").set_progress_handler(1, count);
        Self::Sqlite(connection, steps)
    }

    /// For a statement that writes nothing in the end.
    async fn takes(&mut self, sql: &str) -> usize {
        self.run("BEGIN").await;
        let work = self.of_statement(sql).await;
        self.run("ROLLBACK").await;
        work
    }

    async fn run(&mut self, sql: &'static str) {
        match self {
            Self::Sqlite(connection, _) => drop(sqlx::query(sql).execute(&mut **connection).await.expect("done")),
            Self::Postgres(connection) => drop(sqlx::query(sql).execute(&mut **connection).await.expect("done")),
        }
    }

    async fn of_statement(&mut self, sql: &str) -> usize {
        match self {
            Self::Sqlite(connection, steps) => {
                let before = steps.load(Ordering::Relaxed);
                let asked = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut **connection).await;
                asked.unwrap_or_else(|error| panic!("{error}: {sql}"));
                steps.load(Ordering::Relaxed) - before
            }
            Self::Postgres(connection) => {
                let explain = format!("EXPLAIN (ANALYZE, BUFFERS) {sql}");
                let asked = sqlx::query(AssertSqlSafe(explain)).fetch_all(&mut **connection).await;
                let lines = asked.unwrap_or_else(|error| panic!("{error}: {sql}"));
                // The first such line is that of the whole.
                let pages = lines.iter().map(|line| line.get::<String, _>(0)).find(|line| line.contains("Buffers: "));
                pages.as_deref().map_or(0, |line| line.split('=').skip(1).map(leading_number).sum())
            }
        }
    }
}

fn leading_number(text: &str) -> usize {
    text.split(' ').next().unwrap_or_default().parse().expect("a number")
}

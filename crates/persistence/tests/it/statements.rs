//! How the engines carry out every statement when there are many rows: by an index, always.

use std::collections::BTreeSet;

use persistence::statements;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};

use crate::fixture::Place;

/// The tables that grow with users and time.
const GROWING: [&str; 9] =
    ["users", "user_emails", "sessions", "grants", "land_fields", "events", "deliveries", "mailed_tokens", "throttles"];

/// What may be read from end to end: a handful of rows each, the list that a statement was given, and the rows that it
/// has found, a thousand at most.
const SMALL: [&str; 6] = ["installation", "data_keys", "signing_keys", "json_each", "CONSTANT", "counted"];

/// A hundred thousand rows of each growing table. An id is the row's number in 16 bytes.
const FILL: [&str; 10] = [
    "INSERT INTO users (id, email, password, token_required, discoverable, administrator, state, version, \
     created_at, updated_at) SELECT id, 'u' || n || '@example.org', 'hash' || n, 'token' || n, false, false, \
     'active', 1, at, at FROM numbers",
    "INSERT INTO user_emails (email_key, user_id, kind) SELECT 'u' || n || '@example.org', id, 'primary' FROM numbers",
    "INSERT INTO domain_checks (id, belongs_to, domains, created_at, updated_at) \
     SELECT id, 1, 'd' || n || '.example', at, at FROM numbers WHERE n <= 5000",
    "INSERT INTO sessions (id, user_id, channel, page_secret, auth_time, amr, last_seen_at, expires_at, created_at) \
     SELECT id, id, 'pages', 'secret' || n, at, 'pwd', at, at, at FROM numbers",
    "INSERT INTO grants (id, session_id, generation, rotated_at, created_at) SELECT id, id, 0, at, at FROM numbers",
    "INSERT INTO land_fields (id, user_id, geo_id, boundary, created_at, updated_at) \
     SELECT id, id, 'geo' || n, 'boundary', at, at FROM numbers",
    "INSERT INTO events (id, kind, actor, subject_kind, subject_id, at, data) \
     SELECT id, 'user.signed-up', 'nobody', 'user', 'u' || n, at, '{}' FROM numbers",
    "INSERT INTO deliveries (id, channel, intent, state, due_at, created_at, updated_at) \
     SELECT id, 'mail', '{}', 'done', at, at, at FROM numbers",
    "INSERT INTO mailed_tokens (id, user_id, purpose, address, created_at, expires_at) \
     SELECT id, id, 'verify-address', 'u' || n || '@example.org', at, at FROM numbers",
    "INSERT INTO throttles (key, recent, failures, next_at, over_at) SELECT 'k' || n, '', 1, n, n FROM numbers",
];

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_finds_every_row_by_an_index() {
    let place = Place::sqlite();
    place.open().await.close().await;
    let raw = place.raw().await;
    run(&raw, "PRAGMA synchronous = OFF").await;
    run(&raw, "PRAGMA foreign_keys = OFF").await;
    run(&raw, &format!("ATTACH '{}-throttles' AS counters", place.file().display())).await;
    let numbers = "CREATE TEMP TABLE numbers AS WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count \
                   WHERE n < 100000) SELECT n, CAST(printf('%016d', n) AS BLOB) AS id, '2026-01-01 00:00:00 +00:00' AS at FROM count";
    // The program never has SQLite look at how many rows there are; somebody else may.
    assert_eq!(scans_of_sqlite(&raw).await, Vec::<String>::new());
    fill(&raw, numbers).await;
    assert_eq!(scans_of_sqlite(&raw).await, Vec::<String>::new());
    // A plan that scans is told as one.
    let odd = texts(&raw, "EXPLAIN QUERY PLAN SELECT 1 FROM users WHERE locale = 'de'", "detail").await;
    assert_eq!(odd, ["SCAN users"]);
}

/// The steps that read a growing table from end to end, each with its statement.
async fn scans_of_sqlite(raw: &DatabaseConnection) -> Vec<String> {
    let mut scans = Vec::new();
    // Some texts hold several statements, and only the first would be explained.
    for sql in statements::all(DbBackend::Sqlite).flat_map(|text| text.split("; ")) {
        for step in texts(raw, &format!("EXPLAIN QUERY PLAN {sql}"), "detail").await {
            let table = step.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next());
            if table.is_some_and(|table| !SMALL.contains(&table)) {
                scans.push(format!("{step}: {sql}"));
            }
        }
    }
    scans
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_is_built_as_the_project_asks() {
    let place = Place::sqlite();
    place.open().await.close().await;
    let options = texts(&place.raw().await, "PRAGMA compile_options", "compile_options").await;
    let has = |name: &str| options.iter().any(|option| option == name);
    assert!(has("ENABLE_QPSG") && has("DEFAULT_MEMSTATUS=0"), "{options:?}");
    for name in ["MEMORY_MANAGEMENT", "STAT4", "FTS3", "FTS3_PARENTHESIS", "FTS5", "RTREE", "DBSTAT_VTAB"] {
        assert!(!has(&format!("ENABLE_{name}")), "{options:?}");
    }
    assert!(!has("SOUNDEX"), "{options:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_finds_every_row_by_an_index() {
    let place = Place::postgres().await;
    place.open().await.close().await;
    let raw = place.one_connection().await;
    run(&raw, "SET session_replication_role = replica").await;
    run(&raw, "SET synchronous_commit = off").await;
    let numbers = "CREATE TEMP TABLE numbers AS SELECT n, CAST(lpad(to_hex(n), 32, '0') AS uuid) AS id, \
                   CAST('2026-01-01 00:00:00+00' AS timestamptz) AS at FROM generate_series(1, 100000) n";
    fill(&raw, numbers).await;
    // The plan for any values, not for those of the first call.
    run(&raw, "SET plan_cache_mode = force_generic_plan").await;
    let mut scanned = Vec::new();
    for (number, sql) in statements::all(DbBackend::Postgres).enumerate() {
        run(&raw, &format!("PREPARE s{number} AS {sql}")).await;
        let values = vec!["NULL"; places(sql)].join(", ");
        let values = if values.is_empty() { values } else { format!("({values})") };
        for step in texts(&raw, &format!("EXPLAIN EXECUTE s{number}{values}"), "QUERY PLAN").await {
            let table = step.split("Seq Scan on ").nth(1).and_then(|rest| rest.split(' ').next());
            if table.is_some_and(|table| GROWING.contains(&table) || table == "domain_checks") {
                scanned.push(format!("{step}: {sql}"));
            }
        }
    }
    assert_eq!(scanned, Vec::<String>::new());
    // A plan that scans is told as one.
    let odd = texts(&raw, "EXPLAIN SELECT 1 FROM users WHERE locale = 'de'", "QUERY PLAN").await;
    assert!(odd[0].contains("Seq Scan on users "), "{odd:?}");
}

#[test]
fn no_statement_is_listed_twice() {
    for engine in [DbBackend::Sqlite, DbBackend::Postgres] {
        let all = statements::all(engine).collect::<Vec<_>>();
        let texts = all.iter().collect::<BTreeSet<_>>();
        // On SQLite nothing needs an advisory lock, and both kinds have one text.
        let twins = if engine == DbBackend::Sqlite { 1 } else { 0 };
        assert_eq!(texts.len(), all.len() - twins);
        assert!(all.len() > 30, "{}", all.len());
    }
}

async fn fill(raw: &DatabaseConnection, numbers: &str) {
    run(raw, "BEGIN").await;
    run(raw, numbers).await;
    for sql in FILL {
        run(raw, sql).await;
    }
    run(raw, "COMMIT").await;
    run(raw, "ANALYZE").await;
}

async fn run(raw: &DatabaseConnection, sql: &str) {
    raw.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
}

async fn texts(raw: &DatabaseConnection, sql: &str, column: &str) -> Vec<String> {
    let statement = Statement::from_string(raw.get_database_backend(), sql);
    let rows = raw.query_all_raw(statement).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
    rows.iter().map(|row| row.try_get("", column).expect("a text")).collect()
}

/// How many values a statement takes.
fn places(sql: &str) -> usize {
    let numbers = sql.split('$').skip(1).map(|rest| {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        rest[..digits].parse::<usize>().expect("a number")
    });
    numbers.max().unwrap_or_default()
}

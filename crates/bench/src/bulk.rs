//! Very many users, put in by statements: copies of one whom the use cases have put in.

use e2e::database::{Database, Engine};

use crate::engine::{Bench, extent, name};
use crate::load::{ask_with, post};
use crate::process::Server;
use crate::registry::{log_in_many, sign_in_many};

/// How many have an access token at most.
const MOST_SIGNED: usize = 10_000;
/// The user who is copied, with a hash that costs nothing, and the one whose real hash every second copy gets.
const TEMPLATE: &str = "(SELECT user_id FROM user_emails WHERE email_key = 'user-0@example.org')";
const REAL: &str = "(SELECT user_id FROM user_emails WHERE email_key = 'real@example.org')";
const REAL_FORM: &str = r#"{"email":"real@example.org","password":"correct horse battery"}"#;

/// The rows of each copy, whose number is `n`. `ID(k)` is an id in the order of the numbers.
const COPIES: [&str; 5] = [
    "INSERT INTO users (id, email, phone_number, password, token_required, discoverable, administrator, state, locale, \
     version, created_at, updated_at, token_expires_at) \
     SELECT ID(1), 'user-' || n || '@example.org', u.phone_number, \
     CASE n % 2 WHEN 0 THEN u.password ELSE r.password END, u.token_required || n, u.discoverable, u.administrator, \
     u.state, u.locale, u.version, u.created_at, u.updated_at, u.token_expires_at \
     FROM numbers, users u, users r WHERE u.id = TEMPLATE AND r.id = REAL",
    "INSERT INTO user_emails (email_key, user_id, kind, verified_at) \
     SELECT 'user-' || n || '@example.org', ID(1), e.kind, e.verified_at \
     FROM numbers, user_emails e WHERE e.email_key = 'user-0@example.org'",
    "INSERT INTO sessions (id, user_id, channel, auth_time, amr, last_seen_at, expires_at, created_at, network, device) \
     SELECT ID(2), ID(1), s.channel, s.auth_time, s.amr, s.last_seen_at, s.expires_at, s.created_at, s.network, \
     s.device FROM numbers, sessions s WHERE s.user_id = TEMPLATE",
    "INSERT INTO grants (id, session_id, client, scope, generation, rotated_at, created_at) \
     SELECT ID(3), ID(2), g.client, g.scope, g.generation, g.rotated_at, g.created_at FROM numbers, grants g \
     JOIN sessions s ON s.id = g.session_id WHERE s.user_id = TEMPLATE",
    "INSERT INTO events (id, kind, actor, actor_id, subject_kind, subject_id, request_id, at, data, user_id, address, \
     network, device) \
     SELECT ID(4), v.kind, v.actor, v.actor_id, v.subject_kind, v.subject_id, v.request_id, v.at, v.data, ID(1), \
     v.address, v.network, v.device FROM numbers, \
     (SELECT * FROM events WHERE user_id = TEMPLATE ORDER BY id LIMIT 1) v",
];

/// A new database with so many users, of whom some are signed in.
pub(crate) async fn prepare(engine: Engine, quick: bool, users: usize) -> Bench {
    let database = Database::new(engine).await;
    let server = Server::start(&database).await;
    ask_with(server.address, post("/signup", REAL_FORM)).await.expect("anybody may sign up");
    server.stop().await;
    sign_in_many(&database, 1).await;
    for rows in COPIES {
        // It gives no rows, and takes a statement that is made here.
        database.texts(statement(engine, rows, users)).await;
    }
    database.run("ANALYZE").await;
    database.run("UPDATE deliveries SET state = 'sent'").await;
    // Every second one has the hash that costs nothing.
    let step = (users / 2).div_ceil(MOST_SIGNED).max(1) * 2;
    let signed = log_in_many(&database, (step..=users).step_by(step).collect()).await;
    Bench { name: name(engine), database, extent: extent(quick), signed }
}

fn statement(engine: Engine, rows: &str, users: usize) -> String {
    let (numbers, before, after) = match engine {
        Engine::Sqlite => (
            format!("RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {users})"),
            "unhex(printf('0190%08x7000800000000000000",
            "', n))",
        ),
        Engine::Postgres => (
            format!("numbers(n) AS (SELECT * FROM generate_series(1, {users}) AS n)"),
            "CAST('0190' || lpad(to_hex(n), 8, '0') || '7000800000000000000",
            "' AS uuid)",
        ),
    };
    let mut rows = rows.replace("TEMPLATE", TEMPLATE).replace("REAL", REAL);
    for kind in 1..=4 {
        rows = rows.replace(&format!("ID({kind})"), &format!("{before}{kind}{after}"));
    }
    let (insert, select) = rows.split_once(" SELECT ").expect("it copies");
    format!("{insert} WITH {numbers} SELECT {select}")
}

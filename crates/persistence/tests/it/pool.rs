//! Connections that are kept between statements.

use domain::accounts::ports::Accounts as _;
use domain::changes::UniqueKey;
use domain::ports::ledger::{Ledger as _, Rejected};
use persistence::database::Database;
use persistence::options::Options;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use crate::fixture::{Place, adding, user};

/// More than any pool has connections.
const READERS: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_answers_more_readers_than_it_has_connections() {
    answers_many(&Place::sqlite().open().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_answers_more_readers_than_it_has_connections() {
    answers_many(&Place::postgres().await.open().await).await;
}

async fn answers_many(database: &Database) {
    let ada = user("ada@example.org");
    database.apply(adding(&ada)).await.expect("written");
    let mut readers = tokio::task::JoinSet::new();
    for number in 0..READERS {
        let (database, id) = (database.clone(), ada.id);
        let reader = readers.spawn(async move { database.by_id(id).await.expect("read") });
        // Some stop waiting, whatever their statement is doing.
        if number % 4 == 3 {
            tokio::task::yield_now().await;
            reader.abort();
        }
    }
    let mut answered = 0;
    while let Some(read) = readers.join_next().await {
        match read {
            Ok(found) => {
                assert_eq!(found.as_ref(), Some(&ada));
                answered += 1;
            }
            Err(error) => assert!(error.is_cancelled(), "{error}"),
        }
    }
    assert!(answered >= READERS * 3 / 4, "{answered}");
    assert_eq!(database.by_id(ada.id).await.expect("read"), Some(ada));
    database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_reads_and_writes_with_the_connections_it_was_given_and_leaves_no_transaction_open() {
    let place = Place::postgres().await;
    place.open().await.close().await;
    let database = Database::open(Options { max_connections: 3, ..Options::new(&place.url) }).await.expect("opened");
    let ada = user("ada@example.org");
    database.apply(adding(&ada)).await.expect("written");
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..45 {
        let (database, ada) = (database.clone(), ada.clone());
        tasks.spawn(async move {
            match number % 3 {
                0 => {
                    let refused = database.apply(adding(&user("ada@example.org"))).await;
                    assert!(matches!(refused, Err(Rejected::Conflict(UniqueKey::Address))), "{refused:?}");
                }
                1 => drop(database.apply(adding(&user(&format!("{number}@example.org")))).await.expect("written")),
                _ => assert_eq!(database.by_id(ada.id).await.expect("read"), Some(ada)),
            }
        });
    }
    tasks.join_all().await;
    let sql = "SELECT count(*) FILTER (WHERE state LIKE 'idle in transaction%') || ' of ' || count(*) AS line \
               FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
               AND backend_type = 'client backend'";
    let row = place.raw().await.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await;
    let line: String = row.expect("asked").expect("a row").try_get("", "line").expect("a text");
    assert_eq!(line, "0 of 3", "those in the midst of a transaction, of the connections");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_the_server_ends_is_replaced() {
    let place = Place::postgres().await;
    let database = place.open().await;
    let ada = user("ada@example.org");
    database.apply(adding(&ada)).await.expect("written");
    assert_eq!(database.by_id(ada.id).await.expect("read"), Some(ada.clone()));
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    place.raw().await.execute_unprepared(end).await.expect("ended");
    let mut failures = 0;
    while let Err(failure) = database.by_id(ada.id).await {
        assert!(failure.retryable(), "{failure}");
        failures += 1;
        assert_eq!(failures, 1, "what breaks one gives up all");
    }
    assert_eq!(database.by_id(ada.id).await.expect("read"), Some(ada));
    place.raw().await.execute_unprepared(end).await.expect("ended");
    let mut failures = 0;
    while let Err(rejected) = database.apply(adding(&user(&format!("bea{failures}@example.org")))).await {
        assert!(matches!(&rejected, Rejected::Failed(failure) if failure.retryable()), "{rejected:?}");
        failures += 1;
        assert_eq!(failures, 1, "what breaks one gives up all");
    }
}

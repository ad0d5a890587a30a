//! For how long connections are kept, and what ends them.

use sea_orm::{ConnectOptions, Database};
use tokio::time::{advance, pause, resume};

use super::taken::STATEMENT_TIMEOUT;
use super::*;

/// More than a few statements take, however busy the machine is.
const A_MOMENT: Duration = Duration::from_secs(10);

/// A pool of so many connections to the server of the tests.
#[expect(clippy::disallowed_methods, reason = "where the server is, only the environment knows")]
pub(crate) async fn pool(most: u32) -> Pool {
    let server = std::env::var("USER_REGISTRY_TEST_POSTGRES_URL")
        .expect("USER_REGISTRY_TEST_POSTGRES_URL names no PostgreSQL server; `scripts/with-postgres` starts one");
    pool_on(server, most).await
}

async fn pool_on(url: String, most: u32) -> Pool {
    let mut options = ConnectOptions::new(url);
    options.max_connections(most).min_connections(0).connect_lazy(true).test_before_acquire(false);
    Pool::new(Database::connect(options).await.expect("a pool"), most)
}

/// Which connection of the server it is.
pub(crate) async fn connection_of(connection: &impl ConnectionTrait) -> i32 {
    asked_for_connection(connection).await.expect("asked")
}

async fn asked_for_connection(connection: &impl ConnectionTrait) -> Result<i32, DbErr> {
    let statement = Statement::from_string(DbBackend::Postgres, "SELECT pg_backend_pid() AS id");
    connection.query_one_raw(statement).await?.expect("a row").try_get("", "id")
}

/// Two that were in use at the same time; the second is used next.
async fn keep_two(pool: &Pool) -> [i32; 2] {
    let (mut first, mut second) = (pool.take().await.expect("taken"), pool.take().await.expect("taken"));
    let mut ids = [0; 2];
    for (taken, id) in [&mut first, &mut second].into_iter().zip(&mut ids) {
        let statement = Statement::from_string(DbBackend::Postgres, "SELECT pg_backend_pid() AS id");
        *id = taken.one(statement).await.expect("asked").expect("a row").try_get("", "id").expect("a number");
    }
    first.keep();
    second.keep();
    ids
}

/// Ends a connection from the side of the server, and waits until it has ended.
async fn end(id: i32) {
    let others = pool(1).await;
    others.execute_unprepared(&format!("SELECT pg_terminate_backend({id})")).await.expect("asked");
    let is_there = format!("SELECT 1 FROM pg_stat_activity WHERE pid = {id}");
    let is_there = || others.query_one_raw(Statement::from_string(DbBackend::Postgres, &is_there));
    while is_there().await.expect("asked").is_some() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Lets time pass, without anybody waiting for it.
async fn pass(time: Duration) {
    pause();
    advance(time).await;
    resume();
}

#[tokio::test]
async fn a_connection_is_asked_when_nobody_has_used_it_for_a_while() {
    let pool = pool(1).await;
    for is_asked in [false, true] {
        let connection = connection_of(&pool).await;
        end(connection).await;
        if is_asked {
            pass(FRESH + A_MOMENT).await;
        }
        let next = asked_for_connection(&pool).await;
        assert_eq!(next.is_ok(), is_asked, "{next:?}");
        assert_ne!(next, Ok(connection));
    }
}

#[tokio::test]
async fn what_has_broken_one_connection_gives_up_all() {
    for is_asked in [false, true] {
        let pool = pool(2).await;
        let [first, second] = keep_two(&pool).await;
        end(second).await;
        if is_asked {
            pass(FRESH + A_MOMENT).await;
        } else {
            asked_for_connection(&pool).await.expect_err("it is broken");
        }
        let next = connection_of(&pool).await;
        assert!(![first, second].contains(&next));
        assert_eq!(pool.kept.idle().len(), 1);
    }
}

#[tokio::test]
async fn a_connection_that_is_not_needed_for_long_is_given_up_while_another_is_kept() {
    let pool = pool(2).await;
    let [_, second] = keep_two(&pool).await;
    assert_eq!(pool.kept.idle().len(), 2);
    pass(UNUSED - A_MOMENT).await;
    assert_eq!(connection_of(&pool).await, second);
    assert_eq!(pool.kept.idle().len(), 2);
    pass(2 * A_MOMENT).await;
    assert_eq!(connection_of(&pool).await, second);
    assert_eq!(pool.kept.idle().len(), 1, "the other has its time");
    pass(UNUSED + A_MOMENT).await;
    assert_eq!(connection_of(&pool).await, second, "the last one is kept");
}

#[tokio::test]
async fn a_connection_that_has_had_its_time_is_closed_after_its_last_statement() {
    let pool = pool(1).await;
    let connection = connection_of(&pool).await;
    pass(LIFETIME - A_MOMENT).await;
    assert_eq!(connection_of(&pool).await, connection);
    pass(2 * A_MOMENT).await;
    assert_eq!(connection_of(&pool).await, connection);
    assert_ne!(connection_of(&pool).await, connection);
}

#[tokio::test]
async fn connections_to_a_file_are_kept_for_good() {
    let folder = tempfile::tempdir().expect("a folder");
    let pool = pool_on(format!("sqlite:{}?mode=rwc", folder.path().join("kept.db").display()), 2).await;
    let (first, second) = (pool.take().await.expect("taken"), pool.take().await.expect("taken"));
    first.keep();
    second.keep();
    for time in [UNUSED, LIFETIME] {
        pass(time + A_MOMENT).await;
        // Only this connection has such a table, as long as it is there.
        pool.execute_unprepared("CREATE TEMP TABLE IF NOT EXISTS kept (id INTEGER)").await.expect("made");
        assert_eq!(pool.kept.idle().len(), 2);
    }
    pool.execute_unprepared("INSERT INTO kept VALUES (1)").await.expect("the table is there");
}

#[tokio::test]
async fn a_connection_of_a_server_that_only_reads_is_closed_and_one_after_a_mistake_is_kept() {
    let pool = pool(1).await;
    let connection = connection_of(&pool).await;
    pool.execute_unprepared("SELECT 1 / 0").await.expect_err("that is no number");
    assert_eq!(connection_of(&pool).await, connection);
    pool.execute_unprepared("SET default_transaction_read_only = on").await.expect("set");
    assert_eq!(connection_of(&pool).await, connection);
    pool.execute_unprepared("CREATE TABLE nowhere (id integer)").await.expect_err("it only reads");
    assert_ne!(connection_of(&pool).await, connection);
}

#[tokio::test]
async fn a_statement_without_an_answer_is_given_up_and_its_place_is_free() {
    let pool = pool(1).await;
    let connection = connection_of(&pool).await;
    let mut taken = pool.take().await.expect("taken");
    pause();
    let asked = Instant::now();
    let late = taken.execute_raw("SELECT pg_sleep(60)").await.expect_err("it has no answer");
    let waited = asked.elapsed();
    resume();
    assert!(matches!(late, SqlxError::Io(_)), "{late:?}");
    assert!(waited >= STATEMENT_TIMEOUT && waited < STATEMENT_TIMEOUT + A_MOMENT, "{waited:?}");
    taken.keep();
    assert_ne!(connection_of(&pool).await, connection);
    end(connection).await;
}

//! The task that writes, with nobody to write for, too late, and in a panic.

use chrono::DateTime;
use domain::ids::SessionId;
use sea_orm::{ConnectionTrait as _, Database, DbBackend, Statement};
use tokio::time::{pause, resume};
use uuid::Uuid;

use super::*;
use crate::writes::note::Note;

/// That the session of this number was used in March 2026.
fn work(number: u128) -> Work {
    let at = DateTime::from_timestamp(1_772_323_200, 0).expect("a time");
    Work::Note(Note::Seen { session: SessionId::restore(Uuid::from_u128(number)), at })
}

fn is_late(outcome: &Result<Done, Rejected>) -> bool {
    matches!(outcome, Err(Rejected::Failed(failure)) if failure.retryable() && failure.to_string().contains("waited"))
}

#[tokio::test(start_paused = true)]
async fn a_write_that_finds_no_place_in_time_is_refused() {
    let (messages, mut waiting) = mpsc::channel(1);
    let writer = Writer { messages };
    // Polled once, so that it has the one place.
    let first = timeout(Duration::ZERO, writer.carry_out(work(1))).await;
    assert!(first.is_err());
    let began = Instant::now();
    assert!(is_late(&writer.carry_out(work(1)).await));
    assert_eq!(began.elapsed(), ACQUIRE_TIMEOUT);
    assert!(matches!(waiting.recv().await, Some(Message::Write(_))), "the first one keeps its place");
    assert!(waiting.try_recv().is_err(), "and there is no other");
}

#[tokio::test]
async fn a_write_that_has_waited_too_long_in_its_place_is_refused_and_not_begun() {
    let connection = Database::connect("sqlite::memory:").await.expect("connected");
    let sessions = "CREATE TABLE sessions AS SELECT NULL AS ended_at, '2026-01-01 00:00:00+00:00' AS last_seen_at, \
                    CAST(zeroblob(15) || char(value) AS BLOB) AS id FROM json_each('[1, 2, 3]')";
    connection.execute_unprepared(sessions).await.expect("made");
    let (messages, waiting) = mpsc::channel(3);
    let writer = Writer { messages };
    pause();
    let began = Instant::now();
    assert!(is_late(&writer.carry_out(work(1)).await));
    assert!(began.elapsed() >= ACQUIRE_TIMEOUT);
    resume();
    // Nobody waits for this one, and that is no reason to leave it.
    assert!(timeout(Duration::ZERO, writer.carry_out(work(2))).await.is_err());
    tokio::spawn(write_all(connection.clone(), waiting));
    let written = writer.carry_out(work(3)).await;
    assert!(matches!(&written, Ok(Done::Written(receipt)) if receipt.rows == [1]), "{written:?}");
    let seen = "SELECT group_concat(hex(substr(id, 16))) AS seen FROM sessions WHERE last_seen_at > '2026-02'";
    let row = connection.query_one_raw(Statement::from_string(DbBackend::Sqlite, seen)).await.expect("asked");
    assert_eq!(row.expect("a row").try_get::<String>("", "seen").expect("a text"), "02,03");
}

#[tokio::test(start_paused = true)]
async fn a_close_does_not_wait_for_ever_for_what_is_not_written() {
    let (messages, waiting) = mpsc::channel(1);
    let began = Instant::now();
    Writer { messages }.close().await;
    assert_eq!(began.elapsed(), END_TIMEOUT);
    drop(waiting);
}

#[tokio::test]
async fn a_panic_costs_the_plans_that_it_meets_and_not_those_after_them() {
    // To ask a connection to nothing of which engine it is panics, and so does giving it up.
    let writer = Writer::start(sea_orm::DatabaseConnection::default());
    for number in 1..=3 {
        let outcome = writer.carry_out(work(number)).await;
        let panicked = |failure: &PortFailure| !failure.retryable() && failure.to_string().contains("panicked");
        assert!(matches!(&outcome, Err(Rejected::Failed(failure)) if panicked(failure)), "{outcome:?}");
    }
    let began = Instant::now();
    writer.close().await;
    assert!(began.elapsed() < END_TIMEOUT, "the task ends in order");
}

#[tokio::test]
async fn a_panic_ends_nothing_but_its_future() {
    assert_eq!(unless_it_panics(async { 7 }).await, Some(7));
    let panics = async {
        tokio::task::yield_now().await;
        assert!(std::env::args().count() == 0, "as it was asked to");
    };
    assert_eq!(unless_it_panics(panics).await, None);
}

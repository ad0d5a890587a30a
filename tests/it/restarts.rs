//! PostgreSQL restarts under load: all that clients see is 503, nothing that was acknowledged is lost, and all is
//! served again by itself.
//!
//! The server syncs nothing to the disk, as all of the tests': it is only the system that keeps what was written, and
//! that does not fall here. `synchronous_commit` is off on it, and the program has to switch it on for itself: without,
//! `immediate` loses what was acknowledged.

use std::time::{Duration, Instant};

use e2e::database::Database;
use e2e::load::{Load, Told, Work};
use e2e::postgres_server::PostgresServer;
use e2e::program::Program;

const MODES: [&str; 2] = ["fast", "immediate"];
/// How often the server restarts in each way in the long form, and how soon all must be served again after it is back.
const LONG: usize = 20;
const SOON: Duration = Duration::from_secs(5);

#[tokio::test]
async fn postgres_that_restarts_is_503_at_worst_and_nothing_is_lost() {
    restart_again_and_again(1).await;
}

#[tokio::test]
#[ignore = "it takes minutes: make restarts runs it"]
async fn restarts_for_long() {
    let slowest = restart_again_and_again(LONG).await.into_iter().max().expect("some rounds");
    assert!(slowest <= SOON, "{slowest:?}");
}

/// How long it took each time until all was served again after the server was back.
async fn restart_again_and_again(rounds: usize) -> Vec<Duration> {
    let mut server = PostgresServer::start();
    let database = Database::on_server(&server.url).await;
    let program = Program::start_with(&database, &[("USER_REGISTRY_THROTTLES", "off")]).await;
    let told = Told::of_session(&program).await;
    let works = [Work::SignUp, Work::SignUp, Work::LogIn, Work::Refresh, Work::Read].map(|work| (work, Duration::ZERO));
    let mut recoveries = Vec::new();
    for round in 0..rounds * MODES.len() {
        let load = Load::start(&program, &told, &format!("{round}"), &works);
        told.has_signed_up().await;
        let mode = MODES[round % MODES.len()];
        server = tokio::task::spawn_blocking(move || {
            server.restart(mode);
            server
        })
        .await
        .expect("it restarts");
        let back = Instant::now();
        serves_again(&told, &program).await;
        recoveries.push(back.elapsed());
        load.end().await;
        assert_eq!(told.wrong(), [] as [String; 0], "round {round}, {mode}");
        assert_eq!(told.unanswered(), [] as [String; 0], "round {round}, {mode}");
        let stored = told.is_stored(&database).await;
        told.session_goes_on(&program).await;
        println!(
            "{mode}: served again after {:.3} s, {stored} sign-ups acknowledged and there, {} requests refused so far",
            recoveries[round].as_secs_f64(),
            told.refused()
        );
    }
    assert_eq!(program.stop().await, Some(0));
    recoveries
}

/// Waits until every kind of work is done again.
async fn serves_again(told: &Told, program: &Program) {
    const WORKS: [Work; 4] = [Work::SignUp, Work::LogIn, Work::Refresh, Work::Read];
    let before = WORKS.map(|work| told.answered(work));
    for _ in 0..6000 {
        if WORKS.iter().zip(before).all(|(work, before)| told.answered(*work) > before) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it does not serve again; wrong: {:?}\n{}", told.wrong(), program.log());
}

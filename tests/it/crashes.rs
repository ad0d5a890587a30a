//! A process that is killed under load loses nothing that it has acknowledged, on both engines.

use std::time::Duration;

use e2e::database::{Database, Engine};
use e2e::load::{Load, Told, Work};
use e2e::program::Program;

/// How often the process is killed in the long form.
const LONG: usize = 200;

e2e::on_both_engines! {
    nothing_that_was_acknowledged_is_lost_with_a_process_that_is_killed
}

async fn nothing_that_was_acknowledged_is_lost_with_a_process_that_is_killed(database: Database) {
    kill_again_and_again(&database, 6).await;
}

#[tokio::test]
#[ignore = "it takes minutes: make crashes runs it"]
async fn crashes_for_long_on_sqlite() {
    kill_again_and_again(&Database::new(Engine::Sqlite).await, LONG).await;
}

#[tokio::test]
#[ignore = "it takes minutes: make crashes runs it"]
async fn crashes_for_long_on_postgres() {
    kill_again_and_again(&Database::new(Engine::Postgres).await, LONG).await;
}

async fn kill_again_and_again(database: &Database, rounds: usize) {
    let issuer = [("USER_REGISTRY_ISSUER", "https://registry.example"), ("USER_REGISTRY_THROTTLES", "off")];
    let mut program = Program::start_with(database, &issuer).await;
    let told = Told::of_session(&program).await;
    let works = [Work::SignUp, Work::SignUp, Work::SignUp, Work::SignUp, Work::Refresh];
    let works = works.map(|work| (work, Duration::ZERO));
    let mut all = 0;
    for round in 0..rounds {
        let load = Load::start(&program, &told, &format!("{round}"), &works);
        // At another moment each time, and never before something was acknowledged.
        told.has_signed_up().await;
        tokio::time::sleep(Duration::from_millis(20 + (round as u64 * 37) % 230)).await;
        drop(program);
        load.end().await;
        assert_eq!(told.wrong(), [] as [String; 0], "round {round}");
        program = Program::start_with(database, &issuer).await;
        all += told.is_stored(database).await;
        told.session_goes_on(&program).await;
    }
    assert!(all >= rounds, "{all} sign-ups in {rounds} rounds");
    assert_eq!(program.stop().await, Some(0));
}

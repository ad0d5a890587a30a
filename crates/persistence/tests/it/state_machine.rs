//! Accounts and sessions, driven at random on three engines beside a model: whatever people do in whatever order,
//! memory, SQLite and PostgreSQL answer the same, and what the model says.

mod model;
mod registry;
mod steps;

use domain::ports::clock::Timestamp;
use memory::clock::ManualClock;
use memory::memory::Memory;
use proptest::collection::vec;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use tokio::runtime::Runtime;

use crate::fixture::Place;
use model::Model;
use registry::Registry;
use steps::{Step, steps};

/// The form for every run of the tests.
#[test]
fn the_engines_answer_as_the_model_says() {
    drive(4, 250);
}

/// The long form: 100,000 steps on each engine. It takes minutes: `make state-machine` runs it.
#[test]
#[ignore = "it takes minutes: make state-machine runs it"]
fn the_engines_answer_as_the_model_says_for_100_000_steps() {
    drive(50, 2_000);
}

fn drive(cases: u32, length: usize) {
    let runtime = Runtime::new().expect("a runtime");
    let config = Config { cases, max_shrink_iters: 40, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config)
        .run(&vec(steps(), length), |steps| runtime.block_on(compare(&steps)).map_err(TestCaseError::fail));
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

async fn compare(steps: &[Step]) -> Result<(), String> {
    let (sqlite, postgres) = (Place::sqlite(), Place::postgres().await);
    let mut model = Model::new(START);
    let mut in_memory = Registry::on(Memory::new());
    let (mut on_sqlite, mut on_postgres) = (Registry::on(sqlite.open().await), Registry::on(postgres.open().await));
    let mut outcome = Ok(());
    for (number, step) in steps.iter().enumerate() {
        let expected = (model.step(*step), model.counts());
        let memory = (in_memory.step(*step).await, in_memory.counts());
        // Two engines, so two things to wait for.
        let (sqlite, postgres) = tokio::join!(on_sqlite.step(*step), on_postgres.step(*step));
        let (sqlite, postgres) = ((sqlite, on_sqlite.counts()), (postgres, on_postgres.counts()));
        if [memory, sqlite, postgres] != [expected; 3] {
            outcome = Err(format!(
                "step {number}, {step:?}: the model says {expected:?}, memory {memory:?}, SQLite {sqlite:?}, \
                 PostgreSQL {postgres:?}"
            ));
            break;
        }
    }
    on_sqlite.engine().close().await;
    on_postgres.engine().close().await;
    postgres.drop().await;
    outcome
}

/// When the clocks of all begin.
const START: Timestamp = ManualClock::START;

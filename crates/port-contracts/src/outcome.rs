//! What is expected of plans.

use domain::changes::{Changes, Invariant, UniqueKey};
use domain::ports::ledger::{Receipt, Rejected};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use std::sync::Arc;

use crate::fixture::{Fixture, Ports};

/// How many race each other.
pub(crate) const RACERS: usize = 64;

#[track_caller]
pub(crate) fn expect_stale(result: Result<Receipt, Rejected>) {
    assert!(matches!(result, Err(Rejected::Stale)), "not Stale: {result:?}");
}

#[track_caller]
pub(crate) fn expect_conflict(result: Result<Receipt, Rejected>, key: UniqueKey) {
    let conflict = matches!(&result, Err(Rejected::Conflict(found)) if *found == key);
    assert!(conflict, "not Conflict({key:?}): {result:?}");
}

#[track_caller]
pub(crate) fn expect_broken(result: Result<Receipt, Rejected>, invariant: &Invariant) {
    let broken = matches!(&result, Err(Rejected::Broken(found)) if found == invariant);
    assert!(broken, "not Broken({invariant:?}): {result:?}");
}

impl Ports {
    /// Carries out a plan that must go through.
    pub(crate) async fn write(&self, changes: Changes) -> Receipt {
        self.apply(changes).await.expect("the plan goes through")
    }
}

impl Fixture {
    /// Carries out all plans at once, every other one in the other process.
    pub(crate) async fn race(&self, plans: Vec<Changes>) -> Vec<Result<Receipt, Rejected>> {
        let start = Arc::new(Barrier::new(plans.len()));
        let mut racers = JoinSet::new();
        for (number, plan) in plans.into_iter().enumerate() {
            let ports = if number % 2 == 0 { self.here.clone() } else { self.there.clone() };
            let start = Arc::clone(&start);
            racers.spawn(async move {
                start.wait().await;
                ports.apply(plan).await
            });
        }
        racers.join_all().await
    }

    /// Races plans of which exactly one may go through; gives the losers' answers.
    pub(crate) async fn race_for_one(&self, plans: Vec<Changes>) -> Vec<Rejected> {
        let all = plans.len();
        let losers: Vec<_> = self.race(plans).await.into_iter().filter_map(Result::err).collect();
        assert_eq!(losers.len(), all - 1, "exactly one wins: {losers:?}");
        losers
    }

    /// How many events were written.
    pub(crate) async fn event_count(&self) -> usize {
        self.events.events().await.len()
    }
}

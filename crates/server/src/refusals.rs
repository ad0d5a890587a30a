//! The refusals of the throttles become events beside the requests.

use std::sync::Arc;
use std::time::Duration;

use domain::throttles::gate::Gate;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

/// How often they are recorded.
const EVERY: Duration = Duration::from_secs(60);
/// How long the last ones may take: a database that does not answer must not keep the program.
const LAST: Duration = Duration::from_secs(2);

/// Records refusals, one event for each key and minute, until the server ends.
pub(crate) async fn run(gate: Arc<Gate>, mut ending: watch::Receiver<Option<Instant>>) {
    loop {
        tokio::select! { () = sleep(EVERY) => {}, _ = ending.wait_for(Option::is_some) => return }
        if let Err(error) = tell(&gate).await {
            tracing::warn!(%error, "refusals of the throttles were not recorded; it is tried again");
        }
    }
}

/// Records the last ones, when nothing is served any more: those that `running` is at just now as well.
pub(crate) async fn tell_last(gate: &Arc<Gate>, running: JoinHandle<()>) {
    let told = async {
        // It never fails: each round has a task of its own.
        let _ = running.await;
        tell(gate).await
    };
    let told = timeout(LAST, told).await.unwrap_or_else(|late| Err(late.to_string()));
    if let Err(error) = told {
        tracing::warn!(%error, "the last refusals of the throttles were not recorded");
    }
}

async fn tell(gate: &Arc<Gate>) -> Result<(), String> {
    let gate = Arc::clone(gate);
    // A task of its own: a panic costs one round.
    let told = tokio::spawn(async move { gate.tell_refusals().await }).await;
    told.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use domain::changes::Changes;
    use domain::origin::{ClientAddress, Origin};
    use domain::ports::ledger::{Ledger, Receipt, Rejected};
    use domain::ports::secrets::SecretDigest;
    use domain::throttles::counting::Counting;
    use domain::throttles::limits::Throttled;
    use memory::clock::ManualClock;
    use memory::entropy::SeededEntropy;
    use memory::memory::Memory;
    use memory::secrets::FakeSecretKeeper;
    use tokio::sync::Semaphore;

    use super::*;

    /// A ledger that takes a plan for each permit.
    struct Slow(Arc<Memory>, Semaphore);

    #[async_trait]
    impl Ledger for Slow {
        async fn apply(&self, changes: Changes) -> Result<Receipt, Rejected> {
            self.1.acquire().await.unwrap().forget();
            self.0.apply(changes).await
        }
    }

    /// A gate that has refused something, and where that is recorded.
    async fn refused() -> (Arc<Gate>, Arc<Slow>) {
        let memory = Arc::new(Memory::default());
        let ledger = Arc::new(Slow(memory.clone(), Semaphore::new(0)));
        let gate = Gate::new(Counting {
            throttles: memory,
            keeper: Arc::new(FakeSecretKeeper::default()),
            ledger: ledger.clone(),
            clock: Arc::new(ManualClock::default()),
            entropy: Arc::new(SeededEntropy::default()),
        });
        let address = ClientAddress::with_digest("203.0.113.7".parse().unwrap(), SecretDigest::restore("digest"));
        let origin = Origin { address: Some(address), ..Origin::default() };
        while gate.enter(&origin, Throttled::SignUp).await.is_ok() {}
        (Arc::new(gate), ledger)
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_being_recorded_when_the_server_ends_is_recorded() {
        let (gate, ledger) = refused().await;
        let (ending, ended) = watch::channel(None);
        let running = tokio::spawn(run(gate.clone(), ended));
        sleep(EVERY + LAST).await;
        ending.send_replace(Some(Instant::now()));
        let last = tokio::spawn(async move { tell_last(&gate, running).await });
        sleep(LAST / 2).await;
        assert_eq!(ledger.0.events().len(), 0);
        ledger.1.add_permits(1);
        last.await.unwrap();
        assert_eq!(ledger.0.events().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_database_that_does_not_answer_keeps_no_end() {
        let (gate, ledger) = refused().await;
        let (_ending, ended) = watch::channel(Some(Instant::now()));
        let began = Instant::now();
        tell_last(&gate, tokio::spawn(run(gate.clone(), ended))).await;
        assert_eq!((began.elapsed(), ledger.0.events().len()), (LAST, 0));
    }
}

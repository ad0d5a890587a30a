//! What nobody needs any more goes beside the requests.

use std::sync::Arc;
use std::time::Duration;

use domain::ports::entropy::Entropy;
use domain::retention::{Leftover, PurgeLeftovers};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// How long after the start the first round comes: a server that is restarted every day has its rounds, too.
const FIRST: Duration = Duration::from_secs(1);
/// How long after one round the next one comes, at least.
const EVERY: Duration = Duration::from_secs(54 * 60);
/// How much later at most, so that replicas that started together do not stay together.
const JITTER: Duration = Duration::from_secs(12 * 60);
/// How long others have their way between two steps.
const BREATH: Duration = Duration::from_millis(50);

/// Removes what is too old, a few rows at a time, about every hour until the server ends. Several replicas may do
/// so at once: each row is one's to remove.
pub(crate) async fn run(purge: PurgeLeftovers, entropy: impl Entropy, mut ending: watch::Receiver<Option<Instant>>) {
    let purge = Arc::new(purge);
    let mut pause = FIRST;
    loop {
        tokio::select! { () = sleep(pause) => {}, _ = ending.wait_for(Option::is_some) => return }
        for what in Leftover::ALL {
            let step = Arc::clone(&purge);
            // A task of its own: a panic costs one round of one kind.
            let round = tokio::spawn(async move { remove_all(&step, what).await });
            let stop = round.abort_handle();
            tokio::select! {
                rows = round => tell(what, rows.map_err(|error| error.to_string()).and_then(|rows| rows)),
                _ = ending.wait_for(Option::is_some) => {
                    // What is under way is finished by the database.
                    stop.abort();
                    return;
                }
            }
        }
        pause = EVERY + part_of(JITTER, &entropy);
    }
}

/// Removes every row of a kind that is too old, step by step, and tells how many those were.
async fn remove_all(purge: &PurgeLeftovers, what: Leftover) -> Result<usize, String> {
    let mut rows = 0;
    loop {
        let purged = purge.run(what).await.map_err(|error| error.to_string())?;
        rows += purged.rows;
        if !purged.more {
            return Ok(rows);
        }
        sleep(BREATH).await;
    }
}

fn tell(what: Leftover, rows: Result<usize, String>) {
    let what = what.name();
    match rows {
        Ok(0) => tracing::debug!(what, "nothing was too old"),
        Ok(rows) => tracing::info!(what, rows, "rows that were too old are removed"),
        Err(error) => tracing::warn!(what, error, "rows that are too old stay until the next round"),
    }
}

/// A random part of a time.
fn part_of(time: Duration, entropy: &impl Entropy) -> Duration {
    let mut byte = [0];
    entropy.fill(&mut byte);
    time / 256 * u32::from(byte[0])
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    use async_trait::async_trait;
    use chrono::TimeDelta;
    use domain::ports::clock::Timestamp;
    use domain::ports::failure::PortFailure;
    use domain::retention::{BATCH, Retention};
    use memory::clock::ManualClock;
    use memory::entropy::SeededEntropy;
    use tokio::task::JoinHandle;

    use super::*;

    /// Rows that are all too old.
    #[derive(Default)]
    struct Table {
        rows: Mutex<HashMap<Leftover, usize>>,
        asked: Mutex<Vec<Leftover>>,
        away: AtomicBool,
        panics: AtomicBool,
    }

    #[async_trait]
    impl Retention for Table {
        async fn purge(&self, what: Leftover, _before: Timestamp, most: usize) -> Result<usize, PortFailure> {
            self.asked.lock().unwrap().push(what);
            assert!(!(self.panics.load(Ordering::SeqCst) && what == Leftover::Deliveries), "as it was asked to");
            if self.away.load(Ordering::SeqCst) {
                return Err(PortFailure::passing("away"));
            }
            let mut rows = self.rows.lock().unwrap();
            let left = rows.entry(what).or_default();
            let removed = most.min(*left);
            *left -= removed;
            Ok(removed)
        }
    }

    struct World {
        table: Arc<Table>,
        ending: watch::Sender<Option<Instant>>,
        running: JoinHandle<()>,
    }

    impl World {
        fn start(keep_events: Option<TimeDelta>) -> Self {
            let table = Arc::new(Table::default());
            let clock = Arc::new(ManualClock::default());
            let purge = PurgeLeftovers { retention: table.clone(), clock, keep_events };
            let (ending, ended) = watch::channel(None);
            Self { table, ending, running: tokio::spawn(run(purge, SeededEntropy::default(), ended)) }
        }

        fn fill(&self, what: Leftover, rows: usize) {
            self.table.rows.lock().unwrap().insert(what, rows);
        }

        fn left(&self, what: Leftover) -> usize {
            self.table.rows.lock().unwrap()[&what]
        }

        fn asked(&self) -> usize {
            self.table.asked.lock().unwrap().len()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn all_that_is_too_old_goes_step_by_step_and_again_within_the_hour() {
        let world = World::start(Some(TimeDelta::days(180)));
        world.fill(Leftover::Events, 2 * BATCH + 7);
        world.fill(Leftover::Addresses, 1);
        sleep(FIRST + Duration::from_secs(1)).await;
        assert_eq!((world.left(Leftover::Events), world.left(Leftover::Addresses)), (0, 0));
        assert_eq!(world.asked(), 3 + 4, "three steps for the events, one for each other kind");
        world.fill(Leftover::Sessions, 1);
        sleep(EVERY - Duration::from_secs(2)).await;
        assert_eq!(world.left(Leftover::Sessions), 1, "its time has not come");
        sleep(JITTER + Duration::from_secs(2)).await;
        assert_eq!(world.left(Leftover::Sessions), 0);
        world.ending.send_replace(Some(Instant::now()));
        world.running.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn events_that_are_kept_for_ever_are_not_asked_for() {
        let world = World::start(None);
        world.fill(Leftover::Events, 1);
        sleep(FIRST + Duration::from_secs(1)).await;
        assert_eq!((world.left(Leftover::Events), world.asked()), (1, 4));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_or_a_panic_costs_one_round_and_not_the_rest() {
        let world = World::start(Some(TimeDelta::days(180)));
        world.fill(Leftover::Deliveries, 1);
        world.fill(Leftover::Addresses, 1);
        world.table.panics.store(true, Ordering::SeqCst);
        sleep(FIRST + Duration::from_secs(1)).await;
        assert_eq!((world.left(Leftover::Deliveries), world.left(Leftover::Addresses)), (1, 0));
        world.table.panics.store(false, Ordering::SeqCst);
        world.table.away.store(true, Ordering::SeqCst);
        sleep(EVERY + JITTER).await;
        assert_eq!(world.left(Leftover::Deliveries), 1);
        world.table.away.store(false, Ordering::SeqCst);
        sleep(EVERY + JITTER).await;
        assert_eq!(world.left(Leftover::Deliveries), 0);
        assert!(!world.running.is_finished());
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_with_the_server_also_in_the_middle_of_a_round() {
        let world = World::start(Some(TimeDelta::days(180)));
        world.fill(Leftover::Events, usize::MAX);
        sleep(FIRST + Duration::from_secs(1)).await;
        world.ending.send_replace(Some(Instant::now()));
        let World { table, running, .. } = world;
        running.await.unwrap();
        let asked = table.asked.lock().unwrap().len();
        sleep(BREATH * 10).await;
        assert_eq!(table.asked.lock().unwrap().len(), asked, "no step is taken any more");
    }
}

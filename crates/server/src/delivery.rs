//! The letters that are due go out beside the requests.

use std::sync::Arc;
use std::time::Duration;

use domain::mail::deliver::{Deliver, Delivered};
use domain::mail::delivery::{Delivery, DeliveryOutcome, LEASE};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep};

/// How often the queue is looked at when no letter is due.
const PAUSE: Duration = Duration::from_secs(1);
/// How long the queue is left alone at most when it keeps failing.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How many letters are sent side by side: a mail server that takes its time over one does not hold up the others.
const MOST_AT_ONCE: usize = 4;

/// Sends letters until it is told by when to end. The letters under way are finished.
pub(crate) async fn run(deliver: Deliver, mut ending: watch::Receiver<Option<Instant>>) {
    let deliver = Arc::new(deliver);
    let mut under_way = JoinSet::new();
    let mut failures = 0;
    while ending.borrow().is_none() {
        if under_way.len() >= MOST_AT_ONCE {
            tokio::select! {
                Some(ended) = under_way.join_next() => tell_panic(ended),
                _ = ending.wait_for(Option::is_some) => break,
            }
            continue;
        }
        let pause = match deliver.claim().await {
            Ok(Some(delivery)) => {
                failures = 0;
                // A task of its own: a panic costs one attempt at one letter, and not all mail until the next start.
                under_way.spawn(send(Arc::clone(&deliver), delivery));
                continue;
            }
            Ok(None) => {
                failures = 0;
                PAUSE
            }
            Err(error) => {
                let pause = pause_after(failures);
                failures = failures.saturating_add(1);
                tracing::warn!(%error, "the queue of letters failed; it is asked again in {pause:?}");
                pause
            }
        };
        while let Some(ended) = under_way.try_join_next() {
            tell_panic(ended);
        }
        tokio::select! { () = sleep(pause) => {}, _ = ending.wait_for(Option::is_some) => break }
    }
    while let Some(ended) = under_way.join_next().await {
        tell_panic(ended);
    }
}

/// Tells of a task that panicked: a letter that it was at is tried again once its lease is over.
pub(crate) fn tell_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::warn!(%error, "a task that sends letters panicked");
    }
}

/// Sends one letter, and notes what became of it, again and again until that is written or the letter is anybody's.
async fn send(deliver: Arc<Deliver>, delivery: Delivery) {
    let lease = LEASE.to_std().expect("a lease lasts for a while");
    let until = Instant::now() + lease;
    let delivered = deliver.send(delivery).await;
    tell(&delivered);
    let mut failures = 0;
    while let Err(error) = deliver.settle(&delivered).await {
        let pause = pause_after(failures);
        failures = failures.saturating_add(1);
        let id = delivered.delivery.id;
        tracing::warn!(delivery = %id, %error, "what became of a letter is not written yet; again in {pause:?}");
        if Instant::now() + pause >= until {
            return;
        }
        sleep(pause).await;
    }
}

fn pause_after(failures: u32) -> Duration {
    PAUSE.saturating_mul(2_u32.saturating_pow(failures)).min(LONGEST_PAUSE)
}

/// Says what became of a letter, without whom it was for.
fn tell(delivered: &Delivered) {
    let (delivery, template) = (delivered.delivery.id, delivered.delivery.letter.template.name());
    let reason = delivered.reason.as_deref().unwrap_or_default();
    match delivered.outcome {
        DeliveryOutcome::Sent => tracing::info!(%delivery, template, "a letter went out"),
        DeliveryOutcome::Postponed(due) => {
            tracing::warn!(%delivery, template, reason, %due, "a letter did not go out; it is tried again");
        }
        // Strangers can cause it, by addresses that take no mail: it is nobody's alarm.
        DeliveryOutcome::GivenUp => tracing::warn!(%delivery, template, reason, "a letter was given up"),
        DeliveryOutcome::Dropped => tracing::info!(%delivery, template, reason, "a letter was dropped"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use async_trait::async_trait;
    use domain::accounts::email::EmailAddress;
    use domain::ids::DeliveryId;
    use domain::mail::letter::{Letter, Template};
    use domain::mail::mailed_token::IssuedMailedToken;
    use domain::mail::ports::{Deliveries, Mailer, NotSent};
    use domain::ports::clock::{Clock as _, Timestamp};
    use domain::ports::failure::PortFailure;
    use memory::clock::ManualClock;
    use memory::entropy::SeededEntropy;
    use memory::memory::Memory;
    use memory::secrets::FakeSecretKeeper;
    use tokio::sync::Semaphore;
    use tokio::task::JoinHandle;

    use super::*;

    /// A queue whose letters are all due.
    #[derive(Default)]
    struct Queue {
        waiting: Mutex<Vec<Delivery>>,
        settled: Mutex<Vec<DeliveryOutcome>>,
        asked: AtomicUsize,
        away: AtomicBool,
        deaf: AtomicBool,
    }

    #[async_trait]
    impl Deliveries for Queue {
        async fn claim(&self, _now: Timestamp, _until: Timestamp) -> Result<Option<Delivery>, PortFailure> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            if self.away.load(Ordering::SeqCst) {
                return Err(PortFailure::passing("away"));
            }
            Ok(self.waiting.lock().unwrap().pop())
        }

        async fn settle(&self, _: &Delivery, outcome: DeliveryOutcome, _: Timestamp) -> Result<(), PortFailure> {
            if self.deaf.load(Ordering::SeqCst) {
                return Err(PortFailure::passing("away"));
            }
            self.settled.lock().unwrap().push(outcome);
            Ok(())
        }
    }

    /// A mailer that sends a letter for each permit, and panics at letters to `panic@…`.
    struct Post(Semaphore);

    #[async_trait]
    impl Mailer for Post {
        async fn send(
            &self,
            _id: DeliveryId,
            letter: &Letter,
            _token: Option<IssuedMailedToken>,
            _written_at: Timestamp,
        ) -> Result<(), NotSent> {
            assert!(!letter.to.as_str().starts_with("panic@"), "as it was asked to");
            self.0.acquire().await.unwrap().forget();
            Ok(())
        }
    }

    struct World {
        queue: Arc<Queue>,
        post: Arc<Post>,
        ending: watch::Sender<Option<Instant>>,
        running: JoinHandle<()>,
    }

    impl World {
        fn start(permits: usize) -> Self {
            let (queue, post) = (Arc::new(Queue::default()), Arc::new(Post(Semaphore::new(permits))));
            let deliver = Deliver {
                deliveries: queue.clone(),
                tokens: Arc::new(Memory::default()),
                mailer: post.clone(),
                keeper: Arc::new(FakeSecretKeeper::default()),
                clock: Arc::new(ManualClock::default()),
            };
            let (ending, ended) = watch::channel(None);
            Self { queue, post, ending, running: tokio::spawn(run(deliver, ended)) }
        }

        fn queue(&self, to: &str) {
            let letter = Letter::new(Template::Test, EmailAddress::parse(to).unwrap(), None);
            let now = ManualClock::default().now();
            self.queue.waiting.lock().unwrap().push(Delivery::now(letter, now, &SeededEntropy::default()));
        }

        fn settled(&self) -> usize {
            self.queue.settled.lock().unwrap().len()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn all_that_is_due_goes_out_and_later_letters_are_found() {
        let world = World::start(10);
        world.queue("ada@example.org");
        world.queue("ben@example.org");
        sleep(PAUSE / 2).await;
        assert_eq!(world.settled(), 2);
        world.queue("cy@example.org");
        sleep(PAUSE).await;
        assert_eq!(world.settled(), 3);
        world.ending.send_replace(Some(Instant::now()));
        world.running.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn the_letters_under_way_are_finished_and_no_other_is_begun() {
        let world = World::start(0);
        for number in 0..=MOST_AT_ONCE {
            world.queue(&format!("ada{number}@example.org"));
        }
        sleep(PAUSE).await;
        world.ending.send_replace(Some(Instant::now()));
        sleep(PAUSE).await;
        assert!(!world.running.is_finished(), "it waits for the letters");
        world.post.0.add_permits(10);
        let World { queue, running, .. } = world;
        running.await.unwrap();
        assert_eq!((queue.settled.lock().unwrap().len(), queue.waiting.lock().unwrap().len()), (MOST_AT_ONCE, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_that_fails_is_asked_ever_more_rarely_until_it_is_back() {
        let world = World::start(10);
        world.queue.away.store(true, Ordering::SeqCst);
        world.queue("ada@example.org");
        sleep(Duration::from_secs(601)).await;
        // After 0, 1, 3, 7 and 15 seconds, and every 10 seconds from then on.
        assert_eq!(world.queue.asked.load(Ordering::SeqCst), 63);
        world.queue.away.store(false, Ordering::SeqCst);
        sleep(LONGEST_PAUSE).await;
        assert_eq!(world.settled(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_letter_that_takes_its_time_holds_up_no_other() {
        let world = World::start(10);
        let held = Arc::clone(&world.post);
        let permits = held.0.acquire_many(10).await.unwrap();
        world.queue("slow@example.org");
        sleep(PAUSE).await;
        assert_eq!(world.settled(), 0);
        world.queue("swift@example.org");
        drop(permits);
        sleep(PAUSE).await;
        assert_eq!(world.settled(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn what_became_of_a_letter_is_written_however_often_that_fails() {
        let world = World::start(10);
        world.queue.deaf.store(true, Ordering::SeqCst);
        world.queue("ada@example.org");
        sleep(Duration::from_secs(60)).await;
        assert_eq!(world.settled(), 0);
        world.queue.deaf.store(false, Ordering::SeqCst);
        sleep(LONGEST_PAUSE).await;
        assert_eq!(world.settled(), 1);
        assert_eq!(world.post.0.available_permits(), 9, "it was sent once");
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_costs_one_letter_and_not_the_mail() {
        let world = World::start(10);
        world.queue("ada@example.org");
        world.queue("panic@example.org");
        sleep(PAUSE * 3).await;
        assert_eq!(world.settled(), 1);
        assert!(!world.running.is_finished());
    }
}

//! What is counted for the throttles.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::ports::clock::Timestamp;
use domain::throttles::account_delay::{self, FORGOTTEN_AFTER, FREE, LONGEST, MOST_FAILURES};
use domain::throttles::limits::Quota;
use domain::throttles::ports::{CounterKey, Guessed, Reserved};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::fixture::{Fixture, Ports};
use crate::outcome::RACERS;
use crate::samples::at;

const MINUTE: TimeDelta = TimeDelta::minutes(1);
const THREE: Quota = Quota { most: 3, window: MINUTE };

fn key(text: &str) -> CounterKey {
    CounterKey::restore(text)
}

fn seconds(seconds: i64) -> Timestamp {
    at(0) + TimeDelta::seconds(seconds)
}

impl Ports {
    async fn reserve(&self, text: &str, quota: Quota, now: Timestamp) -> Reserved {
        self.throttles.reserve(&key(text), quota, now).await.expect("it counts")
    }

    async fn guess(&self, text: &str, now: Timestamp) -> Guessed {
        self.throttles.guess(&key(text), now).await.expect("it counts")
    }
}

impl Ports {
    async fn both(&self, place: &str, guess: &str, now: Timestamp) -> (Reserved, Option<Guessed>) {
        self.throttles.reserve_and_guess(&key(place), THREE, &key(guess), now).await.expect("it counts")
    }
}

impl Fixture {
    /// Asks so many times at once, every other time in the other process; gives how many were admitted.
    async fn admitted<F>(&self, ask: impl Fn(Ports) -> F) -> usize
    where
        F: Future<Output = bool> + Send + 'static,
    {
        let start = Arc::new(Barrier::new(RACERS));
        let mut racers = JoinSet::new();
        for number in 0..RACERS {
            let asked = ask(if number % 2 == 0 { self.here.clone() } else { self.there.clone() });
            let start = Arc::clone(&start);
            racers.spawn(async move {
                start.wait().await;
                asked.await
            });
        }
        racers.join_all().await.into_iter().filter(|admitted| *admitted).count()
    }
}

/// What is asked for together counts as if it were asked for one after the other, and only who has a place guesses.
pub async fn a_place_and_a_guess_are_counted_together(fixture: Fixture) {
    let Fixture { here, there, .. } = &fixture;
    here.guess("b", seconds(0)).await;
    let (place, guess) = there.both("a", "b", seconds(1)).await;
    assert_eq!(place, Reserved { admitted: true, recent: vec![seconds(1)] });
    let after_two = Guessed { admitted: true, failures: 2, next_at: seconds(1) + account_delay::after(2) };
    assert_eq!(guess, Some(after_two));
    // An account that rests lets nobody guess, and who tries is counted all the same.
    for _ in 0..FREE {
        assert!(here.guess("c", seconds(2)).await.admitted);
    }
    let (place, guess) = here.both("a", "c", seconds(2)).await;
    assert_eq!(place, Reserved { admitted: true, recent: vec![seconds(2), seconds(1)] });
    let guess = guess.expect("there was a place");
    assert!(!guess.admitted && guess.next_at > seconds(2), "{guess:?}");
    assert_eq!(there.guess("c", seconds(2)).await, guess, "nothing was counted");
    assert!(there.both("a", "d", seconds(3)).await.1.expect("there is a place").admitted);
    // Without a place nobody guesses.
    let (place, guess) = there.both("a", "b", seconds(4)).await;
    assert_eq!(place, Reserved { admitted: false, recent: vec![seconds(3), seconds(2), seconds(1)] });
    assert_eq!(guess, None);
    let later = here.guess("b", seconds(4)).await;
    assert_eq!(later.failures, 3, "only what was admitted is counted");
}

/// Clocks differ, and are put back: as long as no delay has begun, that keeps nobody out.
pub async fn a_free_guess_is_admitted_whatever_the_clock_says(fixture: Fixture) {
    let Fixture { here, there, .. } = &fixture;
    for (number, second) in [0, -1, -600, -599].into_iter().enumerate() {
        let guess = if number % 2 == 0 { here } else { there }.guess("a", seconds(second)).await;
        assert!(guess.admitted, "{second}: {guess:?}");
    }
    let last = here.guess("a", seconds(-600)).await;
    assert_eq!((last.admitted, last.failures), (true, FREE));
    assert!(!there.guess("a", seconds(-600)).await.admitted, "now there is a delay");
    let (_, guess) = there.both("b", "c", seconds(0)).await;
    assert!(guess.expect("there is a place").admitted);
    let (_, guess) = here.both("b", "c", seconds(-5)).await;
    assert!(guess.expect("there is a place").admitted);
}

/// However many ask for a place and a guess at once, no more are admitted than there are places.
pub async fn a_place_and_a_guess_admit_no_more_of_many_at_once(fixture: Fixture) {
    let admitted = fixture.admitted(|ports| async move { ports.both("a", "b", seconds(0)).await.0.admitted }).await;
    assert_eq!(admitted, 3);
    assert_eq!(fixture.here.guess("b", seconds(0)).await.failures, 4);
}

/// A quota slides: no window of its length holds more, wherever it begins.
pub async fn a_quota_admits_so_many_in_any_window(fixture: Fixture) {
    let Fixture { here, there, .. } = &fixture;
    for (second, ports) in [(0, here), (50, there), (55, here)] {
        assert!(ports.reserve("a", THREE, seconds(second)).await.admitted, "{second}");
    }
    let refused = there.reserve("a", THREE, seconds(59)).await;
    assert_eq!(refused, Reserved { admitted: false, recent: vec![seconds(55), seconds(50), seconds(0)] });
    let admitted = here.reserve("a", THREE, seconds(60)).await;
    assert_eq!(admitted, Reserved { admitted: true, recent: vec![seconds(60), seconds(55), seconds(50)] });
    for second in [60, 109] {
        assert!(!there.reserve("a", THREE, seconds(second)).await.admitted, "two are left from before: {second}");
    }
    assert!(there.reserve("a", THREE, seconds(110)).await.admitted);
}

/// What was counted before the clock was put back keeps nobody out for hours; a step that clocks of several servers
/// may be apart by changes nothing.
pub async fn a_quota_holds_from_anew_when_the_clock_is_put_back(fixture: Fixture) {
    let Fixture { here, there, .. } = &fixture;
    for second in [0, 5, 10] {
        assert!(here.reserve("a", THREE, seconds(second)).await.admitted, "{second}");
    }
    assert!(!there.reserve("a", THREE, seconds(-50)).await.admitted, "the clocks are apart");
    let before = -3 * 3600;
    for second in [before, before + 1, before + 2] {
        assert!(there.reserve("a", THREE, seconds(second)).await.admitted, "{second}");
    }
    assert!(!here.reserve("a", THREE, seconds(before + 59)).await.admitted, "the quota holds");
    assert!(here.reserve("a", THREE, seconds(before + 60)).await.admitted);
}

/// No account rests for longer than the longest delay, wherever the clock goes.
pub async fn an_account_does_not_rest_for_hours_when_the_clock_is_put_back(fixture: Fixture) {
    let mut now = at(0);
    for _ in 0..MOST_FAILURES {
        now = fixture.here.guess("account", now).await.next_at;
    }
    let last = now - LONGEST;
    assert!(!fixture.there.guess("account", last - TimeDelta::seconds(50)).await.admitted, "the clocks are apart");
    let back = last - TimeDelta::hours(3);
    let guessed = fixture.there.guess("account", back).await;
    assert_eq!(guessed, Guessed { admitted: true, failures: MOST_FAILURES, next_at: back + LONGEST });
    assert!(!fixture.here.guess("account", back + TimeDelta::minutes(14)).await.admitted, "it rests again");
    assert!(fixture.here.guess("account", back + LONGEST).await.admitted);
}

/// What is over a quota is refused although all ask at once, in two processes.
pub async fn a_quota_admits_no_more_than_that_of_many_at_once(fixture: Fixture) {
    for most in [1, 5, 40] {
        let quota = Quota { most, window: MINUTE };
        let name = format!("race-{most}");
        let admitted = fixture.admitted(|ports| {
            let name = name.clone();
            async move { ports.reserve(&name, quota, at(0)).await.admitted }
        });
        assert_eq!(admitted.await, most as usize);
    }
}

/// A key that begins as another is another.
pub async fn counters_of_different_keys_do_not_meet(fixture: Fixture) {
    let one = Quota { most: 1, window: MINUTE };
    for name in ["a", "a:", "a:b", "A", "b"] {
        assert!(fixture.here.reserve(name, one, at(0)).await.admitted, "{name}");
        assert!(!fixture.there.reserve(name, one, at(1)).await.admitted, "{name}");
    }
}

/// The first failures are free, then each makes the account rest for longer, up to a limit.
pub async fn an_account_rests_longer_after_each_failure(fixture: Fixture) {
    let mut now = at(0);
    for failures in 1..=MOST_FAILURES + 5 {
        let counted = failures.min(MOST_FAILURES);
        let next_at = now + account_delay::after(counted);
        let guessed = fixture.here.guess("account", now).await;
        assert_eq!(guessed, Guessed { admitted: true, failures: counted, next_at });
        if next_at > now {
            let early = fixture.there.guess("account", next_at - TimeDelta::microseconds(1)).await;
            assert_eq!(early, Guessed { admitted: false, failures: counted, next_at });
        }
        now = next_at;
    }
}

/// While nobody knows yet whether a guess was wrong, it counts as a wrong one.
pub async fn many_guesses_at_once_are_admitted_as_often_as_they_are_free(fixture: Fixture) {
    let admitted = fixture.admitted(|ports| async move { ports.guess("account", at(0)).await.admitted });
    assert_eq!(admitted.await, FREE as usize);
}

/// A guess that nobody compared was none.
pub async fn a_guess_is_taken_back(fixture: Fixture) {
    let Fixture { here, there, .. } = &fixture;
    for _ in 0..FREE {
        assert!(here.guess("account", at(0)).await.admitted);
    }
    assert!(!here.guess("account", at(1)).await.admitted);
    there.throttles.take_back(&key("account"), at(2)).await.expect("it counts");
    let again = here.guess("account", at(3)).await;
    assert_eq!((again.admitted, again.failures), (true, FREE));
    there.throttles.take_back(&key("nobody"), at(4)).await.expect("there is nothing to take back");
    assert_eq!(there.guess("nobody", at(5)).await.failures, 1);
}

/// No failure counts for ever.
pub async fn failures_are_forgotten_after_a_day(fixture: Fixture) {
    for _ in 0..FREE {
        fixture.here.guess("account", at(0)).await;
    }
    let soon = at(0) + FORGOTTEN_AFTER - TimeDelta::microseconds(1);
    assert_eq!(fixture.there.guess("account", soon).await.failures, FREE + 1);
    let later = fixture.here.guess("account", soon + FORGOTTEN_AFTER).await;
    assert_eq!((later.failures, later.next_at), (1, soon + FORGOTTEN_AFTER));
}

/// An account's counters of all places go together, and no other goes with them.
pub async fn what_begins_so_is_forgotten_at_once(fixture: Fixture) {
    let names = ["account:0a:", "account:0a:place", "account:0a:z9", "account:0b:place", "account:0a", "b"];
    for name in names {
        fixture.here.guess(name, at(0)).await;
    }
    fixture.there.throttles.forget(&key("account:0a:")).await.expect("it forgets");
    let mut failures = Vec::new();
    for name in names {
        failures.push(fixture.here.guess(name, at(1)).await.failures);
    }
    assert_eq!(failures, [1, 1, 1, 2, 2, 2]);
}

/// Vouching ends by itself, and may be renewed.
pub async fn what_is_vouched_for_is_so_for_a_while(fixture: Fixture) {
    let Fixture { here, there, .. } = &fixture;
    for until in [60, 90] {
        here.throttles.vouch(&key("vouched:a"), at(0), seconds(until)).await.expect("it is noted");
        for (name, second, expected) in [
            ("vouched:a", 0, true),
            ("vouched:a", until - 1, true),
            ("vouched:a", until, false),
            ("vouched:", 0, false),
        ] {
            let vouched = there.throttles.is_vouched(&key(name), seconds(second)).await.expect("it is read");
            assert_eq!(vouched, expected, "{name} at {second}");
        }
    }
}

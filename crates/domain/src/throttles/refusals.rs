//! What a process remembers of its refusals: how long they last, and how many there were.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;

use crate::origin::Origin;
use crate::ports::clock::Timestamp;
use crate::throttles::limits::TooMany;

/// How many lasting refusals are remembered at most. What is forgotten is asked for once more.
const MOST_LASTING: usize = 20_000;
/// How many keys are told of apart at most; all others of a limit are told of together.
const MOST_TOLD: usize = 1_000;
/// How often a full memory is searched for what is over: everybody waits for that.
const SWEEP_EVERY: TimeDelta = TimeDelta::seconds(1);
/// Under which key all others are told of.
const OTHERS: &str = "others";

/// The refusals of this process.
#[derive(Debug, Default)]
pub struct Refusals {
    lasting: Mutex<LastingOnes>,
    untold: Mutex<HashMap<(&'static str, String), Untold>>,
}

#[derive(Debug, Default)]
struct LastingOnes {
    by_key: HashMap<String, Lasting>,
    /// When those that are over were looked for, as there was no room.
    swept_at: Option<Timestamp>,
}

/// A refusal that lasts until then.
#[derive(Clone, Copy, Debug)]
struct Lasting {
    too_many: TooMany,
    since: Timestamp,
    until: Timestamp,
    forgotten_at: Timestamp,
}

impl Lasting {
    /// A clock that was put back says nothing of how long it lasts still.
    fn holds(&self, now: Timestamp) -> bool {
        self.since <= now && now < self.until && now < self.forgotten_at
    }
}

/// Refusals that no event tells of yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untold {
    /// The name of what refused.
    pub limit: &'static str,
    /// What was counted.
    pub key: String,
    /// How many there were.
    pub count: u64,
    /// When the first was.
    pub since: Timestamp,
    /// Where the first came from.
    pub origin: Origin,
}

impl Refusals {
    /// The refusal that is known to last for this key.
    #[must_use]
    pub fn lasting(&self, key: &str, now: Timestamp) -> Option<TooMany> {
        let lasting = self.lasting_ones().by_key.get(key).copied()?;
        lasting.holds(now).then(|| TooMany { wait: lasting.until - now, ..lasting.too_many })
    }

    /// Remembers a refusal of this key until it is over, or is forgotten before.
    pub fn remember(&self, key: String, too_many: TooMany, now: Timestamp, forgotten_at: Timestamp) {
        let mut lasting = self.lasting_ones();
        let rested = lasting.swept_at.is_none_or(|swept| now < swept || now >= swept + SWEEP_EVERY);
        if lasting.by_key.len() >= MOST_LASTING && rested {
            lasting.by_key.retain(|_, one| one.holds(now));
            lasting.swept_at = Some(now);
        }
        if lasting.by_key.len() < MOST_LASTING {
            let until = now + too_many.wait;
            lasting.by_key.insert(key, Lasting { too_many, since: now, until, forgotten_at });
        }
    }

    /// Forgets the refusals of keys that begin so.
    pub fn forget(&self, beginning: &str) {
        self.lasting_ones().by_key.retain(|key, _| !key.starts_with(beginning));
    }

    /// Counts a refusal, for the event that will tell of it.
    pub fn count(&self, limit: &'static str, key: &str, origin: &Origin, now: Timestamp) {
        let mut untold = self.untold_ones();
        let name = name_among(&untold, limit, key);
        match untold.entry(name) {
            Entry::Occupied(mut entry) => entry.get_mut().count += 1,
            Entry::Vacant(entry) => {
                let key = entry.key().1.clone();
                // One event tells of many requests, so it names none, and it tells of no browser.
                let origin = Origin { request: None, browser: None, ..origin.clone() };
                entry.insert(Untold { limit, key, count: 1, since: now, origin });
            }
        }
    }

    /// All that no event tells of yet.
    #[must_use]
    pub fn take_untold(&self) -> Vec<Untold> {
        self.untold_ones().drain().map(|(_, untold)| untold).collect()
    }

    /// Takes back what could not be told.
    pub fn keep(&self, untold: Untold) {
        let mut all = self.untold_ones();
        let name = name_among(&all, untold.limit, &untold.key);
        let key = name.1.clone();
        match all.entry(name) {
            Entry::Occupied(mut entry) => {
                let later = entry.get_mut();
                later.count += untold.count;
                later.since = later.since.min(untold.since);
            }
            Entry::Vacant(entry) => {
                entry.insert(Untold { key, ..untold });
            }
        }
    }

    // Both maps are whole at every moment, whoever panicked.
    fn lasting_ones(&self) -> MutexGuard<'_, LastingOnes> {
        self.lasting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn untold_ones(&self) -> MutexGuard<'_, HashMap<(&'static str, String), Untold>> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Under which name a refusal is told of: its own, or that of all others where there is no room.
fn name_among(
    untold: &HashMap<(&'static str, String), Untold>,
    limit: &'static str,
    key: &str,
) -> (&'static str, String) {
    let name = (limit, key.to_owned());
    if untold.len() < MOST_TOLD || untold.contains_key(&name) { name } else { (limit, OTHERS.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::throttles::limits::Limit;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn too_many(seconds: i64) -> TooMany {
        let limit = Limit::LogInAddress;
        TooMany { limit: limit.name(), quota: limit.quota(), wait: TimeDelta::seconds(seconds) }
    }

    fn at(seconds: i64) -> Timestamp {
        NOW + TimeDelta::seconds(seconds)
    }

    #[test]
    fn a_refusal_is_remembered_until_it_is_over_or_forgotten() {
        let refusals = Refusals::default();
        refusals.remember("a".into(), too_many(60), NOW, at(60));
        refusals.remember("b".into(), too_many(60), NOW, at(1));
        assert_eq!(refusals.lasting("a", at(15)), Some(too_many(45)), "the rest of it");
        assert_eq!(refusals.lasting("a", at(60)), None);
        assert_eq!((refusals.lasting("b", NOW), refusals.lasting("b", at(1))), (Some(too_many(60)), None));
        refusals.forget("a");
        assert_eq!(refusals.lasting("a", NOW), None);
    }

    #[test]
    fn nothing_is_remembered_of_a_clock_that_was_put_back() {
        let refusals = Refusals::default();
        refusals.remember("a".into(), too_many(60), at(7200), at(7260));
        assert_eq!(refusals.lasting("a", at(0)), None);
        assert_eq!(refusals.lasting("a", at(7200)), Some(too_many(60)));
        for number in 1..MOST_LASTING {
            refusals.remember(number.to_string(), too_many(60), at(7200), at(7260));
        }
        refusals.remember("late".into(), too_many(60), at(7200), at(7260));
        assert_eq!(refusals.lasting("late", at(7200)), None, "there is no room");
        refusals.remember("late".into(), too_many(60), at(0), at(60));
        assert_eq!(refusals.lasting("late", at(0)), Some(too_many(60)), "what was of another time makes room");
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for() {
        let refusals = Refusals::default();
        for number in 0..MOST_LASTING + 5 {
            refusals.remember(number.to_string(), too_many(60), NOW, at(60));
        }
        assert_eq!(refusals.lasting_ones().by_key.len(), MOST_LASTING);
        refusals.remember("late".into(), too_many(60), at(61), at(121));
        assert_eq!(refusals.lasting_ones().by_key.len(), 1, "what is over makes room");
    }

    #[test]
    fn refusals_are_counted_by_key_and_told_once() {
        let refusals = Refusals::default();
        let origin = Origin::default();
        for (key, second) in [("a", 1), ("b", 2), ("a", 3)] {
            refusals.count("login-address", key, &origin, at(second));
        }
        let mut untold = refusals.take_untold();
        untold.sort_by(|a, b| a.key.cmp(&b.key));
        let told = untold.iter().map(|one| (&*one.key, one.count, one.since)).collect::<Vec<_>>();
        assert_eq!(told, [("a", 2, at(1)), ("b", 1, at(2))]);
        assert_eq!(refusals.take_untold(), []);
        refusals.count("login-address", "a", &origin, at(9));
        refusals.keep(untold.remove(0));
        let [again] = &refusals.take_untold()[..] else { panic!("one key") };
        assert_eq!((again.count, again.since), (3, at(1)));
    }

    #[test]
    fn what_cannot_be_told_takes_no_more_room() {
        let refusals = Refusals::default();
        let mut kept = Vec::new();
        for round in 0..3 {
            for number in 0..MOST_TOLD {
                refusals.count("login-address", &format!("{round}-{number}"), &Origin::default(), NOW);
            }
            kept = refusals.take_untold();
            kept.drain(..).for_each(|one| refusals.keep(one));
        }
        for number in 0..MOST_TOLD {
            refusals.count("login-address", &format!("late-{number}"), &Origin::default(), NOW);
        }
        kept.extend(refusals.take_untold());
        assert!(kept.len() <= MOST_TOLD + 1, "{}", kept.len());
        assert_eq!(kept.iter().map(|one| one.count).sum::<u64>(), 4 * MOST_TOLD as u64, "and nothing is lost");
    }

    #[test]
    fn a_flood_of_keys_is_told_of_together() {
        let refusals = Refusals::default();
        for number in 0..MOST_TOLD + 7 {
            refusals.count("login-address", &number.to_string(), &Origin::default(), NOW);
        }
        let untold = refusals.take_untold();
        assert_eq!(untold.len(), MOST_TOLD + 1);
        assert_eq!(untold.iter().map(|one| one.count).sum::<u64>(), MOST_TOLD as u64 + 7);
        assert_eq!(untold.iter().find(|one| one.key == OTHERS).map(|one| one.count), Some(7));
    }
}

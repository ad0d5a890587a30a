//! What is counted, in memory.

use std::collections::{BTreeMap, VecDeque};

use async_trait::async_trait;
use domain::ports::clock::Timestamp;
use domain::ports::failure::PortFailure;
use domain::throttles::account_delay::{self, FORGOTTEN_AFTER, FREE, LONGEST, MOST_FAILURES};
use domain::throttles::limits::{CLOCKS_APART, Quota};
use domain::throttles::ports::{CounterKey, Guessed, Reserved, Throttles};

use crate::memory::Memory;

/// All that is counted, by its key.
pub(crate) type Counters = BTreeMap<CounterKey, Counter>;

#[derive(Debug, Default)]
pub(crate) struct Counter {
    recent: VecDeque<Timestamp>,
    failures: u32,
    next_at: Timestamp,
    forgotten_at: Timestamp,
    vouched_until: Timestamp,
}

#[async_trait]
impl Throttles for Memory {
    async fn reserve(&self, key: &CounterKey, quota: Quota, now: Timestamp) -> Result<Reserved, PortFailure> {
        let mut counters = self.counters()?;
        let counter = counters.entry(key.clone()).or_default();
        let most = quota.most as usize;
        let is_out = |oldest: &Timestamp| *oldest <= now - quota.window || *oldest > now + CLOCKS_APART;
        let admitted = counter.recent.len() < most || counter.recent.back().is_some_and(is_out);
        if admitted {
            counter.recent.push_front(now);
            counter.recent.truncate(most);
        }
        Ok(Reserved { admitted, recent: counter.recent.iter().copied().collect() })
    }

    async fn guess(&self, key: &CounterKey, now: Timestamp) -> Result<Guessed, PortFailure> {
        let mut counters = self.counters()?;
        let counter = counters.entry(key.clone()).or_default();
        let is_free = counter.failures < FREE;
        let admitted = is_free || counter.next_at <= now || counter.next_at > now + LONGEST + CLOCKS_APART;
        if admitted {
            counter.failures = if counter.forgotten_at <= now { 1 } else { (counter.failures + 1).min(MOST_FAILURES) };
            counter.next_at = now + account_delay::after(counter.failures);
            counter.forgotten_at = now + FORGOTTEN_AFTER;
        }
        Ok(Guessed { admitted, failures: counter.failures, next_at: counter.next_at })
    }

    async fn take_back(&self, key: &CounterKey, now: Timestamp) -> Result<(), PortFailure> {
        let mut counters = self.counters()?;
        if let Some(counter) = counters.get_mut(key).filter(|counter| counter.failures > 0) {
            counter.failures -= 1;
            counter.next_at = now;
        }
        Ok(())
    }

    async fn forget(&self, beginning: &CounterKey) -> Result<(), PortFailure> {
        let mut counters = self.counters()?;
        counters.retain(|key, _| !key.as_str().starts_with(beginning.as_str()));
        Ok(())
    }

    async fn vouch(&self, key: &CounterKey, _now: Timestamp, until: Timestamp) -> Result<(), PortFailure> {
        self.counters()?.entry(key.clone()).or_default().vouched_until = until;
        Ok(())
    }

    async fn is_vouched(&self, key: &CounterKey, now: Timestamp) -> Result<bool, PortFailure> {
        Ok(self.counters()?.get(key).is_some_and(|counter| now < counter.vouched_until))
    }
}

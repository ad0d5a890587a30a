//! The wish to read the keys again.

use std::sync::atomic::{AtomicI64, Ordering};

use domain::ports::clock::Timestamp;
use tokio::sync::Notify;

/// Says that somebody met a key that is not in the ring: another replica may have made it. Anybody
/// can invent such a key, so the wish counts at most once a second.
pub(crate) struct RefreshWish {
    notify: Notify,
    /// In milliseconds since 1970.
    last: AtomicI64,
}

impl RefreshWish {
    const PAUSE_MS: i64 = 1000;

    pub(crate) fn new() -> Self {
        Self { notify: Notify::new(), last: AtomicI64::new(i64::MIN) }
    }

    /// Wishes, unless that was done within the last second.
    pub(crate) fn wish(&self, now: Timestamp) {
        let now = now.timestamp_millis();
        let last = self.last.load(Ordering::Relaxed);
        // A clock that was set back must not silence the wish for as long.
        let is_recent = last <= now && now.saturating_sub(last) < Self::PAUSE_MS;
        // Of several at once, one exchanges.
        if !is_recent && self.last.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.notify.notify_one();
        }
    }

    /// Waits for a wish; one that was made before counts.
    pub(crate) async fn made(&self) {
        self.notify.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::RefreshWish;
    use crate::fakes::is_ready;
    use domain::ports::clock::Timestamp;

    #[test]
    fn it_counts_once_a_second() {
        let wish = RefreshWish::new();
        let at = |milliseconds: i64| Timestamp::from_timestamp_millis(1_800_000_000_000 + milliseconds).unwrap();
        assert!(!is_ready(wish.made()));
        for (milliseconds, counts) in
            [(0, true), (0, false), (999, false), (1000, true), (1500, false), (2000, true), (-50, true), (949, false)]
        {
            wish.wish(at(milliseconds));
            assert_eq!(is_ready(wish.made()), counts, "{milliseconds}");
        }
    }
}

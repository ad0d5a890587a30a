//! What is known of one connection while it is open, and when it has taken too long.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

/// For how long nothing must have come or gone after a request until it is looked at whether the next one has begun
/// with it.
const SETTLED: Duration = Duration::from_secs(1);
/// How many more requests than it lets be answered a peer may take back.
const MOST_TAKEN_BACK: usize = 100;

/// How long a connection may take for what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// From the first byte of a request's head to the last.
    pub(crate) head: Duration,
    /// Without a request, between two of them or before the first.
    pub(crate) idle: Duration,
    /// Until the peer takes some of what is written.
    pub(crate) write: Duration,
    /// With a request under way and no byte from its peer, where another waits for the place: longer than the program
    /// keeps a request, so that it can only be the peer who keeps it.
    pub(crate) work: Duration,
}

/// Notes what happens to a connection. Times are milliseconds since the connection was opened.
#[derive(Debug)]
pub(crate) struct Watch {
    opened: Instant,
    /// Whether bytes also come and go for nothing.
    requests_only: AtomicBool,
    /// Requests that have no whole answer yet.
    requests: AtomicUsize,
    /// Those of them whose answer is under way beside others: when a part of it was last taken.
    answers: Mutex<Vec<Arc<AtomicU64>>>,
    /// When the last byte came or went, or the last request ended.
    moved: AtomicU64,
    /// When the first byte of a head came, plus one; 0 while there is none.
    head: AtomicU64,
    /// When the peer stopped taking what is written, plus one; 0 while it takes it.
    stalled: AtomicU64,
    /// Whether a request has come since it was last looked at what is left.
    has_asked: AtomicBool,
    /// Wakes whoever can look at it.
    look: Notify,
    /// How many more requests were taken back than answered.
    taken_back: AtomicUsize,
    /// Wakes whoever can close it for that.
    too_many: Notify,
    /// Wakes whoever can close it once there are twice as many.
    far_too_many: Notify,
}

/// A request that is under way until this is dropped.
#[derive(Debug)]
pub(crate) struct UnderWay {
    watch: Arc<Watch>,
    answer: Option<Arc<AtomicU64>>,
}

impl Watch {
    pub(super) fn new() -> Self {
        let (requests_only, requests, answers, moved, head, stalled) = Default::default();
        let (has_asked, look, taken_back, too_many, far_too_many) = Default::default();
        Self {
            opened: Instant::now(),
            requests_only,
            requests,
            answers,
            moved,
            head,
            stalled,
            has_asked,
            look,
            taken_back,
            too_many,
            far_too_many,
        }
    }

    /// Takes no byte for a sign of a request: some protocols have others to send.
    pub(super) fn counts_requests_only(&self) {
        self.requests_only.store(true, Relaxed);
        self.head.store(0, Relaxed);
    }

    /// Whether only requests count: then the protocol tells the peer when the server stops.
    pub(super) fn says_goodbye(&self) -> bool {
        self.requests_only.load(Relaxed)
    }

    /// A request has come.
    pub(super) fn begin(self: &Arc<Self>) -> UnderWay {
        self.requests.fetch_add(1, Relaxed);
        self.head.store(0, Relaxed);
        self.has_asked.store(true, Relaxed);
        self.moved.store(self.now(), Relaxed);
        UnderWay { watch: Arc::clone(self), answer: None }
    }

    /// Some bytes have come.
    pub(super) fn came(&self) {
        if self.requests_only.load(Relaxed) {
            return;
        }
        let now = self.now();
        self.moved.store(now, Relaxed);
        if self.requests.load(Relaxed) == 0 && self.head.load(Relaxed) == 0 {
            self.head.store(now + 1, Relaxed);
        }
    }

    /// What has come was a handshake, and nothing more.
    pub(super) fn handshake_is_over(&self) {
        self.head.store(0, Relaxed);
    }

    /// A head has begun: its first bytes came with the request before.
    pub(super) fn head_has_begun(&self) {
        self.head.store(self.now() + 1, Relaxed);
    }

    /// Lets it be looked at what is left of what has come, once after each request: the first bytes of a head may have
    /// come with the last ones of the request before, and only what reads them can tell.
    pub(super) fn have_the_rest_looked_at(&self) {
        if self.is_settled() && self.has_asked.swap(false, Relaxed) {
            self.look.notify_one();
        }
    }

    /// Waits until it is to be looked at what is left.
    pub(super) async fn rest_is_to_be_looked_at(&self) {
        loop {
            self.look.notified().await;
            if self.is_settled() {
                return;
            }
            // A request has come meanwhile, and perhaps before it was noted that the one before was looked after.
            self.has_asked.store(true, Relaxed);
        }
    }

    /// Waits until the peer has taken back too many requests, to which nobody had an answer yet. It may do so whenever
    /// it likes, and each one has cost work that its limit of requests under way does not bound.
    pub(super) async fn takes_back_too_many(&self) {
        self.too_many.notified().await;
    }

    /// Waits until the peer has gone on with that although it was told to go.
    pub(super) async fn takes_back_far_too_many(&self) {
        self.far_too_many.notified().await;
    }

    /// A request that was to be answered beside others has ended.
    fn note_whether_taken_back(&self, is_answered: bool) {
        let taken_back = if is_answered {
            // An error says that there is none to make up for.
            self.taken_back.fetch_update(Relaxed, Relaxed, |count| count.checked_sub(1)).map_or(0, |before| before - 1)
        } else {
            self.taken_back.fetch_add(1, Relaxed) + 1
        };
        if taken_back > MOST_TAKEN_BACK {
            self.too_many.notify_one();
        }
        if taken_back > 2 * MOST_TAKEN_BACK {
            self.far_too_many.notify_one();
        }
    }

    /// Whether every request has its whole answer, and nothing has come since.
    fn is_settled(&self) -> bool {
        let is_quiet = self.quiet().is_some_and(|quiet| quiet >= SETTLED);
        is_quiet && !self.owes_an_answer() && self.head.load(Relaxed) == 0
    }

    /// Some bytes were taken by the peer, or there are none to be taken.
    pub(super) fn went(&self) {
        self.stalled.store(0, Relaxed);
        if !self.requests_only.load(Relaxed) {
            self.moved.store(self.now(), Relaxed);
        }
    }

    /// The peer takes nothing at the moment.
    pub(super) fn stalls(&self) {
        if self.stalled.load(Relaxed) == 0 {
            self.stalled.store(self.now() + 1, Relaxed);
        }
    }

    /// Whether it is to be closed, and why.
    pub(super) fn takes_too_long(&self, patience: &Patience) -> Option<&'static str> {
        let (idle, now) = (self.is_without_a_request(), self.now());
        let over = |since: u64, patience: Duration| since > 0 && now + 1 - since.min(now + 1) >= millis(patience);
        let rests = |answer: &Arc<AtomicU64>| over(answer.load(Relaxed) + 1, patience.write);
        if over(self.stalled.load(Relaxed), patience.write) || self.answers().iter().any(rests) {
            Some("the peer takes no answer")
        } else if idle && over(self.head.load(Relaxed), patience.head) {
            Some("the head of a request does not end")
        } else if idle && over(self.moved.load(Relaxed) + 1, patience.idle) {
            Some("no request comes")
        } else {
            None
        }
    }

    /// For how long nothing has come or gone, if no request is under way.
    pub(super) fn quiet(&self) -> Option<Duration> {
        // Whoever ends a request says first when.
        self.is_without_a_request().then(|| self.silence())
    }

    /// For how long nothing has come or gone, whatever is under way. Where only requests count, what has gone are parts of
    /// answers.
    pub(super) fn silence(&self) -> Duration {
        let parts = self.answers().iter().map(|answer| answer.load(Relaxed)).max().unwrap_or_default();
        Duration::from_millis(self.now().saturating_sub(self.moved.load(Relaxed).max(parts)))
    }

    /// Waits until it has been without a request for so long.
    pub(super) async fn is_without_a_request_for(&self, long: Duration) {
        loop {
            match self.quiet() {
                Some(quiet) if quiet >= long => return,
                quiet => sleep(long - quiet.unwrap_or_default()).await,
            }
        }
    }

    pub(super) fn is_without_a_request(&self) -> bool {
        self.requests.load(Acquire) == 0
    }

    /// Whether the peer has yet to take a part of what was written.
    pub(super) fn owes_an_answer(&self) -> bool {
        self.stalled.load(Relaxed) > 0
    }

    fn answers(&self) -> MutexGuard<'_, Vec<Arc<AtomicU64>>> {
        // The list is whole at every moment, whoever panicked.
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        millis(self.opened.elapsed())
    }
}

impl UnderWay {
    /// Its answer begins, beside which others go on: that bytes go says nothing of this one.
    pub(super) fn answer_beside_others(&mut self) {
        let answer = Arc::new(AtomicU64::new(self.watch.now()));
        self.watch.answers().push(Arc::clone(&answer));
        self.answer = Some(answer);
    }

    /// A part of its answer was taken.
    pub(super) fn progress(&self) {
        if let Some(answer) = &self.answer {
            answer.store(self.watch.now(), Relaxed);
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if self.watch.requests_only.load(Relaxed) {
            self.watch.note_whether_taken_back(self.answer.is_some());
        }
        if let Some(answer) = self.answer.take() {
            self.watch.answers().retain(|other| !Arc::ptr_eq(other, &answer));
        }
        self.watch.moved.store(self.watch.now(), Relaxed);
        self.watch.requests.fetch_sub(1, Release);
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;

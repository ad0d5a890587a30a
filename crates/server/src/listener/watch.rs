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
        let (has_asked, look) = Default::default();
        Self { opened: Instant::now(), requests_only, requests, answers, moved, head, stalled, has_asked, look }
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
            // A request that has come meanwhile has it looked at again.
            if self.is_settled() {
                return;
            }
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

    /// For how long nothing has come or gone, whatever is under way.
    pub(super) fn silence(&self) -> Duration {
        Duration::from_millis(self.now().saturating_sub(self.moved.load(Relaxed)))
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
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use tokio::time::advance;

    use super::*;

    const PATIENCE: Patience = Patience {
        head: Duration::from_secs(10),
        idle: Duration::from_secs(60),
        write: Duration::from_secs(30),
        work: Duration::from_secs(8),
    };

    fn new() -> Arc<Watch> {
        Arc::new(Watch::new())
    }

    async fn after(seconds: u64, watch: &Watch) -> Option<&'static str> {
        advance(Duration::from_secs(seconds)).await;
        watch.takes_too_long(&PATIENCE)
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_ten_seconds_from_its_first_byte_however_slowly_it_comes() {
        let watch = new();
        assert_eq!(after(20, &watch).await, None);
        for _ in 0..9 {
            watch.came();
            assert_eq!(after(1, &watch).await, None);
        }
        watch.came();
        assert_eq!(after(1, &watch).await, Some("the head of a request does not end"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_under_way_is_left_to_the_endpoint() {
        let watch = new();
        watch.came();
        let request = watch.begin();
        watch.came();
        assert_eq!(after(600, &watch).await, None);
        assert_eq!(watch.quiet(), None);
        drop(request);
        assert_eq!(after(59, &watch).await, None);
        assert_eq!(watch.quiet(), Some(Duration::from_secs(59)));
        assert_eq!(after(1, &watch).await, Some("no request comes"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_without_a_request_is_idle_from_the_start() {
        let watch = new();
        assert_eq!(after(59, &watch).await, None);
        assert_eq!(after(1, &watch).await, Some("no request comes"));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_left_is_looked_at_once_after_each_request() {
        let watch = new();
        let is_woken = || {
            watch.have_the_rest_looked_at();
            let mut looking = pin!(watch.rest_is_to_be_looked_at());
            looking.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
        };
        advance(SETTLED).await;
        assert!(!is_woken(), "there was no request");
        for _ in 0..2 {
            drop(watch.begin());
            assert!(!is_woken(), "it may be sending the next one");
            advance(SETTLED).await;
            assert!(is_woken());
            assert!(!is_woken(), "it was looked at");
        }
        drop(watch.begin());
        watch.stalls();
        advance(SETTLED).await;
        assert!(!is_woken(), "the answer is not gone yet");
        watch.went();
        advance(SETTLED).await;
        assert!(is_woken());
        watch.head_has_begun();
        assert_eq!(after(9, &watch).await, None);
        assert_eq!(after(1, &watch).await, Some("the head of a request does not end"));
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_that_are_no_request_keep_nothing_open() {
        let watch = new();
        watch.counts_requests_only();
        for _ in 0..5 {
            watch.came();
            watch.went();
            advance(Duration::from_secs(1)).await;
        }
        assert_eq!(watch.quiet(), Some(Duration::from_secs(5)));
        let request = watch.begin();
        assert_eq!(watch.silence(), Duration::ZERO, "who has just asked is not silent");
        let waiting = watch.is_without_a_request_for(Duration::from_secs(10));
        let ending = async {
            sleep(Duration::from_secs(25)).await;
            drop(request);
        };
        tokio::join!(waiting, ending);
        assert_eq!(watch.quiet(), Some(Duration::from_secs(10)));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_of_which_nothing_is_taken_is_given_up_whatever_else_comes() {
        let watch = new();
        watch.counts_requests_only();
        let mut first = watch.begin();
        first.answer_beside_others();
        assert_eq!(after(29, &watch).await, None);
        first.progress();
        for _ in 0..3 {
            let mut other = watch.begin();
            other.answer_beside_others();
            other.progress();
            watch.went();
            drop(other);
            assert_eq!(after(9, &watch).await, None);
        }
        assert_eq!(after(3, &watch).await, Some("the peer takes no answer"));
        drop(first);
        assert_eq!(after(0, &watch).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_given_up_also_during_a_request() {
        let watch = new();
        let _request = watch.begin();
        watch.stalls();
        assert_eq!(after(29, &watch).await, None);
        watch.went();
        watch.stalls();
        assert_eq!(after(29, &watch).await, None);
        watch.stalls();
        assert_eq!(after(1, &watch).await, Some("the peer takes no answer"));
    }
}

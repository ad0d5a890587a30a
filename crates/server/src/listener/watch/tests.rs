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
    advance(SETTLED).await;
    watch.have_the_rest_looked_at();
    drop(watch.begin());
    assert!(!is_woken(), "a request came before anybody looked");
    advance(SETTLED).await;
    assert!(is_woken());
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
    let mut answer = watch.begin();
    answer.answer_beside_others();
    advance(Duration::from_secs(3)).await;
    assert_eq!(watch.silence(), Duration::from_secs(3));
    answer.progress();
    assert_eq!(watch.silence(), Duration::ZERO, "nor is who takes an answer");
    drop(answer);
    let waiting = watch.is_without_a_request_for(Duration::from_secs(10));
    let ending = async {
        sleep(Duration::from_secs(25)).await;
        drop(request);
    };
    tokio::join!(waiting, ending);
    assert_eq!(watch.quiet(), Some(Duration::from_secs(10)));
}

#[tokio::test]
async fn requests_that_are_taken_back_are_made_up_for_by_those_that_are_answered() {
    let watch = new();
    watch.counts_requests_only();
    let is_closed = || {
        let mut closing = pin!(watch.takes_back_too_many());
        closing.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
    };
    // What was answered before anything was taken back is no credit.
    for _ in 0..1000 {
        watch.begin().answer_beside_others();
    }
    for _ in 0..MOST_TAKEN_BACK {
        drop(watch.begin());
    }
    for _ in 0..1000 {
        watch.begin().answer_beside_others();
        drop(watch.begin());
    }
    assert!(!is_closed());
    drop(watch.begin());
    assert!(is_closed());
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

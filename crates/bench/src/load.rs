//! The load generator: as many connections as it is told, each with one request at a time.
//!
//! It speaks HTTP through hyper's client connections and nothing above them: what it costs itself is
//! taken from the same cores.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::callers::Calls;

/// A request to make.
pub(crate) type Call = Request<Full<Bytes>>;

/// What came of a load.
pub(crate) struct Answers {
    /// How long each took, the shortest first.
    latencies: Vec<Duration>,
    elapsed: Duration,
}

impl Answers {
    pub(crate) const fn count(&self) -> usize {
        self.latencies.len()
    }

    pub(crate) fn per_second(&self) -> f64 {
        to_f64(self.count()) / self.elapsed.as_secs_f64()
    }

    /// The time within which this part of the answers came, such as 0.99.
    pub(crate) fn within(&self, part: f64) -> Duration {
        let rank = (to_f64(self.count()) * part).ceil().max(1.0);
        let later = self.latencies.iter().enumerate().find(|(index, _)| to_f64(index + 1) >= rank);
        later.map_or(Duration::ZERO, |(_, latency)| *latency)
    }
}

impl Answers {
    /// Those of several loads at the same time, together.
    pub(crate) fn together(all: Vec<Self>) -> Self {
        let elapsed = all.iter().map(|answers| answers.elapsed).max().unwrap_or_default();
        let mut latencies = all.into_iter().flat_map(|answers| answers.latencies).collect::<Vec<_>>();
        latencies.sort_unstable();
        Self { latencies, elapsed }
    }

    /// The percentiles that every table names.
    pub(crate) fn percentiles(&self) -> String {
        let [half, most, nearly_all] = [0.5, 0.99, 0.999].map(|part| self.within(part).as_secs_f64() * 1e3);
        format!("p50 {half:.2} ms, p99 {most:.2} ms, p999 {nearly_all:.2} ms")
    }
}

/// The next request of a connection, by the body of the last answer to it.
pub(crate) type Next = Box<dyn FnMut(Option<&Bytes>) -> Call + Send>;

/// A load: what each of its connections asks, and what every answer must be.
pub(crate) struct Load {
    pub(crate) expected: StatusCode,
    /// What a few answers may be instead.
    pub(crate) tolerated: Option<StatusCode>,
    seconds: f64,
    pub(crate) connections: Vec<Next>,
}

impl Load {
    /// A load without connections yet, for so long.
    pub(crate) const fn new(expected: StatusCode, seconds: f64) -> Self {
        Self { expected, tolerated: None, seconds, connections: Vec::new() }
    }

    /// So many connections, of which each makes the request of the next number. Every answer must be a 200.
    pub(crate) fn shared(connections: usize, seconds: f64, calls: Calls) -> Self {
        let (numbers, mut load) = (Arc::new(AtomicUsize::new(0)), Self::new(StatusCode::OK, seconds));
        for _ in 0..connections {
            let (numbers, calls) = (Arc::clone(&numbers), Arc::clone(&calls));
            load.connections.push(Box::new(move |_| calls(numbers.fetch_add(1, Ordering::Relaxed))));
        }
        load
    }
}

/// Closed loop: whoever has an answer asks again, until the time has passed; then the last answers are waited for.
pub(crate) async fn run_load(address: SocketAddr, load: Load) -> Answers {
    let (expected, tolerated) = (load.expected, load.tolerated);
    let (mut workers, mut ready) = (JoinSet::new(), Vec::new());
    for next in load.connections {
        ready.push((connect(address).await.expect("what is measured takes connections"), next));
    }
    let started = Instant::now();
    let end = started + Duration::from_secs_f64(load.seconds);
    for (mut sender, mut next) in ready {
        workers.spawn(async move {
            let (mut latencies, mut last) = (Vec::new(), None);
            while Instant::now() < end {
                let request = next(last.as_ref());
                let asked = Instant::now();
                let (status, body) = send(&mut sender, request).await.expect("an answer");
                latencies.push(asked.elapsed());
                assert!(status == expected || tolerated == Some(status), "{status} {}", String::from_utf8_lossy(&body));
                last = Some(body);
            }
            // It may keep what the last answer says.
            next(last.as_ref());
            latencies
        });
    }
    let mut latencies = workers.join_all().await.concat();
    let elapsed = started.elapsed();
    latencies.sort_unstable();
    Answers { latencies, elapsed }
}

/// What came of a request.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    /// The status, if there was an answer.
    pub(crate) status: Option<StatusCode>,
    /// From the moment when it was due to be asked, whatever was under way then.
    pub(crate) latency: Duration,
}

impl Seen {
    /// Whether it was answered with this status.
    pub(crate) fn is(&self, status: StatusCode) -> bool {
        self.status == Some(status)
    }
}

/// Open loop: so many requests a second, each at its time, whether those before have an answer or not.
pub(crate) async fn open_loop(address: SocketAddr, rate: f64, seconds: f64, call: impl Fn(usize) -> Call) -> Vec<Seen> {
    open_loop_with(address, rate, seconds, call, |_, _| ()).await
}

/// The same, and each body is shown with the number of its request.
pub(crate) async fn open_loop_with(
    address: SocketAddr,
    rate: f64,
    seconds: f64,
    call: impl Fn(usize) -> Call,
    shown: impl Fn(usize, &Bytes) + Clone + Send + 'static,
) -> Vec<Seen> {
    let (started, idle) = (Instant::now(), Arc::new(Mutex::new(Vec::<SendRequest<Full<Bytes>>>::new())));
    let mut asked = JoinSet::new();
    let mut number = 0;
    while to_f64(number) < rate * seconds {
        let due = started + Duration::from_secs_f64(to_f64(number) / rate);
        tokio::time::sleep_until(due.into()).await;
        let (request, idle, shown, this) = (call(number), Arc::clone(&idle), shown.clone(), number);
        number += 1;
        asked.spawn(async move {
            // The last one may have been closed meanwhile; a new one is not.
            let kept = idle.lock().await.pop().filter(|sender| !sender.is_closed());
            let asked = async {
                let mut sender = if let Some(sender) = kept { sender } else { connect(address).await.ok()? };
                let (status, body) = send(&mut sender, request).await.ok()?;
                Some((sender, status, body))
            };
            let (answer, latency) = (asked.await, due.elapsed());
            let status = answer.as_ref().map(|(_, status, _)| *status);
            if let Some((sender, _, body)) = answer {
                shown(this, &body);
                idle.lock().await.push(sender);
            }
            Seen { status, latency }
        });
    }
    asked.join_all().await
}

/// The answers of an open loop, to ask how long they took.
pub(crate) fn latencies(seen: &[Seen]) -> Answers {
    let mut latencies = seen.iter().map(|seen| seen.latency).collect::<Vec<_>>();
    latencies.sort_unstable();
    Answers { latencies, elapsed: Duration::ZERO }
}

/// The time within which this part of the answers came, such as 0.99.
pub(crate) fn within(seen: &[Seen], part: f64) -> Duration {
    latencies(seen).within(part)
}

/// The 99th percentile in milliseconds, if there are any and each was answered with this status: else no number, which
/// meets no figure.
pub(crate) fn p99_of(seen: &[Seen], status: StatusCode) -> f64 {
    if seen.is_empty() || !seen.iter().all(|seen| seen.is(status)) {
        return f64::NAN;
    }
    within(seen, 0.99).as_secs_f64() * 1e3
}

/// Asks once, on a connection of its own. Only an answer with 200 is one.
pub(crate) async fn ask(address: SocketAddr, path: &str) -> io::Result<Bytes> {
    ask_with(address, get(path)).await
}

/// The same with any request; every status of success is an answer.
pub(crate) async fn ask_with(address: SocketAddr, request: Call) -> io::Result<Bytes> {
    let mut sender = connect(address).await?;
    let (status, body) = send(&mut sender, request).await.map_err(io::Error::other)?;
    if status.is_success() { Ok(body) } else { Err(io::Error::other(status.to_string())) }
}

/// A connection with one request at a time.
pub(crate) struct Line(SendRequest<Full<Bytes>>);

impl Line {
    /// A new connection.
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        connect(address).await.map(Self)
    }

    /// Asks: the status, and how long the whole answer took.
    pub(crate) async fn ask(&mut self, request: Call) -> hyper::Result<(StatusCode, Duration)> {
        let asked = Instant::now();
        let (status, _) = send(&mut self.0, request).await?;
        Ok((status, asked.elapsed()))
    }
}

/// A request without a body.
pub(crate) fn get(path: &str) -> Call {
    Request::get(path).header("host", "localhost").body(Full::default()).expect("a request")
}

/// A request with a JSON body.
pub(crate) fn post(path: &str, body: impl Into<Bytes>) -> Call {
    let request = Request::post(path).header("host", "localhost").header("content-type", "application/json");
    request.body(Full::new(body.into())).expect("a request")
}

async fn connect(address: SocketAddr) -> io::Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    // It ends when the sender goes; what goes wrong before, the sender is told.
    tokio::spawn(async move { connection.await.ok() });
    Ok(sender)
}

async fn send(sender: &mut SendRequest<Full<Bytes>>, request: Call) -> hyper::Result<(StatusCode, Bytes)> {
    sender.ready().await?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    Ok((status, response.into_body().collect().await?.to_bytes()))
}

/// A count as a number to reckon with.
pub(crate) fn to_f64(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hyper::StatusCode;

    use super::{Answers, Seen, p99_of};

    fn answers(latencies: impl IntoIterator<Item = u64>) -> Answers {
        let latencies = latencies.into_iter().map(Duration::from_millis).collect();
        Answers { latencies, elapsed: Duration::from_secs(2) }
    }

    #[test]
    fn a_percentile_is_the_time_of_an_answer_that_came() {
        let thousand = answers(1..=1_000);
        for (part, milliseconds) in [(0.0, 1), (0.5, 500), (0.99, 990), (0.999, 999), (1.0, 1_000)] {
            assert_eq!(thousand.within(part), Duration::from_millis(milliseconds), "{part}");
        }
        assert_eq!(answers([7]).within(0.999), Duration::from_millis(7));
        assert_eq!(answers([]).within(0.5), Duration::ZERO);
    }

    #[test]
    fn loads_at_the_same_time_count_together() {
        let both = Answers::together(vec![answers([3, 5]), answers([1, 4])]);
        assert_eq!((both.within(0.5), both.count()), (Duration::from_millis(3), 4));
        assert!((both.per_second() - 2.0).abs() < f64::EPSILON);
        assert_eq!(both.percentiles(), "p50 3.00 ms, p99 5.00 ms, p999 5.00 ms");
    }

    #[test]
    fn the_rate_counts_answers_by_the_time_they_took_together() {
        assert!((answers(1..=500).per_second() - 250.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_percentile_is_one_only_where_each_answer_is_as_it_must_be() {
        let seen = |status| Seen { status, latency: Duration::from_millis(7) };
        let ok = seen(Some(StatusCode::OK));
        assert!((p99_of(&[ok, ok], StatusCode::OK) - 7.0).abs() < 1e-9);
        for wrong in [seen(None), seen(Some(StatusCode::SERVICE_UNAVAILABLE))] {
            assert!(p99_of(&[ok, wrong], StatusCode::OK).is_nan());
        }
        assert!(p99_of(&[], StatusCode::OK).is_nan(), "nobody was answered");
    }
}

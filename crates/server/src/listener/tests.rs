use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};

use poem::{Request, get, handler, post};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream, UnixStream};
use tokio::sync::Notify;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;

mod encrypted;
mod floods;

const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(3600);

/// More than the buffers of a socket hold.
const MUCH: usize = 32 * 1024 * 1024;

/// Requests that wait until they are let go.
#[derive(Default)]
struct Held {
    count: AtomicUsize,
    let_go: Notify,
}

impl Held {
    /// Waits until there are so many.
    async fn are(&self, count: usize) {
        while self.count.load(Ordering::SeqCst) < count {
            sleep(Duration::from_millis(5)).await;
        }
    }
}

#[handler]
fn quick(request: &Request) -> String {
    format!("{} {}", request.scheme(), request.remote_addr())
}

#[handler]
fn much() -> Vec<u8> {
    vec![b'x'; MUCH]
}

#[handler]
async fn counts_body(body: poem::Body) -> String {
    body.into_bytes().await.map_or(0, |bytes| bytes.len()).to_string()
}

#[handler]
fn panics() {
    panic!("a test of panics");
}

struct Running {
    address: SocketAddr,
    held: Arc<Held>,
    end: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

async fn start(change: impl FnOnce(&mut Limits)) -> Running {
    start_at(&Address::Tcp((Ipv4Addr::LOCALHOST, 0).into()), None, change).await
}

async fn start_at(address: &Address, tls: Option<Tls>, change: impl FnOnce(&mut Limits)) -> Running {
    let listener = Listener::bind(address, tls).await.unwrap();
    let address = listener.local;
    let patience = Patience { head: LONG, idle: LONG, write: LONG, work: LONG };
    let mut limits = Limits { connections: 100, patience, grace: LONG, proxies: Vec::new() };
    change(&mut limits);
    let held = Arc::new(Held::default());
    let holds = Arc::clone(&held);
    let holding = poem::endpoint::make(move |_| {
        let held = Arc::clone(&holds);
        async move {
            held.count.fetch_add(1, Ordering::SeqCst);
            held.let_go.notified().await;
            "let go"
        }
    });
    let routes = poem::Route::new()
        .at("/quick", get(quick))
        .at("/much", get(much))
        .at("/held", get(holding))
        .at("/body", post(counts_body))
        .at("/panics", get(panics));
    let endpoint = poem::EndpointExt::map_to_response(routes);
    let (end, ended) = oneshot::channel();
    let served = tokio::spawn(listener.serve(endpoint, limits, async {
        // Nobody ends a test by dropping what ends the server.
        ended.await.unwrap();
    }));
    Running { address, held, end, served }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// A connection from another address of this machine.
    async fn connect_from(&self, ip: [u8; 4]) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((ip, 0).into()).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    async fn send(&self, text: &str) -> TcpStream {
        let mut peer = self.connect().await;
        peer.write_all(text.as_bytes()).await.unwrap();
        peer
    }
}

fn get_of(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: registry\r\n\r\n")
}

/// Reads one answer without a long body.
async fn answer(peer: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = vec![0; 4096];
    let count = timeout(Duration::from_secs(20), peer.read(&mut bytes)).await.unwrap().unwrap();
    String::from_utf8(bytes[..count].to_vec()).unwrap()
}

/// Whatever comes until the connection is closed, which it is soon.
async fn rest(mut peer: impl AsyncRead + Unpin) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A connection that is cut off may end with an error.
    let read = timeout(Duration::from_secs(20), peer.read_to_end(&mut bytes)).await;
    drop(read.expect("the connection is closed"));
    bytes
}

#[tokio::test]
async fn a_connection_serves_one_request_after_the_other_and_knows_its_peer() {
    let running = start(|_| ()).await;
    let mut peer = running.connect().await;
    for _ in 0..3 {
        peer.write_all(get_of("/quick").as_bytes()).await.unwrap();
        let answer = answer(&mut peer).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with(&format!("http socket://{}", peer.local_addr().unwrap())), "{answer}");
    }
}

#[tokio::test]
async fn half_a_head_is_closed_while_others_are_served() {
    let running = start(|limits| limits.patience.head = SHORT).await;
    let quiet = running.connect().await;
    let halves = [running.send("G").await, running.send("GET /quick HTTP/1.1\r\nHost: reg").await];
    let mut honest = running.send(&get_of("/quick")).await;
    assert!(answer(&mut honest).await.starts_with("HTTP/1.1 200 "));
    for half in halves {
        assert_eq!(rest(half).await, b"");
    }
    // Those without half a head are as they were.
    for mut peer in [quiet, honest] {
        peer.write_all(get_of("/quick").as_bytes()).await.unwrap();
        assert!(answer(&mut peer).await.starts_with("HTTP/1.1 200 "));
    }
}

#[tokio::test]
async fn half_a_head_that_comes_with_the_request_before_is_closed_as_any_other() {
    let running = start(|limits| limits.patience.head = SHORT).await;
    let post = "POST /body HTTP/1.1\r\nHost: registry\r\nContent-Length: 5\r\n\r\nwhole".to_owned();
    for request in [get_of("/quick"), post] {
        let mut half = running.send(&format!("{request}GET /quick HTTP/1.1\r\nHost: reg")).await;
        assert!(answer(&mut half).await.starts_with("HTTP/1.1 200 "));
        assert_eq!(rest(half).await, b"");
    }
}

#[tokio::test]
async fn half_a_head_that_comes_with_the_request_before_has_the_time_of_a_head() {
    let running = start(|_| ()).await;
    let mut peer = running.send(&format!("{}GET /quick HTT", get_of("/quick"))).await;
    assert!(answer(&mut peer).await.starts_with("HTTP/1.1 200 "));
    // Meanwhile it is looked at what is left of it.
    sleep(Duration::from_secs(1) + 3 * LOOK_EVERY).await;
    peer.write_all(b"P/1.1\r\nHost: registry\r\n\r\n").await.unwrap();
    assert!(answer(&mut peer).await.starts_with("HTTP/1.1 200 "));
    sleep(Duration::from_secs(1) + 3 * LOOK_EVERY).await;
    peer.write_all(get_of("/quick").as_bytes()).await.unwrap();
    assert!(answer(&mut peer).await.starts_with("HTTP/1.1 200 "), "nothing was left, and it goes on");
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let running = start(|limits| limits.patience.idle = SHORT).await;
    let new = running.connect().await;
    let mut used = running.send(&get_of("/quick")).await;
    answer(&mut used).await;
    assert_eq!(rest(used).await, b"");
    assert_eq!(rest(new).await, b"");
}

#[tokio::test]
async fn a_peer_that_takes_no_answer_is_closed() {
    let running = start(|limits| limits.patience.write = SHORT).await;
    let peer = running.send(&get_of("/much")).await;
    sleep(SHORT + 4 * LOOK_EVERY).await;
    assert!(rest(peer).await.len() < MUCH);
    // Who takes it in time gets all of it.
    let peer = running.send("GET /much HTTP/1.1\r\nHost: registry\r\nConnection: close\r\n\r\n").await;
    assert!(rest(peer).await.len() > MUCH);
}

#[tokio::test]
async fn a_head_beyond_every_measure_is_refused() {
    let running = start(|_| ()).await;
    let line = format!("X-Long: {}\r\n", "x".repeat(2 * 64 * 1024));
    let mut peer = running.connect().await;
    // The refusal may come before all is written.
    drop(peer.write_all(format!("GET /quick HTTP/1.1\r\n{line}\r\n").as_bytes()).await);
    let answer = answer(&mut peer).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn a_request_says_once_for_which_host_it_is() {
    let running = start(|_| ()).await;
    for (version, hosts, status) in [
        ("1.1", "Host: registry\r\n", 200),
        ("1.1", "Host: [::1]:8080\r\n", 200),
        ("1.1", "Host:\r\n", 200),
        ("1.0", "", 200),
        ("1.1", "", 400),
        ("1.1", "Host: registry\r\nHost: registry\r\n", 400),
        ("1.0", "Host: registry\r\nhost: other\r\n", 400),
        ("1.1", "Host: a b\r\n", 400),
    ] {
        let mut peer = running.send(&format!("GET /quick HTTP/{version}\r\n{hosts}\r\n")).await;
        let answer = answer(&mut peer).await;
        assert!(answer.starts_with(&format!("HTTP/{version} {status} ")), "{hosts:?}: {answer}");
        if status == 400 {
            assert_eq!(rest(peer).await, b"", "{hosts:?}: nothing else of it is believed");
        }
    }
}

#[tokio::test]
async fn where_no_place_is_left_the_quietest_connection_makes_room() {
    let running = start(|limits| limits.connections = 3).await;
    let mut peers = Vec::new();
    for _ in 0..3 {
        let mut peer = running.send(&get_of("/quick")).await;
        answer(&mut peer).await;
        peers.push(peer);
        sleep(Duration::from_millis(20)).await;
    }
    // The first is no longer the quietest.
    peers[0].write_all(get_of("/quick").as_bytes()).await.unwrap();
    answer(&mut peers[0]).await;
    let mut newcomer = running.send(&get_of("/quick")).await;
    assert!(answer(&mut newcomer).await.starts_with("HTTP/1.1 200 "));
    assert_eq!(rest(peers.remove(1)).await, b"");
    peers[0].write_all(get_of("/quick").as_bytes()).await.unwrap();
    assert!(answer(&mut peers[0]).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn a_panic_outside_of_every_net_ends_its_connection_alone() {
    let running = start(|limits| limits.connections = 2).await;
    for _ in 0..4 {
        assert_eq!(rest(running.send(&get_of("/panics")).await).await, b"");
    }
    assert!(answer(&mut running.send(&get_of("/quick")).await).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn who_has_just_had_an_answer_may_ask_once_more_and_is_told_that_it_is_the_last() {
    let running = start(|_| ()).await;
    let mut peer = running.send(&get_of("/quick")).await;
    assert!(!answer(&mut peer).await.contains("connection: close"));
    // It waits in the hands of the system, or is accepted already: it is served either way.
    let waiting = running.connect().await;
    running.end.send(()).unwrap();
    sleep(LAST_WORD / 4).await;
    peer.write_all(get_of("/quick").as_bytes()).await.unwrap();
    let last = String::from_utf8(rest(peer).await).unwrap();
    assert!(last.starts_with("HTTP/1.1 200 ") && last.contains("connection: close"), "{last}");
    assert_eq!(rest(waiting).await, b"", "it was quiet for long enough");
    running.served.await.unwrap();
    assert!(TcpStream::connect(running.address).await.is_err());
}

#[tokio::test]
async fn requests_under_way_are_answered_within_the_grace_and_cut_off_after_it() {
    let running = start(|limits| limits.grace = 4 * SHORT).await;
    let finishing = running.send(&get_of("/held")).await;
    let stalled = running.send("GET /quick HTTP/1.1\r\nHost: reg").await;
    running.held.are(1).await;
    let cut_off = running.send(&get_of("/held")).await;
    running.held.are(2).await;
    running.end.send(()).unwrap();
    sleep(LAST_WORD / 4).await;
    running.held.let_go.notify_one();
    let answer = String::from_utf8(rest(finishing).await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("let go"), "{answer}");
    assert_eq!(rest(stalled).await, b"");
    assert!(!running.served.is_finished());
    assert_eq!(rest(cut_off).await, b"");
    running.served.await.unwrap();
}

#[tokio::test]
async fn at_a_unix_socket_everybody_is_on_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.sock");
    let running = start_at(&Address::Unix(path.clone()), None, |_| ()).await;
    let mut peer = UnixStream::connect(&path).await.unwrap();
    peer.write_all(get_of("/quick").as_bytes()).await.unwrap();
    let said = answer(&mut peer).await;
    assert!(said.ends_with("http socket://127.0.0.1:0"), "{said}");
    running.end.send(()).unwrap();
    running.served.await.unwrap();
    assert!(!path.exists());
}

#[tokio::test]
async fn bodies_that_do_not_come_make_room_where_no_place_is_left() {
    let running = start(|limits| (limits.connections, limits.patience.work) = (2, SHORT)).await;
    let half = "POST /body HTTP/1.1\r\nHost: registry\r\nContent-Length: 5\r\n\r\nab";
    let (first, second) = (running.send(half).await, running.send(half).await);
    let mut newcomer = running.send(&get_of("/quick")).await;
    assert!(answer(&mut newcomer).await.starts_with("HTTP/1.1 200 "));
    let closed = tokio::select! { closed = rest(first) => closed, closed = rest(second) => closed };
    assert_eq!(closed, b"");
}

#[tokio::test]
async fn a_network_that_holds_most_places_makes_room_for_another_at_once() {
    let running = start(|limits| limits.connections = 4).await;
    let half = "POST /body HTTP/1.1\r\nHost: registry\r\nContent-Length: 5\r\n\r\nab";
    let mut crowd = Vec::new();
    for last in 1..=4 {
        let mut peer = running.connect_from([127, 1, 1, last]).await;
        peer.write_all(half.as_bytes()).await.unwrap();
        crowd.push(peer);
    }
    let mut newcomer = running.connect_from([127, 1, 2, 1]).await;
    newcomer.write_all(get_of("/quick").as_bytes()).await.unwrap();
    assert!(answer(&mut newcomer).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn what_waits_for_a_place_when_it_stops_is_served() {
    let running = start(|limits| limits.connections = 1).await;
    let holding = running.send(&get_of("/held")).await;
    running.held.are(1).await;
    let waiting = [running.send(&get_of("/quick")).await, running.send(&get_of("/quick")).await];
    sleep(LAST_WORD / 2).await;
    running.end.send(()).unwrap();
    sleep(LAST_WORD / 2).await;
    running.held.let_go.notify_one();
    assert!(rest(holding).await.ends_with(b"let go"));
    for peer in waiting {
        assert!(rest(peer).await.starts_with(b"HTTP/1.1 200 "));
    }
    running.served.await.unwrap();
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn who_comes_while_others_wait_for_a_place_when_it_stops_is_not_let_in() {
    let running = start(|limits| limits.connections = 1).await;
    let holding = running.send(&get_of("/held")).await;
    running.held.are(1).await;
    let waiting = running.send(&get_of("/quick")).await;
    sleep(LAST_WORD / 2).await;
    running.end.send(()).unwrap();
    sleep(LAST_WORD / 2).await;
    let late = tokio::spawn(TcpStream::connect(running.address));
    sleep(LAST_WORD).await;
    assert!(!late.is_finished(), "it is neither let in, only to be reset, nor refused");
    late.abort();
    running.held.let_go.notify_one();
    assert!(rest(holding).await.ends_with(b"let go"));
    assert!(rest(waiting).await.starts_with(b"HTTP/1.1 200 "));
    running.served.await.unwrap();
}

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};

use poem::{Request, get, handler};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Notify;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;

const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(3600);

/// More than the buffers of a socket hold.
const MUCH: usize = 32 * 1024 * 1024;

static LET_GO: Notify = Notify::const_new();
static HELD: AtomicUsize = AtomicUsize::new(0);

#[handler]
fn quick(request: &Request) -> String {
    request.remote_addr().to_string()
}

#[handler]
fn much() -> Vec<u8> {
    vec![b'x'; MUCH]
}

#[handler]
async fn held() -> &'static str {
    HELD.fetch_add(1, Ordering::SeqCst);
    LET_GO.notified().await;
    "let go"
}

#[handler]
fn panics() {
    panic!("a test of panics");
}

struct Running {
    address: SocketAddr,
    end: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

fn start(change: impl FnOnce(&mut Limits)) -> Running {
    let listener = Listener::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let address = listener.address;
    let patience = Patience { head: LONG, idle: LONG, write: LONG };
    let mut limits = Limits { connections: 100, patience, grace: LONG };
    change(&mut limits);
    let routes = poem::Route::new()
        .at("/quick", get(quick))
        .at("/much", get(much))
        .at("/held", get(held))
        .at("/panics", get(panics));
    let endpoint = poem::EndpointExt::map_to_response(routes);
    let (end, ended) = oneshot::channel();
    let served = tokio::spawn(listener.serve(endpoint, limits, async {
        // Nobody ends a test by dropping what ends the server.
        ended.await.unwrap();
    }));
    Running { address, end, served }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
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
async fn answer(peer: &mut TcpStream) -> String {
    let mut bytes = vec![0; 4096];
    let count = timeout(Duration::from_secs(20), peer.read(&mut bytes)).await.unwrap().unwrap();
    String::from_utf8(bytes[..count].to_vec()).unwrap()
}

/// Whatever comes until the connection is closed, which it is soon.
async fn rest(mut peer: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A connection that is cut off may end with an error.
    let read = timeout(Duration::from_secs(20), peer.read_to_end(&mut bytes)).await;
    drop(read.expect("the connection is closed"));
    bytes
}

#[tokio::test]
async fn a_connection_serves_one_request_after_the_other_and_knows_its_peer() {
    let running = start(|_| ());
    let mut peer = running.connect().await;
    for _ in 0..3 {
        peer.write_all(get_of("/quick").as_bytes()).await.unwrap();
        let answer = answer(&mut peer).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with(&format!("socket://{}", peer.local_addr().unwrap())), "{answer}");
    }
}

#[tokio::test]
async fn half_a_head_is_closed_while_others_are_served() {
    let running = start(|limits| limits.patience.head = SHORT);
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
async fn an_idle_connection_is_closed() {
    let running = start(|limits| limits.patience.idle = SHORT);
    let new = running.connect().await;
    let mut used = running.send(&get_of("/quick")).await;
    answer(&mut used).await;
    assert_eq!(rest(used).await, b"");
    assert_eq!(rest(new).await, b"");
}

#[tokio::test]
async fn a_peer_that_takes_no_answer_is_closed() {
    let running = start(|limits| limits.patience.write = SHORT);
    let peer = running.send(&get_of("/much")).await;
    sleep(SHORT + 4 * LOOK_EVERY).await;
    assert!(rest(peer).await.len() < MUCH);
    // Who takes it in time gets all of it.
    let peer = running.send("GET /much HTTP/1.1\r\nHost: registry\r\nConnection: close\r\n\r\n").await;
    assert!(rest(peer).await.len() > MUCH);
}

#[tokio::test]
async fn a_head_beyond_every_measure_is_refused() {
    let running = start(|_| ());
    let line = format!("X-Long: {}\r\n", "x".repeat(2 * 64 * 1024));
    let mut peer = running.connect().await;
    // The refusal may come before all is written.
    drop(peer.write_all(format!("GET /quick HTTP/1.1\r\n{line}\r\n").as_bytes()).await);
    let answer = answer(&mut peer).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn where_no_place_is_left_the_quietest_connection_makes_room() {
    let running = start(|limits| limits.connections = 3);
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
    let running = start(|limits| limits.connections = 2);
    for _ in 0..4 {
        assert_eq!(rest(running.send(&get_of("/panics")).await).await, b"");
    }
    assert!(answer(&mut running.send(&get_of("/quick")).await).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn who_has_just_had_an_answer_may_ask_once_more_and_is_told_that_it_is_the_last() {
    let running = start(|_| ());
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
    let running = start(|limits| limits.grace = 4 * SHORT);
    let before = HELD.load(Ordering::SeqCst);
    let finishing = running.send(&get_of("/held")).await;
    let stalled = running.send("GET /quick HTTP/1.1\r\nHost: reg").await;
    while HELD.load(Ordering::SeqCst) == before {
        sleep(Duration::from_millis(5)).await;
    }
    let cut_off = running.send(&get_of("/held")).await;
    while HELD.load(Ordering::SeqCst) < before + 2 {
        sleep(Duration::from_millis(5)).await;
    }
    running.end.send(()).unwrap();
    sleep(LAST_WORD / 4).await;
    LET_GO.notify_one();
    let answer = String::from_utf8(rest(finishing).await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("let go"), "{answer}");
    assert_eq!(rest(stalled).await, b"");
    assert!(!running.served.is_finished());
    assert_eq!(rest(cut_off).await, b"");
    running.served.await.unwrap();
}

//! What a connection may take, and what it may not.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use e2e::database::Database;
use e2e::program::{self, Program, free_address};
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use crate::ran::run_with;

e2e::on_both_engines! {
    stalled_heads_and_bodies_are_closed_and_harm_nobody
    without_descriptors_it_neither_spins_nor_gives_up
    no_answer_is_lost_when_it_stops_under_load
    a_long_body_is_refused_without_being_kept
    it_can_be_asked_at_a_unix_socket_and_with_tls
}

/// How many stall in either way.
const STALLED: usize = 100;
const ASKING: &str = "GET /health/live HTTP/1.1\r\nHost: registry\r\n\r\n";

fn connect(program: &Program) -> TcpStream {
    let peer = TcpStream::connect(address(program)).unwrap();
    peer.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    peer
}

fn address(program: &Program) -> SocketAddr {
    program.url.trim_start_matches("http://").parse().unwrap()
}

/// Sends a text, and stalls.
fn stalled(program: &Program, text: &str) -> TcpStream {
    let mut peer = connect(program);
    peer.write_all(text.as_bytes()).unwrap();
    peer
}

/// When the connections were all closed, and what came before.
fn closed(peers: Vec<TcpStream>, since: Instant) -> (Duration, Vec<String>) {
    let answers = peers.into_iter().map(|mut peer| {
        let mut answer = String::new();
        // One that is cut off may end with an error.
        drop(peer.read_to_string(&mut answer));
        answer
    });
    let answers = answers.collect();
    (since.elapsed(), answers)
}

async fn stalled_heads_and_bodies_are_closed_and_harm_nobody(database: Database) {
    let program = Arc::new(Program::start(&database).await);
    let since = Instant::now();
    let heads = (0..STALLED).map(|_| stalled(&program, "GET /health/live HTTP/1.1\r\nHost: reg")).collect();
    let half_a_body =
        "POST /login HTTP/1.1\r\nHost: registry\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n{\"";
    let bodies = (0..STALLED).map(|_| stalled(&program, half_a_body)).collect();
    let heads = thread::spawn(move || closed(heads, since));
    let bodies = thread::spawn(move || closed(bodies, since));
    while !heads.is_finished() || !bodies.is_finished() {
        assert_eq!(program.get("/health/live", "").await.status, 200);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (time, answers) = heads.join().unwrap();
    assert!(time <= Duration::from_secs(15), "{time:?}");
    assert!(answers.iter().all(String::is_empty), "{answers:?}");
    let (time, answers) = bodies.join().unwrap();
    assert!(time <= Duration::from_secs(35), "{time:?}");
    assert!(answers.iter().all(|answer| answer.starts_with("HTTP/1.1 408 ")), "{answers:?}");
}

async fn without_descriptors_it_neither_spins_nor_gives_up(database: Database) {
    let program = Program::start(&database).await;
    let id = Pid::from_raw(i32::try_from(program.id()).unwrap()).unwrap();
    // The program has the limit of whoever started it.
    let maximum = getrlimit(Resource::Nofile).maximum;
    let limit = |current| prlimit(Some(id), Resource::Nofile, Rlimit { current, maximum }).unwrap();
    let before = limit(Some(1));
    let waiting = (0..20).map(|_| stalled(&program, ASKING)).collect::<Vec<_>>();
    program.has_logged("no connection can be accepted").await;
    let used = cpu_time(&program);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let used = cpu_time(&program) - used;
    assert!(used <= Duration::from_millis(500), "{used:?} of CPU in two seconds");
    limit(before.current);
    for mut peer in waiting {
        let mut answer = [0; 15];
        peer.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200 OK");
    }
}

/// The CPU time that the program has taken so far.
fn cpu_time(program: &Program) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", program.id())).unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks = fields.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap());
    // The kernel tells a hundred ticks a second.
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

async fn no_answer_is_lost_when_it_stops_under_load(database: Database) {
    let program = Program::start(&database).await;
    let (address, stopped) = (address(&program), Arc::new(AtomicBool::new(false)));
    let clients = (0..32).map(|_| {
        let stopped = Arc::clone(&stopped);
        thread::spawn(move || ask_until_nobody_listens(address, &stopped))
    });
    let clients = clients.collect::<Vec<_>>();
    tokio::time::sleep(Duration::from_millis(500)).await;
    stopped.store(true, Ordering::SeqCst);
    assert_eq!(program.stop().await, Some(0));
    let answered = clients.into_iter().map(|client| client.join().unwrap()).sum::<usize>();
    assert!(answered >= 32, "{answered}");
}

/// Asks again and again, over one connection for as long as it is kept; every request must have its answer.
fn ask_until_nobody_listens(address: SocketAddr, stopped: &AtomicBool) -> usize {
    let mut answered = 0;
    loop {
        let mut peer = match TcpStream::connect(address) {
            Ok(peer) => peer,
            Err(error) => {
                assert!(stopped.load(Ordering::SeqCst), "{error}");
                assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
                return answered;
            }
        };
        peer.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        loop {
            peer.write_all(ASKING.as_bytes()).unwrap();
            let mut answer = [0; 4096];
            let count = peer.read(&mut answer).unwrap();
            let answer = String::from_utf8_lossy(&answer[..count]);
            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
            answered += 1;
            if answer.contains("connection: close") {
                break;
            }
        }
    }
}

async fn a_long_body_is_refused_without_being_kept(database: Database) {
    let program = Program::start(&database).await;
    // From here on the most that is resident counts, also for a moment.
    std::fs::write(format!("/proc/{}/clear_refs", program.id()), "5").unwrap();
    let before = most_kib(&program);
    let length = 50 * 1024 * 1024;
    let head = "POST /login HTTP/1.1\r\nHost: registry\r\nContent-Type: application/json\r\n";
    for number in 0..40 {
        let mut peer = connect(&program);
        let framing = if number % 2 == 0 {
            format!("Content-Length: {length}\r\n\r\n")
        } else {
            format!("Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n")
        };
        peer.write_all(format!("{head}{framing}").as_bytes()).unwrap();
        let part = vec![b' '; 64 * 1024];
        for _ in 0..length / part.len() {
            peer.write_all(&part).unwrap();
        }
        let mut answer = [0; 12];
        peer.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 413");
    }
    let grown = most_kib(&program).saturating_sub(before);
    assert!(grown < 5 * 1024, "{grown} KiB");
}

fn most_kib(program: &Program) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

async fn it_can_be_asked_at_a_unix_socket_and_with_tls(database: Database) {
    let file = |name: &str| database.folder().join(name).display().to_string();
    let issued = rcgen::generate_simple_self_signed(["registry.example".to_owned()]).unwrap();
    let (certificate, key) = (file("tls.crt"), file("tls.key"));
    std::fs::write(&certificate, issued.cert.pem()).unwrap();
    std::fs::write(&key, issued.signing_key.serialize_pem()).unwrap();
    let tls = [("USER_REGISTRY_TLS_CERTIFICATE", certificate.as_str()), ("USER_REGISTRY_TLS_KEY", key.as_str())];
    let (socket, address) = (format!("unix:{}", file("registry.sock")), free_address());
    let public = ("USER_REGISTRY_PUBLIC_URL", "https://registry.example");
    for (listen, tls) in [(&socket, &[][..]), (&socket, &tls), (&address, &tls)] {
        let settings = [&[("USER_REGISTRY_LISTEN", listen.as_str()), public], tls].concat();
        let mut server = program::command(&database, &settings).arg("serve").spawn().unwrap();
        let mut asked = run_with(&database, &settings, &["healthcheck"], b"");
        for _ in 0..200 {
            if asked.code == Some(0) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            asked = run_with(&database, &settings, &["healthcheck"], b"");
        }
        asked.done();
        let id = Pid::from_raw(i32::try_from(server.id()).unwrap()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        assert!(server.wait().unwrap().success());
        run_with(&database, &settings, &["healthcheck"], b"").refused(1);
    }
    // A certificate that is not there is one clear sentence, and nothing is made.
    let settings = [("USER_REGISTRY_TLS_CERTIFICATE", "nowhere"), tls[1]];
    for command in ["serve", "check-config"] {
        let said = run_with(&database, &settings, &[command], b"").refused(1);
        assert!(said.starts_with("Cannot listen with TLS: nowhere cannot be read"), "{said}");
    }
}

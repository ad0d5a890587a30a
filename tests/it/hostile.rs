//! Clients that stall, that send far too much, and that come and go: each is answered or closed, and honest ones are
//! served meanwhile.

use std::cell::Cell;
use std::time::{Duration, Instant};

use e2e::database::{Database, Engine};
use e2e::join_all;
use e2e::process::{descriptors, written_kib};
use e2e::program::Program;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const HALF_A_HEAD: &str = "GET /me HTTP/1.1\r\nHost: registry.example\r\nAccept: ";
const HALF_A_BODY: &str = "POST /login HTTP/1.1\r\nHost: registry.example\r\nContent-Type: application/json\r\n\
                           Content-Length: 100\r\n\r\n{\"email\": ";
/// How many clients there are in the long form.
const LONG: usize = 1000;
/// How soon half a head and half a body are closed at the latest, in the long form.
const HEADS: Duration = Duration::from_secs(15);
const BODIES: Duration = Duration::from_secs(35);
/// How many bodies come at the same time, and what the memory may grow by while they come.
const AT_A_TIME: usize = 20;
const MOST_GROWTH_KIB: u64 = 5 * 1024;
/// A body that is too long and soon sent.
const SHORT_BODY: usize = 2 * MEBIBYTE;
const MEBIBYTE: usize = 1024 * 1024;

#[tokio::test]
async fn whoever_stalls_is_closed_and_others_are_served() {
    stall(25).await;
}

#[tokio::test]
async fn bodies_that_are_far_too_long_are_413() {
    send_much(AT_A_TIME, 8 * MEBIBYTE).await;
}

#[tokio::test]
async fn a_flood_of_connections_and_of_garbage_leaves_nothing_behind() {
    flood(200).await;
}

#[tokio::test]
#[ignore = "it takes minutes: make hostile runs it"]
async fn hostile_for_long() {
    let (heads, bodies) = stall(LONG).await;
    assert!(heads <= HEADS && bodies <= BODIES, "{heads:?} {bodies:?}");
    send_much(LONG, 50 * MEBIBYTE).await;
    flood(100 * LONG).await;
}

async fn start() -> (Database, Program) {
    let database = Database::new(Engine::Sqlite).await;
    let program = Program::start(&database).await;
    (database, program)
}

async fn connect(program: &Program) -> TcpStream {
    let address = program.url.strip_prefix("http://").expect("it speaks http");
    TcpStream::connect(address).await.expect("the program listens")
}

async fn ends(program: Program) {
    assert!(!program.log().contains("panicked"), "{}", program.log());
    assert_eq!(program.stop().await, Some(0));
}

/// Stalls so many heads and as many bodies; gives after how long the last ones of each were closed.
async fn stall(count: usize) -> (Duration, Duration) {
    let (_database, program) = start().await;
    let idle = served(&program, 50).await;
    let mut closed = JoinSet::new();
    for number in 0..2 * count {
        let mut peer = connect(&program).await;
        let is_head = number % 2 == 0;
        let half = if is_head { HALF_A_HEAD } else { HALF_A_BODY };
        closed.spawn(async move {
            let start = Instant::now();
            peer.write_all(half.as_bytes()).await.expect("the program takes it");
            let mut answer = Vec::new();
            // It may be cut off after the answer.
            let _ = peer.read_to_end(&mut answer).await;
            (is_head, start.elapsed(), String::from_utf8_lossy(&answer).into_owned())
        });
    }
    let meanwhile = served(&program, 200).await;
    let all = closed.join_all().await;
    let last = |head: bool| all.iter().filter(|one| one.0 == head).map(|one| one.1).max().expect("some of each");
    for (is_head, _, answer) in &all {
        let is_told = answer.is_empty() || answer.starts_with("HTTP/1.1 408 ");
        assert!(is_told && (*is_head || !answer.is_empty()), "{is_head}: {answer}");
    }
    println!(
        "{count} heads and {count} bodies stalled: the last ones closed after {:?} and {:?}",
        last(true),
        last(false)
    );
    println!("honest requests: p99 {meanwhile:?} meanwhile, {idle:?} before");
    ends(program).await;
    (last(true), last(false))
}

/// Asks so many times, each by a connection of its own, for what the database is asked for; gives the 99th percentile.
async fn served(program: &Program, count: usize) -> Duration {
    let mut times = Vec::new();
    for _ in 0..count {
        let start = Instant::now();
        let answer = reqwest::get(format!("{}/health/ready", program.url)).await.expect("an answer");
        assert_eq!(answer.status(), 200);
        times.push(start.elapsed());
    }
    times.sort();
    times[count * 99 / 100]
}

/// Sends so many bodies, every other one in chunks, and sees that none of them is kept in memory.
async fn send_much(count: usize, size: usize) {
    let (_database, program) = start().await;
    served(&program, 10).await;
    // The first ones open connections, which take their memory, too.
    send_bodies(&program, SHORT_BODY).await;
    let (before, rounds) = (written_kib(program.id()), count.div_ceil(AT_A_TIME));
    let most = Cell::new(before);
    let sending = async {
        for _ in 0..rounds {
            send_bodies(&program, size).await;
        }
    };
    let watching = async {
        loop {
            most.set(most.get().max(written_kib(program.id())));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! { () = sending => {}, () = watching => {} }
    served(&program, 10).await;
    let (count, most) = (rounds * AT_A_TIME, most.get());
    println!("{count} bodies of {size} bytes: each 413; {before} KiB written before, {most} KiB at most");
    assert!(most - before < MOST_GROWTH_KIB, "the memory grows from {before} to {most} KiB");
    ends(program).await;
}

/// Sends some bodies at the same time.
async fn send_bodies(program: &Program, size: usize) {
    for answer in join_all((0..AT_A_TIME).map(|number| send_body(program, size, number % 2 == 0))).await {
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }
}

/// The answer to a body of this size, which is sent as far as the program takes it.
async fn send_body(program: &Program, size: usize, is_plain: bool) -> String {
    let length = if is_plain { format!("Content-Length: {size}") } else { "Transfer-Encoding: chunked".into() };
    let head = format!(
        "POST /signup HTTP/1.1\r\nHost: registry.example\r\nContent-Type: application/json\r\n{length}\r\n\r\n"
    );
    let (mut reader, mut writer) = connect(program).await.into_split();
    let chunk = vec![b' '; 65_536];
    let sending = async move {
        writer.write_all(head.as_bytes()).await?;
        for _ in 0..size / chunk.len() {
            if !is_plain {
                writer.write_all(format!("{:x}\r\n", chunk.len()).as_bytes()).await?;
            }
            writer.write_all(&chunk).await?;
            if !is_plain {
                writer.write_all(b"\r\n").await?;
            }
        }
        writer.shutdown().await
    };
    let reading = async move {
        let mut answer = Vec::new();
        let read = reader.read_to_end(&mut answer).await;
        (answer, read)
    };
    // Sending ends with an error when the program has closed the connection, which it may.
    let (_, (answer, _)) = tokio::join!(sending, reading);
    String::from_utf8_lossy(&answer).into_owned()
}

/// Connections that are closed at once, that are cut off with a request under way, and that bring garbage.
async fn flood(count: usize) {
    let (_database, program) = start().await;
    served(&program, 10).await;
    let quiet = descriptors(program.id());
    let garbage = b"\x16\x03\x01\x02\x00 GET \x00 / HTTP/9.9\r\n: \r\n\r\n".repeat(100);
    for number in 0..count {
        let mut peer = connect(&program).await;
        match number % 4 {
            0 => {}
            1 => peer.write_all(HALF_A_BODY.as_bytes()).await.expect("the program takes it"),
            2 => peer.write_all(b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: r\r\n\r\n").await.expect("it takes it"),
            _ => {
                // It is closed at the first line, with more of them on their way.
                let _ = peer.write_all(&garbage).await;
                let mut answer = Vec::new();
                let _ = peer.read_to_end(&mut answer).await;
                assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400 "), "{answer:?}");
            }
        }
        drop(peer);
        if number % 50 == 0 {
            served(&program, 1).await;
        }
    }
    for _ in 0..2400 {
        if descriptors(program.id()) <= quiet + 4 {
            println!("{count} connections came and went: {} descriptors, {quiet} before", descriptors(program.id()));
            return ends(program).await;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{} descriptors are open, {quiet} were before", descriptors(program.id()));
}

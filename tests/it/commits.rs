//! No write is acknowledged before it is on the disk: strace watches the program.
//!
//! Each write and its answer hold a text that stands in no other. So the frames of SQLite's log tell which transaction
//! a write is part of, and the answer must leave after a sync of the log that began when the last frame of that
//! transaction was written, and has ended. Each sync is held up a little, so that an answer that does not wait for it
//! is seen before its end.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Command;

use e2e::database::{Database, Engine};
use e2e::join_all;
use e2e::load::PASSWORD;
use e2e::program::Program;
use reqwest::Method;
use serde_json::json;

const CLIENTS: usize = 4;
/// How many writes there are in the long form.
const LONG: usize = 1000;

#[tokio::test]
async fn no_write_is_acknowledged_before_it_is_on_the_disk() {
    watch(48).await;
}

#[tokio::test]
#[ignore = "it takes minutes: make commits runs it"]
async fn commits_for_long() {
    watch(LONG).await;
}

async fn watch(writes: usize) {
    let allowed = Command::new("strace").args(["-D", "-f", "-o", "/dev/null", "true"]).status();
    if !allowed.is_ok_and(|status| status.success()) {
        println!("Left out: strace is not installed, or may not watch other processes.");
        return;
    }
    let database = Database::new(Engine::Sqlite).await;
    let trace = database.folder().join("trace");
    let words = ["strace", "-D", "-f", "-y", "-s", "8192", "-o", trace.to_str().expect("a text")];
    let calls = ["-e", "trace=fdatasync,fsync,pwrite64,write,writev,sendto,sendmsg"];
    let slow = ["-e", "inject=fdatasync,fsync:delay_enter=3000"];
    let words = [&words[..], &calls, &slow].concat();
    // Nobody is turned away because a program that is watched is slow.
    let settings = [("USER_REGISTRY_THROTTLES", "off"), ("USER_REGISTRY_HASHING_DEADLINE", "60s")];
    let program = Program::start_under(&database, &settings, &words).await;
    join_all((0..CLIENTS).map(|client| write(&program, client, writes / CLIENTS))).await;
    assert_eq!(program.stop().await, Some(0));
    let seen = Seen::of(&trace);
    assert_eq!(seen.early, [] as [String; 0], "acknowledged before they were on the disk");
    assert_eq!(seen.covered, writes, "every answer was seen, and {} syncs", seen.syncs);
    println!("{writes} writes, each acknowledged after the sync that covers it; {} syncs of the log", seen.syncs);
}

/// Signs up and updates by turns, each time with a text of its own.
async fn write(program: &Program, client: usize, writes: usize) {
    let mut token = String::new();
    for number in 0..writes {
        if number % 2 == 0 {
            let form = json!({ "email": format!("mark-{client}-{number:04}@example.org"), "password": PASSWORD });
            assert_eq!(program.post("/signup", &form).await.status, 201);
            if number == 0 {
                token = program.post("/login", &form).await.text_of("access_token");
            }
        } else {
            let body = json!({ "phone_number": format!("+1415267{client}{number:03}") });
            let answer = program.with_token(Method::PATCH, "/update", &token, &body).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
    }
}

/// What the trace tells.
#[derive(Default)]
struct Seen {
    /// The texts of the transaction that is being written, and whether its last frame comes next.
    open: Vec<String>,
    last_frame: bool,
    /// Which texts are written whole, and after how many calls for a sync.
    written: HashMap<String, usize>,
    /// How many syncs of the log have begun, and which of them are under way, by thread.
    syncs: usize,
    under_way: HashMap<String, usize>,
    /// Of the syncs that have ended, the one that began last.
    done: usize,
    covered: usize,
    early: Vec<String>,
}

impl Seen {
    fn of(trace: &Path) -> Self {
        let mut seen = Self::default();
        let file = BufReader::new(File::open(trace).expect("strace has written it"));
        for line in file.lines() {
            seen.line(&line.expect("strace writes texts"));
        }
        seen
    }

    fn line(&mut self, line: &str) {
        let (thread, call) = line.split_once(' ').expect("the number of a thread comes first");
        let call = call.trim_start();
        let is_of_log = call.split(',').next().is_some_and(|first| first.contains("registry.sqlite-wal>"));
        if call.starts_with("pwrite64(") && is_of_log {
            self.frame(call);
        } else if (call.starts_with("fdatasync(") || call.starts_with("fsync(")) && is_of_log {
            self.syncs += 1;
            self.under_way.insert(thread.into(), self.syncs);
            if call.ends_with(" = 0 (DELAYED)") || call.ends_with(" = 0") {
                self.synced(thread);
            }
        } else if call.starts_with("<... fdatasync resumed") || call.starts_with("<... fsync resumed") {
            self.synced(thread);
        } else if call.contains("\"HTTP/1.1 20") {
            self.answer(call);
        }
    }

    /// A frame of the log is a head of 24 bytes and a page. The head of the last frame of a transaction says how large
    /// the database is then; there it is 0 in all others.
    fn frame(&mut self, call: &str) {
        let (_, text) = call.split_once('"').expect("the bytes are shown");
        let head = bytes(text);
        if head.len() == 24 {
            self.last_frame = head[4..8] != [0; 4];
            return;
        }
        self.open.extend(marks(text));
        if self.last_frame {
            for mark in self.open.drain(..) {
                self.written.entry(mark).or_insert(self.syncs);
            }
        }
    }

    fn synced(&mut self, thread: &str) {
        // The sync of another file is not among them.
        let begun = self.under_way.remove(thread).unwrap_or_default();
        self.done = self.done.max(begun);
    }

    fn answer(&mut self, call: &str) {
        let Some(mark) = marks(call).pop() else { return };
        match self.written.get(&mark) {
            Some(syncs_before) if self.done > *syncs_before => self.covered += 1,
            _ => self.early.push(mark),
        }
    }
}

/// The texts of which each write has its own.
fn marks(text: &str) -> Vec<String> {
    let starts = ["mark-", "+1415267"].into_iter().flat_map(|start| text.match_indices(start));
    starts
        .filter_map(|(at, start)| text.get(at..at + start.len() + if start == "mark-" { 6 } else { 4 }))
        .map(Into::into)
        .collect()
}

/// The bytes of a text as strace shows them, up to its closing quote.
fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'"' => break,
            b'\\' => {
                let digits = rest.iter().take(3).take_while(|digit| (b'0'..b'8').contains(digit)).count();
                let octal = rest[..digits].iter().fold(0_u32, |value, digit| value * 8 + u32::from(digit - b'0'));
                bytes.push(match rest.first() {
                    Some(b't') => b'\t',
                    Some(b'n') => b'\n',
                    Some(b'v') => 0x0b,
                    Some(b'f') => 0x0c,
                    Some(b'r') => b'\r',
                    Some(b'"' | b'\\') => rest[0],
                    _ => u8::try_from(octal).expect("a byte"),
                });
                rest = &rest[digits.max(1)..];
            }
            other => bytes.push(other),
        }
    }
    bytes
}

#[test]
fn bytes_are_read_as_strace_shows_them() {
    assert_eq!(bytes(r#"\0\17\0018\377a\t\n\v\f\r\"\\", 24, 32) = 24"#), b"\0\x0f\x018\xffa\t\n\x0b\x0c\r\"\\");
}

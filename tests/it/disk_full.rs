//! The disk of the SQLite file is full: writers are answered 503, readers go on, and all goes on once there is room.
//!
//! The program runs in a small file system of its own, in a mount namespace that ends with it. Where the system does
//! not allow that, these tests are left out. Or no file of its may be longer than some bytes (EFBIG): SQLite says of
//! that what it says of a quota (EDQUOT), and not that the disk is full.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use e2e::database::{Database, Engine};
use e2e::load::{Load, Told, Work};
use e2e::program::Program;

/// Mounts a file system over the folder that is named first, and becomes the program.
const MOUNT: &str = r#"mount -t tmpfs -o size=32m,mode=700 tmpfs "$0" && exec "$@""#;
/// The most bytes of a file: fewer than its log of writes has when it begins anew.
const FEW_BYTES: &str = "4096";
/// How often the disk is full in the long form.
const LONG: usize = 30;
const WRITERS: [Work; 3] = [Work::SignUp, Work::LogIn, Work::Refresh];
const SETTINGS: [(&str, &str); 2] =
    [("USER_REGISTRY_ISSUER", "https://registry.example"), ("USER_REGISTRY_THROTTLES", "off")];

#[tokio::test]
async fn a_full_disk_is_503_for_writers_until_there_is_room() {
    fill_again_and_again(2).await;
}

#[tokio::test]
async fn files_that_may_not_grow_are_503_for_writers_until_they_may() {
    limit_again_and_again(2).await;
}

#[tokio::test]
#[ignore = "it takes minutes: make disk-full runs it"]
async fn disk_full_for_long() {
    fill_again_and_again(LONG).await;
    limit_again_and_again(LONG).await;
}

async fn limit_again_and_again(rounds: usize) {
    let database = Database::new(Engine::Sqlite).await;
    let program = Program::start_with(&database, &SETTINGS).await;
    let told = Told::of_session(&program).await;
    let (limit, free) = (|| limit_files(&program, FEW_BYTES), || limit_files(&program, "unlimited"));
    refuse_again_and_again(&program, &told, rounds, limit, free).await;
    drop(program);
    let stored = told.is_stored(&database).await;
    let program = Program::start_with(&database, &SETTINGS).await;
    told.session_goes_on(&program).await;
    println!("no file grew {rounds} times: {stored} sign-ups acknowledged and there, {} refused", told.refused());
}

fn limit_files(program: &Program, bytes: &str) {
    let id = program.id().to_string();
    let limited = Command::new("prlimit").args(["--pid", &id, &format!("--fsize={bytes}:unlimited")]).status();
    assert!(limited.expect("prlimit runs").success());
}

async fn fill_again_and_again(rounds: usize) {
    let Some(unshare) = may_mount() else {
        println!("Left out: the system lets nobody mount a file system of their own.");
        return;
    };
    let database = Database::new(Engine::Sqlite).await;
    let folder = database.folder().to_str().expect("a text").to_owned();
    let words = [unshare, &["sh", "-c", MOUNT, &folder]].concat();
    let program = Program::start_under(&database, &SETTINGS, &words).await;
    let inside = PathBuf::from(format!("/proc/{}/root{folder}", program.id()));
    let told = Told::of_session(&program).await;
    let filler = inside.join("filler");
    let empty = || std::fs::remove_file(&filler).expect("it is there");
    refuse_again_and_again(&program, &told, rounds, || fill(&filler), empty).await;
    // The file system outlives the program as long as somebody has it open.
    let held = File::open(&inside).expect("the folder");
    drop(program);
    let copy = Database::copy_of(Path::new(&format!("/proc/self/fd/{}", held.as_raw_fd())));
    let stored = told.is_stored(&copy).await;
    let program = Program::start_with(&copy, &SETTINGS).await;
    told.session_goes_on(&program).await;
    println!("the disk was full {rounds} times: {stored} sign-ups acknowledged and there, {} refused", told.refused());
}

/// Lets clients read and write, and makes an end of all room and then room again, this often.
async fn refuse_again_and_again(program: &Program, told: &Arc<Told>, rounds: usize, fill: impl Fn(), empty: impl Fn()) {
    let works = [WRITERS[0], WRITERS[1], WRITERS[2], Work::Read].map(|work| (work, Duration::ZERO));
    for round in 0..rounds {
        let load = Load::start(program, told, &format!("{round}"), &works);
        told.has_signed_up().await;
        fill();
        // Not every write needs room: the log begins anew in the room that it has.
        let (refused, read) = (told.refused(), told.answered(Work::Read));
        until(told, program, || told.refused() >= refused + 8 && told.answered(Work::Read) >= read + 8).await;
        empty();
        let before = WRITERS.map(|work| told.answered(work));
        until(told, program, || WRITERS.iter().zip(before).all(|(work, before)| told.answered(*work) > before)).await;
        load.end().await;
    }
    assert_eq!((told.wrong(), told.unanswered()), (Vec::new(), Vec::new()), "{}", program.log());
}

/// How to get a mount namespace: without further ado, or with one of users for whoever is not root.
fn may_mount() -> Option<&'static [&'static str]> {
    let ways: [&[&str]; 2] = [&["unshare", "--mount"], &["unshare", "--user", "--map-root-user", "--mount"]];
    ways.into_iter().find(|way| {
        let tried = Command::new(way[0]).args(&way[1..]).args(["mount", "-t", "tmpfs", "tmpfs", "/tmp"]).output();
        tried.is_ok_and(|tried| tried.status.success())
    })
}

/// Writes a file until there is no room for a byte.
fn fill(path: &Path) {
    let mut file = File::create(path).expect("there is room for a name");
    for size in [65_536, 4096, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
}

async fn until(told: &Told, program: &Program, holds: impl Fn() -> bool) {
    for _ in 0..2400 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it does not come; wrong: {:?}, unanswered: {:?}\n{}", told.wrong(), told.unanswered(), program.log());
}

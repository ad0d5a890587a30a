//! Mixed load for long: memory, descriptors and the log of SQLite stay bounded.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use e2e::database::{Database, Engine};
use e2e::join_all;
use e2e::load::{Load, Told, Work, form_of};
use e2e::process::{descriptors, most_resident_kib, resident_kib};
use e2e::program::Program;
use serde_json::json;

const WORKS: [Work; 8] =
    [Work::SignUp, Work::LogIn, Work::LogIn, Work::LogIn, Work::Refresh, Work::Read, Work::Read, Work::Read];
/// How long the load lasts in the long form.
const LONG: Duration = Duration::from_secs(30 * 60);
/// From when on the slope of the memory counts, in seconds.
const SETTLED: f64 = 120.0;
/// How many tokens the program remembers at most: until it has seen so many, its memory grows, and so must it.
const REMEMBERED: usize = 32 * 1024;
/// How many sessions show them: more than there are connections to the database, all of which are open then.
const SESSIONS: usize = 16;
/// How long is looked for what the machine takes, and the part of it that is asked for then.
const MEASURED: Duration = Duration::from_secs(20);
const PART: f64 = 0.7;
/// What the memory may grow by in an hour, and the width of the windows whose means are looked at, in seconds.
const SLOPE_KIB: f64 = 1024.0;
const WINDOW: f64 = 60.0;
/// What a start needs at least of the program file, and nothing else does.
const GIVEN_BACK_KIB: u64 = 3 * 1024;
/// Connections to the database open when they are needed for the first time, which may be late.
const LATE_DESCRIPTORS: usize = 16;
/// SQLite begins its log anew after some 4 MiB, but for readers that need what it holds.
const WAL: u64 = 64 * 1024 * 1024;

e2e::on_both_engines! {
    no_descriptor_outlives_its_connection
    a_process_gives_back_what_only_its_start_needed
}

async fn a_process_gives_back_what_only_its_start_needed(database: Database) {
    let program = Program::start(&database).await;
    let is_less = || resident_kib(program.id()) + GIVEN_BACK_KIB < most_resident_kib(program.id());
    for _ in 0..400 {
        if is_less() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{} KiB are held, of {}", resident_kib(program.id()), most_resident_kib(program.id()));
}

async fn no_descriptor_outlives_its_connection(database: Database) {
    let (program, told) = start(&database).await;
    let mut quiet = 0;
    for round in 0..4 {
        let load = Load::start(&program, &told, &format!("{round}"), &WORKS.map(|work| (work, Duration::ZERO)));
        let before = told.answered(Work::LogIn);
        while told.answered(Work::LogIn) < before + 8 {
            assert_eq!(told.wrong(), [] as [String; 0]);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        load.end().await;
        if round == 0 {
            quiet = descriptors(program.id()) + LATE_DESCRIPTORS;
        }
    }
    // Each of these is a connection more than the clients before had.
    let held = connected(&program, 4 * LATE_DESCRIPTORS).await;
    assert!(descriptors(program.id()) >= 4 * LATE_DESCRIPTORS, "the connections are there");
    drop(held);
    for _ in 0..2400 {
        if descriptors(program.id()) <= quiet {
            assert_eq!(program.stop().await, Some(0));
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{} descriptors are open, {quiet} at most were when it began", descriptors(program.id()));
}

/// Connections that have been answered, and are kept.
async fn connected(program: &Program, count: usize) -> Vec<reqwest::Client> {
    let mut clients = Vec::new();
    for _ in 0..count {
        let client = reqwest::Client::new();
        let answer = client.get(format!("{}/health/live", program.url)).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        answer.bytes().await.expect("a body");
        clients.push(client);
    }
    clients
}

#[tokio::test]
#[ignore = "it takes half an hour: make soak runs it"]
async fn soak_on_sqlite() {
    soak(&Database::new(Engine::Sqlite).await).await;
}

#[tokio::test]
#[ignore = "it takes half an hour: make soak runs it"]
async fn soak_on_postgres() {
    soak(&Database::new(Engine::Postgres).await).await;
}

async fn start(database: &Database) -> (Program, Arc<Told>) {
    let program = Program::start_with(database, &[("USER_REGISTRY_THROTTLES", "off")]).await;
    let told = Told::of_session(&program).await;
    (program, told)
}

/// What the process holds at a moment.
#[derive(Clone, Copy)]
struct Sample {
    seconds: f64,
    resident_kib: f64,
    descriptors: usize,
    wal: u64,
}

async fn soak(database: &Database) {
    let (program, told) = start(database).await;
    let load = Load::start(&program, &told, "fast", &WORKS.map(|work| (work, Duration::ZERO)));
    tokio::time::sleep(MEASURED).await;
    let paces = WORKS.map(|work| {
        let clients = WORKS.iter().filter(|other| **other == work).count();
        let each = told.answered(work) as f64 / clients as f64 / MEASURED.as_secs_f64();
        println!("{:?}, {work:?}: {each:.1}/s at most by each client", database.engine);
        (work, Duration::from_secs_f64(1.0 / (PART * each.max(0.1))))
    });
    load.end().await;
    let (length, start) = (length(), Instant::now());
    if length >= LONG {
        fill(&program).await;
        println!("{:.0} s until nothing is left for the memory to grow by", start.elapsed().as_secs_f64());
    }
    let start = Instant::now();
    let load = Load::start(&program, &told, "soak", &paces);
    let mut samples = Vec::new();
    while start.elapsed() < length {
        samples.push(sample(&program, database, start));
        if samples.len() % 60 == 0 {
            print(&samples[samples.len() - 1]);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    load.end().await;
    let done = [Work::SignUp, Work::LogIn, Work::Refresh, Work::Read].map(|work| (work, told.answered(work)));
    println!("answered in all: {done:?}; refused: {}", told.refused());
    assert_eq!(told.wrong(), [] as [String; 0]);
    assert_eq!(told.unanswered(), [] as [String; 0]);
    judge(&samples, length);
    told.is_stored(database).await;
    assert_eq!(program.stop().await, Some(0));
}

/// Shows the program as many tokens as it remembers, by as many at a time as open all of its connections.
async fn fill(program: &Program) {
    join_all((0..SESSIONS).map(|session| async move {
        let form = form_of(&format!("warm-{session}@example.org"));
        assert_eq!(program.post("/signup", &form).await.status, 201);
        let mut tokens = program.post("/login", &form).await;
        for _ in 0..REMEMBERED / SESSIONS {
            assert_eq!(program.get("/me", &tokens.text_of("access_token")).await.status, 200);
            tokens = program.post("/refresh", &json!({ "refresh_token": tokens.text_of("refresh_token") })).await;
        }
    }))
    .await;
}

fn sample(program: &Program, database: &Database, start: Instant) -> Sample {
    let wal: PathBuf = database.folder().join("registry.sqlite-wal");
    Sample {
        seconds: start.elapsed().as_secs_f64(),
        resident_kib: resident_kib(program.id()) as f64,
        descriptors: descriptors(program.id()),
        wal: wal.metadata().map_or(0, |file| file.len()),
    }
}

fn print(sample: &Sample) {
    let Sample { seconds, resident_kib, descriptors, wal } = sample;
    println!("{seconds:.0} s: RSS {:.2} MiB, {descriptors} descriptors, log {wal} bytes", resident_kib / 1024.0);
}

fn judge(samples: &[Sample], length: Duration) {
    let (first, second) = samples.split_at(samples.len() / 2);
    let (slope, error) = slope(samples.iter().filter(|sample| sample.seconds >= SETTLED));
    let most = |part: &[Sample]| part.iter().map(|sample| sample.descriptors).max().unwrap_or_default();
    let wal = samples.iter().map(|sample| sample.wal).max().unwrap_or_default();
    print(&second[second.len() - 1]);
    println!("RSS slope: {:.2} ± {:.2} MiB/h", slope / 1024.0, error / 1024.0);
    println!("largest log: {wal} bytes");
    println!("most descriptors in the halves: {} and {}", most(first), most(second));
    assert!(most(second) <= most(first) + LATE_DESCRIPTORS, "descriptors grow");
    assert!(wal <= WAL, "the log grows");
    // What comes and goes within minutes is no growth: it counts as far as it cannot be that.
    assert!(length < LONG || slope - 2.0 * error < SLOPE_KIB, "the memory grows");
}

/// KiB in an hour, by least squares through the means of windows, and the standard error of that.
fn slope<'a>(samples: impl Iterator<Item = &'a Sample>) -> (f64, f64) {
    let mut windows = BTreeMap::<u64, Vec<f64>>::new();
    for sample in samples {
        windows.entry((sample.seconds / WINDOW) as u64).or_default().push(sample.resident_kib);
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let hours = windows.keys().map(|window| *window as f64 * WINDOW / 3600.0).collect::<Vec<_>>();
    let kib = windows.values().map(|values| mean(values)).collect::<Vec<_>>();
    let (hour, level) = (mean(&hours), mean(&kib));
    let spread = hours.iter().map(|hours| (hours - hour).powi(2)).sum::<f64>();
    let both = hours.iter().zip(&kib).map(|(hours, kib)| (hours - hour) * (kib - level)).sum::<f64>();
    let slope = both / spread;
    let rest = hours.iter().zip(&kib).map(|(hours, kib)| (kib - level - slope * (hours - hour)).powi(2)).sum::<f64>();
    (slope, (rest / (hours.len() as f64 - 2.0) / spread).sqrt())
}

#[test]
fn a_slope_is_told_with_its_error() {
    let sample = |seconds: u32, resident_kib| Sample { seconds: seconds.into(), resident_kib, descriptors: 0, wal: 0 };
    let steady = |seconds: u32| 1000.0 + f64::from(seconds) / 3600.0 * 5.0;
    let samples = (0..1200).map(|second| sample(second, steady(second))).collect::<Vec<_>>();
    let (slope_kib, error) = slope(samples.iter());
    assert!((slope_kib - 5.0).abs() < 1e-6 && error < 1e-6, "{slope_kib} {error}");
    let noisy = |seconds: u32| 1000.0 + if (seconds / 60).is_multiple_of(2) { 100.0 } else { 0.0 };
    let samples = (0..1200).map(|second| sample(second, noisy(second))).collect::<Vec<_>>();
    let (slope_kib, error) = slope(samples.iter());
    assert!(slope_kib.abs() < 2.0 * error && error > 50.0, "{slope_kib} {error}");
}

#[expect(clippy::disallowed_methods, reason = "make soak says how long")]
fn length() -> Duration {
    let seconds = std::env::var("USER_REGISTRY_TEST_SOAK_SECONDS").ok().filter(|seconds| !seconds.is_empty());
    seconds.map_or(LONG, |seconds| Duration::from_secs(seconds.parse().expect("a number of seconds")))
}

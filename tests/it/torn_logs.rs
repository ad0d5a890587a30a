//! A log of SQLite that is half written, or damaged at its end, after the program was killed: the next start goes on
//! with all that was committed before that place. And what a damaged file comes to.

use std::path::{Path, PathBuf};

use e2e::database::{Database, Engine};
use e2e::load::{PASSWORD, form_of};
use e2e::program::Program;

const SIGN_UPS: usize = 12;
/// At how many places the log is damaged, in each way, in the long form.
const LONG: usize = 100;
const SETTINGS: [(&str, &str); 1] = [("USER_REGISTRY_ISSUER", "https://registry.example")];

#[tokio::test]
async fn a_log_that_is_cut_or_damaged_keeps_what_stands_before() {
    damage_everywhere(5).await;
}

#[tokio::test]
#[ignore = "it takes minutes: make torn-logs runs it"]
async fn torn_logs_for_long() {
    damage_everywhere(LONG).await;
}

#[derive(Clone, Copy, Debug)]
enum Damage {
    /// Nothing from there on was written.
    Cut,
    /// One bit is another, and what follows stands as it was.
    Bit,
    /// What follows is what stood on the disk before.
    Noise,
}

async fn damage_everywhere(places: usize) {
    let database = Database::new(Engine::Sqlite).await;
    let program = Program::start_with(&database, &SETTINGS).await;
    let log = log_of(database.folder());
    let mut ends = Vec::new();
    for number in 0..SIGN_UPS {
        let email = format!("ada-{number}@example.org");
        assert_eq!(program.post("/signup", &form_of(&email)).await.status, 201);
        ends.push((email, committed(&std::fs::read(&log).expect("the log"))));
    }
    drop(program);
    let whole = std::fs::read(&log).expect("the log outlives who is killed");
    let begun = ends.iter().all(|(_, end)| *end <= whole.len()) && ends.is_sorted_by_key(|(_, end)| *end);
    assert!(begun, "the log was never begun anew: {ends:?}");
    for place in 0..places {
        // Spread over the whole log, and hardly ever where a frame begins.
        let at = whole.len() * (2 * place + 1) / (2 * places) + place % 7;
        for damage in [Damage::Cut, Damage::Bit, Damage::Noise] {
            let copy = Database::copy_of(database.folder());
            std::fs::write(log_of(copy.folder()), damage.done_to(&whole, at)).expect("the copy can be written");
            let kept = ends.iter().filter(|(_, end)| *end <= at).map(|(email, _)| email);
            goes_on_with(&copy, kept.cloned().collect()).await;
        }
    }
    println!(
        "{places} places, each damaged in three ways, in a log of {} bytes: all that stood before is there",
        whole.len()
    );
}

impl Damage {
    fn done_to(self, log: &[u8], at: usize) -> Vec<u8> {
        let mut log = log.to_vec();
        match self {
            Self::Cut => log.truncate(at),
            Self::Bit => log[at] ^= 0x10,
            Self::Noise => {
                let noise = (at..log.len()).map(|at| (at.wrapping_mul(2_654_435_761) >> 7).to_le_bytes()[0]);
                let noise = noise.collect::<Vec<_>>();
                log[at..].copy_from_slice(&noise);
            }
        }
        log
    }
}

/// It starts, all of them are there and can log in, whoever is not signs up, and it stops in order.
async fn goes_on_with(database: &Database, emails: Vec<String>) {
    let program = Program::start_with(database, &SETTINGS).await;
    let stored = database.texts("SELECT email_key FROM user_emails".into()).await;
    let lost = emails.iter().filter(|email| !stored.contains(email)).collect::<Vec<_>>();
    assert!(lost.is_empty(), "lost: {lost:?}, there: {stored:?}");
    database.is_whole().await;
    if let Some(last) = stored.iter().max() {
        assert_eq!(program.post("/login", &form_of(last)).await.status, 200);
    }
    assert_eq!(program.post("/signup", &form_of("bea@example.org")).await.status, 201);
    assert!(!program.log().contains("panicked"), "{}", program.log());
    assert_eq!(program.stop().await, Some(0));
}

fn log_of(folder: &Path) -> PathBuf {
    folder.join("registry.sqlite-wal")
}

/// Where the last frame ends that closes a transaction. A log begins with 32 bytes, of which eight from the 16th on
/// stand in each frame that is of this log; a frame has a head of 24 bytes and a page.
fn committed(log: &[u8]) -> usize {
    let page = u32::from_be_bytes(log[8..12].try_into().expect("four bytes")) as usize;
    let frames = log[32..].chunks_exact(24 + page).take_while(|frame| frame[8..16] == log[16..24]);
    let last = frames.enumerate().filter(|(_, frame)| frame[4..8] != [0; 4]).last();
    last.map_or(0, |(number, _)| 32 + (number + 1) * (24 + page))
}

#[tokio::test]
async fn a_damaged_file_is_500_and_an_error_in_the_log() {
    let database = Database::new(Engine::Sqlite).await;
    let program = Program::start_with(&database, &SETTINGS).await;
    assert_eq!(program.post("/signup", &form_of("ada@example.org")).await.status, 201);
    assert_eq!(program.stop().await, Some(0));
    let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'users'";
    let root = usize::try_from(database.number(root).await).expect("a page");
    let size = usize::try_from(database.number("SELECT page_size FROM pragma_page_size").await).expect("a size");
    let file = database.folder().join("registry.sqlite");
    let mut bytes = std::fs::read(&file).expect("a stop leaves all in one file");
    bytes[(root - 1) * size..root * size].fill(0xa5);
    std::fs::write(&file, bytes).expect("it can be written");
    let program = Program::start_with(&database, &SETTINGS).await;
    for path in ["/login", "/signup"] {
        let answer = program.post(path, &form_of("ada@example.org")).await;
        assert_eq!((answer.status.as_u16(), &*answer.problem()), (500, "internal"), "{path}: {}", answer.text);
        assert!(!answer.text.contains(PASSWORD) && !answer.text.contains("malformed"), "{}", answer.text);
    }
    program.has_logged("malformed").await;
    assert_eq!(program.get("/health/live", "").await.status, 200);
    assert!(!program.log().contains("panicked"), "{}", program.log());
    assert_eq!(program.stop().await, Some(0));
}

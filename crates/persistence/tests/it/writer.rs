//! The one task that writes to `SQLite`: which plans share a commit, and what they do to each other.

use std::collections::HashSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::accounts::email::EmailAddress;
use domain::accounts::ports::Accounts as _;
use domain::accounts::user::{User, UserState};
use domain::changes::{Changes, MailChange};
use domain::ids::DeliveryId;
use domain::mail::delivery::Delivery;
use domain::mail::letter::{Letter, Template};
use domain::mail::ports::Deliveries as _;
use domain::ports::ledger::{Ledger as _, Receipt, Rejected};
use domain::sessions::grant::Grant;
use domain::sessions::ports::{CredentialKey, Sessions as _};
use domain::sessions::session::Channel;
use domain::throttles::limits::Limit;
use domain::throttles::ports::{CounterKey, Throttles as _};
use persistence::database::Database;
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};

use crate::fixture::{Place, adding, at, grant, id, log_in, plan, session, user};
use crate::land::{adding_field, field};

/// The worst that a statement can do to its transaction, which it may share with others, and less.
const TRAP: &str = "CREATE TRIGGER trap BEFORE INSERT ON users BEGIN \
    SELECT RAISE(ROLLBACK, 'all of it') WHERE NEW.email LIKE 'rollback%'; \
    SELECT RAISE(FAIL, 'half of it') WHERE NEW.email LIKE 'fail%'; \
    SELECT RAISE(ABORT, 'this one') WHERE NEW.email LIKE 'abort%'; END";
/// Let whatever changes a row go well, and its commit fail, as it does on a disk that is full.
const FAILING_COMMITS: [&str; 3] = [
    "CREATE TABLE parents (id INTEGER PRIMARY KEY)",
    "CREATE TABLE late (id INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)",
    "CREATE TRIGGER trap AFTER UPDATE ON TABLE_NAME BEGIN INSERT INTO late VALUES (1); END",
];
/// How many plans share a commit at most.
const BATCH: usize = 64;

#[tokio::test]
async fn plans_that_wait_share_a_commit() {
    let place = Place::sqlite();
    let database = place.open().await;
    let before = commits(&place);
    let plans = (0..2 * BATCH + 2).map(|n| adding(&user(&format!("u{n}@example.org")))).collect::<Vec<_>>();
    let count = plans.len();
    for outcome in while_others_write(&place, &database, plans).await {
        outcome.expect("written");
    }
    // Each batch is full but the first, which takes what has come when the task wakes, and the last.
    let commits = commits(&place) - before;
    assert!((count.div_ceil(BATCH)..=count.div_ceil(BATCH) + 1).contains(&commits), "{commits} commits");
    assert_eq!(database.list(None, 999).await.expect("read").len(), count);
}

#[tokio::test]
async fn a_plan_that_fails_hurts_no_neighbour() {
    let place = Place::sqlite();
    let database = place.open().await;
    place.raw().await.execute_unprepared(TRAP).await.expect("laid");
    let names = (0..40).map(|n| match n % 8 {
        1 => format!("rollback{n}@example.org"),
        3 => format!("fail{n}@example.org"),
        5 => format!("abort{n}@example.org"),
        7 => "u0@example.org".into(),
        _ => format!("u{n}@example.org"),
    });
    let plans = names.map(|name| adding(&user(&name)).with(adding_field(&field(&user("nobody@example.org")))));
    // Every other plan of the good ones fails late, at a field of nobody.
    let plans = plans.enumerate().map(|(n, mut plan)| {
        if n % 4 == 0 {
            plan.list.truncate(1);
        }
        plan
    });
    let outcomes = while_others_write(&place, &database, plans.collect()).await;
    for (n, outcome) in outcomes.iter().enumerate() {
        match n % 8 {
            0 | 4 => assert!(outcome.is_ok(), "{n}: {outcome:?}"),
            7 => assert!(matches!(outcome, Err(Rejected::Conflict(_))), "{n}: {outcome:?}"),
            _ => assert!(matches!(outcome, Err(Rejected::Failed(_))), "{n}: {outcome:?}"),
        }
    }
    let users = database.list(None, 999).await.expect("read");
    assert_eq!(users.len(), 10);
    database.apply(adding(&user("late@example.org"))).await.expect("the task goes on");
    assert_eq!(place.open().await.list(None, 999).await.expect("read").len(), 11, "it is committed");
}

#[tokio::test]
async fn a_plan_that_fails_alone_leaves_nothing_and_hurts_no_later_one() {
    let place = Place::sqlite();
    let database = place.open().await;
    place.raw().await.execute_unprepared(TRAP).await.expect("laid");
    database.apply(adding(&user("first@example.org"))).await.expect("written");
    for (number, name) in ["rollback", "fail", "abort", "first"].into_iter().enumerate() {
        let outcome = database.apply(adding(&user(&format!("{name}@example.org")))).await;
        match name {
            "first" => assert!(matches!(outcome, Err(Rejected::Conflict(_))), "{name}: {outcome:?}"),
            _ => assert!(matches!(outcome, Err(Rejected::Failed(_))), "{name}: {outcome:?}"),
        }
        // A field of nobody comes last: what was written before it goes as well.
        let late = adding(&user(&format!("late{number}@example.org")));
        let late = late.with(adding_field(&field(&user("nobody@example.org"))));
        assert!(matches!(database.apply(late).await, Err(Rejected::Failed(_))), "{name}");
        database.apply(adding(&user(&format!("later{number}@example.org")))).await.expect("written");
    }
    let mut users = database.list(None, 999).await.expect("read");
    users.sort_by_key(|user| user.email.as_str().to_owned());
    let names = users.iter().map(|user| user.email.as_str()).collect::<Vec<_>>();
    assert_eq!(names, ["first", "later0", "later1", "later2", "later3"].map(|name| format!("{name}@example.org")));
}

#[tokio::test]
async fn logins_that_share_a_commit_are_written_each_for_itself() {
    let place = Place::sqlite();
    let database = place.open().await;
    let (ada, disabled) = (user("ada@example.org"), User { state: UserState::Disabled, ..user("bob@example.org") });
    for user in [&ada, &disabled] {
        database.apply(adding(user)).await.expect("written");
    }
    let sessions = (0..40).map(|n| session(if n % 8 == 5 { &disabled } else { &ada }, Channel::Api));
    let sessions = sessions.collect::<Vec<_>>();
    let taken = grant(&sessions[0]);
    let plans = sessions.iter().enumerate().map(|(n, session)| {
        let id = if n % 8 == 3 { taken.id } else { grant(session).id };
        log_in(session, Grant { id, ..grant(session) })
    });
    let mut plans = plans.collect::<Vec<_>>();
    plans[0] = log_in(&sessions[0], taken);
    let outcomes = while_others_write(&place, &database, plans).await;
    for (n, (outcome, session)) in outcomes.iter().zip(&sessions).enumerate() {
        match n % 8 {
            3 => assert!(matches!(outcome, Err(Rejected::Conflict(_))), "{n}: {outcome:?}"),
            5 => assert!(matches!(outcome, Err(Rejected::Stale)), "{n}: {outcome:?}"),
            _ => assert_eq!(outcome.as_ref().expect("written").rows, [1, 1], "{n}"),
        }
        let held = database.holder(&CredentialKey::Session(session.id)).await.expect("read");
        assert_eq!(held.is_some(), outcome.is_ok(), "{n}");
    }
}

#[tokio::test]
async fn a_login_that_fails_alone_leaves_nothing_and_hurts_no_later_one() {
    let place = Place::sqlite();
    let database = place.open().await;
    let ada = user("ada@example.org");
    database.apply(adding(&ada)).await.expect("written");
    for fault in ["ROLLBACK", "FAIL", "ABORT"] {
        // At the last of its three parts, the event.
        let trap = format!("CREATE TRIGGER trap BEFORE INSERT ON events BEGIN SELECT RAISE({fault}, 'no'); END");
        place.raw().await.execute_unprepared(&trap).await.expect("laid");
        let session = session(&ada, Channel::Api);
        let outcome = database.apply(log_in(&session, grant(&session))).await;
        assert!(matches!(outcome, Err(Rejected::Failed(_))), "{fault}: {outcome:?}");
        assert_eq!(database.holder(&CredentialKey::Session(session.id)).await.expect("read"), None, "{fault}");
        place.raw().await.execute_unprepared("DROP TRIGGER trap").await.expect("taken away");
        database.apply(log_in(&session, grant(&session))).await.expect("written");
        assert!(database.holder(&CredentialKey::Session(session.id)).await.expect("read").is_some(), "{fault}");
    }
}

#[tokio::test]
async fn a_letter_is_not_claimed_when_the_claim_is_not_committed() {
    let place = Place::sqlite();
    let database = place.open().await;
    let id = queue_letter(&database).await;
    for statement in FAILING_COMMITS {
        let statement = statement.replace("TABLE_NAME", "deliveries");
        place.raw().await.execute_unprepared(&statement).await.expect("laid");
    }
    for _ in 0..2 {
        let claimed = database.claim(at(10), at(20)).await;
        assert!(claimed.is_err(), "{claimed:?}");
    }
    place.raw().await.execute_unprepared("DROP TRIGGER trap").await.expect("taken away");
    let claimed = database.claim(at(10), at(20)).await.expect("claimed").expect("it is due");
    assert_eq!((claimed.id, claimed.attempts), (id, 1), "the others left nothing");
}

#[tokio::test]
async fn a_refused_plan_takes_back_no_claim_that_shares_its_commit() {
    let place = Place::sqlite();
    let database = place.open().await;
    let letters = HashSet::from([queue_letter(&database).await, queue_letter(&database).await]);
    database.apply(adding(&user("taken@example.org"))).await.expect("written");
    let raw = place.raw().await;
    let other = raw.begin().await.expect("begun");
    other.execute_unprepared("UPDATE installation SET program = program").await.expect("it holds the lock");
    let claim = || {
        let database = database.clone();
        tokio::spawn(async move { database.claim(at(10), at(20)).await })
    };
    // A claim reads first what is due: it has time to get to the task before the next plan comes.
    let pause = || tokio::time::sleep(Duration::from_millis(50));
    // The first one keeps the task waiting; the others come together when it goes on.
    let mut plans = hand_over(&database, vec![adding(&user("first@example.org"))]).await;
    let mut claims = vec![claim()];
    for name in ["taken", "good"] {
        pause().await;
        plans.extend(hand_over(&database, vec![adding(&user(&format!("{name}@example.org")))]).await);
        claims.push(claim());
    }
    pause().await;
    other.rollback().await.expect("it lets go");
    let mut claimed = HashSet::new();
    for claim in claims {
        let letter = claim.await.expect("no panic").expect("committed");
        assert!(letter.as_ref().is_none_or(|letter| letter.attempts == 1), "{letter:?}");
        claimed.extend(letter.map(|letter| letter.id));
    }
    assert_eq!(claimed, letters, "each is given to one, and there are no more");
    assert_eq!(database.claim(at(10), at(20)).await.expect("asked"), None, "they are committed");
    let mut outcomes = Vec::new();
    for plan in plans {
        outcomes.push(plan.await.expect("no panic").is_ok());
    }
    assert_eq!(outcomes, [true, false, true]);
    assert_eq!(database.list(None, 99).await.expect("read").len(), 3);
}

#[tokio::test]
async fn nothing_is_admitted_whose_count_is_not_committed() {
    let place = Place::sqlite();
    let database = place.open().await;
    let (key, other, now) = (CounterKey::restore("a"), CounterKey::restore("b"), at(0));
    let quota = Limit::LogInAddress.quota();
    database.reserve(&key, quota, now).await.expect("counted");
    database.guess(&other, now).await.expect("counted");
    let raw = sea_orm::Database::connect(format!("{}-throttles", place.url)).await.expect("connected");
    for statement in FAILING_COMMITS {
        raw.execute_unprepared(&statement.replace("TABLE_NAME", "throttles")).await.expect("laid");
    }
    assert!(database.reserve(&key, quota, now).await.is_err());
    assert!(database.guess(&other, now).await.is_err());
    assert!(database.reserve_and_guess(&key, quota, &other, now).await.is_err());
    raw.execute_unprepared("DROP TRIGGER trap").await.expect("taken away");
    let (place_taken, guess) = database.reserve_and_guess(&key, quota, &other, now).await.expect("counted");
    assert_eq!(
        (place_taken.recent.len(), guess.expect("there is a place").failures),
        (2, 2),
        "the others left nothing"
    );
}

#[tokio::test]
async fn what_was_handed_over_is_written_before_the_end() {
    let place = Place::sqlite();
    let database = place.open().await;
    let plans = (0..200).map(|n| adding(&user(&format!("u{n}@example.org")))).collect::<Vec<_>>();
    let waiting = hand_over(&database, plans).await;
    database.close().await;
    for outcome in waiting {
        outcome.await.expect("no panic").expect("written");
    }
    assert_eq!(place.open().await.list(None, 999).await.expect("read").len(), 200);
}

/// Queues a letter that is due.
async fn queue_letter(database: &Database) -> DeliveryId {
    let id = DeliveryId::restore(id());
    let letter = Letter::new(Template::Test, EmailAddress::parse("ada@example.org").expect("an address"), None);
    let queued = Delivery { id, letter, attempts: 0, created_at: at(0) };
    database.apply(plan().with(MailChange::Queue(queued))).await.expect("queued");
    id
}

/// Hands plans over while another connection writes, so that they all wait; gives their outcomes.
async fn while_others_write(place: &Place, database: &Database, plans: Vec<Changes>) -> Vec<Result<Receipt, Rejected>> {
    let raw = place.raw().await;
    let other = raw.begin().await.expect("begun");
    other.execute_unprepared("UPDATE installation SET program = program").await.expect("it holds the lock");
    let waiting = hand_over(database, plans).await;
    other.rollback().await.expect("it lets go");
    let mut outcomes = Vec::new();
    for outcome in waiting {
        outcomes.push(outcome.await.expect("no panic"));
    }
    outcomes
}

/// Hands plans over in their order, without waiting for their outcomes.
async fn hand_over(
    database: &Database,
    plans: Vec<Changes>,
) -> Vec<tokio::task::JoinHandle<Result<Receipt, Rejected>>> {
    let begun = Arc::new(AtomicUsize::new(0));
    let mut waiting = Vec::new();
    for plan in plans {
        let (database, begun) = (database.clone(), begun.clone());
        waiting.push(tokio::spawn(async move {
            begun.fetch_add(1, Ordering::SeqCst);
            database.apply(plan).await
        }));
    }
    // On one thread, whoever has begun goes on until it waits for the answer.
    while begun.load(Ordering::SeqCst) < waiting.len() {
        tokio::task::yield_now().await;
    }
    waiting
}

/// How many commits the log holds: each ends with a frame that tells the size of the database.
fn commits(place: &Place) -> usize {
    let log = fs::read(format!("{}-wal", place.file().display())).expect("a log");
    let number = |at: usize| u32::from_be_bytes(log[at..at + 4].try_into().expect("four bytes"));
    let frame = 24 + number(8) as usize;
    // Frames with another salt are left from before the log began anew.
    let salt = &log[16..24];
    let starts = (32..).step_by(frame).take_while(|start| start + frame <= log.len());
    starts.filter(|&start| &log[start + 8..start + 16] == salt && number(start + 4) > 0).count()
}

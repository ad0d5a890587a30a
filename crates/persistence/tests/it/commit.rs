//! Commits that `PostgreSQL` does not answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::accounts::ports::Accounts as _;
use domain::ports::ledger::{Ledger as _, Rejected};
use domain::sessions::ports::{CredentialKey, Sessions as _};
use domain::sessions::session::Channel;
use persistence::database::Database;
use persistence::options::Options;
use sea_orm::ConnectionTrait as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::fixture::{Place, adding, grant, log_in, session, user};

/// Ends the connection in the midst of a commit, so that nothing is committed.
const TRAP: &str = "CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS \
    'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'";
const TRIGGER: &str = "CREATE CONSTRAINT TRIGGER trap AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED \
    FOR EACH ROW EXECUTE FUNCTION trap()";

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_was_lost_with_its_connection_is_a_failure_that_passes() {
    let place = Place::postgres().await;
    let database = place.open().await;
    place.raw().await.execute_unprepared(TRAP).await.expect("laid");
    place.raw().await.execute_unprepared(TRIGGER).await.expect("laid");
    let ada = user("ada@example.org");
    let outcome = database.apply(adding(&ada)).await;
    assert!(matches!(&outcome, Err(Rejected::Failed(failure)) if failure.retryable()), "{outcome:?}");
    assert_eq!(database.by_id(ada.id).await.expect("read"), None);
    place.raw().await.execute_unprepared("DROP TRIGGER trap ON events").await.expect("taken away");
    database.apply(adding(&ada)).await.expect("written");
    // A login is one statement, and its own commit.
    place.raw().await.execute_unprepared(TRIGGER).await.expect("laid");
    let session = session(&ada, Channel::Api);
    let outcome = database.apply(log_in(&session, grant(&session))).await;
    assert!(matches!(&outcome, Err(Rejected::Failed(failure)) if failure.retryable()), "{outcome:?}");
    assert_eq!(database.holder(&CredentialKey::Session(session.id)).await.expect("read"), None);
    place.raw().await.execute_unprepared("DROP TRIGGER trap ON events").await.expect("taken away");
    database.apply(log_in(&session, grant(&session))).await.expect("written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_was_lost_is_found_by_its_event() {
    let lossy = Lossy::start(b"COMMIT".to_vec()).await;
    let ada = user("ada@example.org");
    assert_eq!(lossy.database.apply(adding(&ada)).await.expect("committed").rows, [1]);
    assert!(!lossy.armed.load(Ordering::SeqCst), "the answer was swallowed");
    assert_eq!(lossy.database.by_id(ada.id).await.expect("read"), Some(ada));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_whose_answer_was_lost_is_found_by_its_event() {
    let ada = user("ada@example.org");
    let session = session(&ada, Channel::Api);
    // The values are sent when the statement is to be carried out, not when it is prepared.
    let lossy = Lossy::start(session.id.uuid().as_bytes().to_vec()).await;
    lossy.database.apply(adding(&ada)).await.expect("written");
    assert_eq!(lossy.database.apply(log_in(&session, grant(&session))).await.expect("committed").rows, [1, 1]);
    assert!(!lossy.armed.load(Ordering::SeqCst), "the answer was swallowed");
    let holder = lossy.database.holder(&CredentialKey::Session(session.id)).await.expect("read").expect("a session");
    assert_eq!((holder.user, holder.session), (ada, Some(session)));
}

/// A database whose first answer to what holds certain bytes is lost.
struct Lossy {
    database: Database,
    armed: Arc<AtomicBool>,
    _place: Place,
}

impl Lossy {
    async fn start(word: Vec<u8>) -> Self {
        let place = Place::postgres().await;
        let (before, path) = place.url.rsplit_once('/').expect("a path");
        let (login, server) = before.rsplit_once('@').expect("a login");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("{login}@{}/{path}", listener.local_addr().expect("an address"));
        let armed = Arc::new(AtomicBool::new(false));
        tokio::spawn(forward_all(listener, server.to_owned(), armed.clone(), word));
        let database = Database::open(Options::new(url)).await.expect("opened");
        armed.store(true, Ordering::SeqCst);
        Self { database, armed, _place: place }
    }
}

async fn forward_all(listener: TcpListener, server: String, armed: Arc<AtomicBool>, word: Vec<u8>) {
    while let Ok((client, _)) = listener.accept().await {
        let upstream = TcpStream::connect(&server).await.expect("the server");
        tokio::spawn(forward(client, upstream, armed.clone(), word.clone()));
    }
}

/// Passes everything on, but of the first message with these bytes when armed: its answer is swallowed, and
/// the connection ends.
async fn forward(mut client: TcpStream, mut server: TcpStream, armed: Arc<AtomicBool>, word: Vec<u8>) {
    let (mut asked, mut answered) = (vec![0; 16_384], vec![0; 16_384]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                let is_it = asked[..length].windows(word.len()).any(|part| part == word);
                server.write_all(&asked[..length]).await.expect("sent");
                if is_it && armed.swap(false, Ordering::SeqCst) {
                    let _ = server.read(&mut answered).await;
                    return;
                }
            }
            read = server.read(&mut answered) => {
                let Ok(length @ 1..) = read else { return };
                if client.write_all(&answered[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}

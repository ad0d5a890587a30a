//! What the program does while its database is away, and after.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use e2e::database::{Database, Engine};
use e2e::join_all;
use e2e::program::{Answer, Program, command, free_address};
use reqwest::{Method, Url};
use serde_json::{Value, json};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

const PASSWORD: &str = "canary-horse battery";

fn credentials(email: &str) -> Value {
    json!({ "email": email, "password": PASSWORD })
}

/// Signs up and in, and gives the tokens.
async fn ada(program: &Program) -> (String, String) {
    assert_eq!(program.post("/signup", &credentials("ada@example.org")).await.status, 201);
    let tokens = program.post("/login", &credentials("ada@example.org")).await;
    (tokens.text_of("access_token"), tokens.text_of("refresh_token"))
}

/// It says that it cannot now, and when to ask again; nothing else.
fn is_unavailable(what: &str, answer: &Answer) {
    assert_eq!(answer.status, 503, "{what}: {}", answer.text);
    let after = answer.headers.get("retry-after").and_then(|after| after.to_str().ok()?.parse::<u32>().ok());
    assert!(after.is_some_and(|seconds| seconds > 0), "{what}: {:?}", answer.headers);
    assert_eq!(answer.problem(), "unavailable", "{what}");
}

/// Waits until a login is answered as ever.
async fn is_back(program: &Program) {
    for _ in 0..200 {
        if program.post("/login", &credentials("ada@example.org")).await.status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it does not come back\n{}", program.log());
}

/// How it is with the way to a server.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Open,
    /// Connections end, and there are no new ones.
    Cut,
    /// Nothing comes through, and nobody says so: the host is gone.
    Silent,
}

/// A way to `PostgreSQL` for one program.
struct Wire {
    url: Url,
    way: watch::Sender<Way>,
    /// That a connection was asked for.
    asked: Arc<Notify>,
}

impl Wire {
    async fn to(database: &Database) -> Self {
        let mut url = Url::parse(&database.url).expect("a URL");
        let server = format!("{}:{}", url.host_str().expect("a host"), url.port().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        url.set_ip_host(address.ip()).expect("a host");
        url.set_port(Some(address.port())).expect("a port");
        let way = watch::Sender::new(Way::Open);
        let (state, asked) = (way.subscribe(), Arc::new(Notify::new()));
        let note = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                note.notify_one();
                tokio::spawn(pass_on(near, server.clone(), state.clone()));
            }
        });
        Self { url, way, asked }
    }
}

/// A program whose way to its database is such a wire.
async fn behind_a_wire() -> (Database, Wire, Program) {
    let database = Database::new(Engine::Postgres).await;
    let wire = Wire::to(&database).await;
    let program = Program::start_with(&database, &[("USER_REGISTRY_DATABASE_URL", wire.url.as_str())]).await;
    (database, wire, program)
}

/// Passes on what comes, as long as the way is open.
async fn pass_on(mut near: TcpStream, server: String, mut way: watch::Receiver<Way>) {
    if *way.borrow() == Way::Open {
        let mut far = TcpStream::connect(server).await.expect("the server of the tests listens");
        tokio::select! {
            _ = copy_bidirectional(&mut near, &mut far) => return,
            _ = way.wait_for(|way| *way != Way::Open) => {}
        }
    }
    // What was sent meanwhile is lost, and the host that comes back knows nothing of the connection.
    let _ = way.wait_for(|way| *way != Way::Silent).await;
}

#[tokio::test]
async fn postgres_that_goes_away_is_503_until_it_is_back() {
    let (_database, wire, program) = behind_a_wire().await;
    let (access_token, refresh_token) = ada(&program).await;
    for _ in 0..2 {
        wire.way.send_replace(Way::Cut);
        is_unavailable("/me", &program.get("/me", &access_token).await);
        is_unavailable("/login", &program.post("/login", &credentials("ada@example.org")).await);
        is_unavailable("/signup", &program.post("/signup", &credentials("bea@example.org")).await);
        is_unavailable("/refresh", &program.post("/refresh", &json!({ "refresh_token": refresh_token })).await);
        let update = json!({ "phone_number": "+14155552671" });
        is_unavailable("/update", &program.with_token(Method::PATCH, "/update", &access_token, &update).await);
        assert_eq!(program.get("/health/ready", "").await.status, 503);
        for path in ["/health/live", "/.well-known/jwks.json", "/openapi.json", "/docs"] {
            assert_eq!(program.get(path, "").await.status, 200, "{path} needs no database");
        }
        wire.way.send_replace(Way::Open);
        is_back(&program).await;
        let me = program.get("/me", &access_token).await;
        assert_eq!((me.status.as_u16(), &me.json()["phone_number"]), (200, &Value::Null), "nothing half done");
        assert_eq!(program.get("/health/ready", "").await.status, 200);
    }
    assert_eq!(program.post("/signup", &credentials("bea@example.org")).await.status, 201, "nobody was added");
    assert_eq!(program.post("/refresh", &json!({ "refresh_token": refresh_token })).await.status, 200);
    assert_eq!(program.stop().await, Some(0));
}

#[tokio::test]
async fn postgres_on_a_host_that_is_gone_is_503_and_served_again_when_it_is_back() {
    let (_database, wire, program) = behind_a_wire().await;
    let (access_token, _) = ada(&program).await;
    wire.way.send_replace(Way::Silent);
    // More than there are connections: whoever gets none is refused as well.
    let waiting = (0..20).map(|_| program.get("/me", &access_token));
    let (login, ready) = (credentials("ada@example.org"), program.get("/health/ready", ""));
    let (answers, log_in, ready) = tokio::join!(join_all(waiting), program.post("/login", &login), ready);
    for answer in &answers {
        is_unavailable("/me", answer);
    }
    is_unavailable("/login", &log_in);
    assert_eq!(ready.status, 503);
    assert_eq!(program.get("/health/live", "").await.status, 200, "it needs no database");
    wire.way.send_replace(Way::Open);
    is_back(&program).await;
    for answer in join_all((0..20).map(|_| program.get("/me", &access_token))).await {
        assert_eq!(answer.status, 200, "every connection has its place back: {}", answer.text);
    }
    assert_eq!(program.stop().await, Some(0));
}

#[tokio::test]
async fn postgres_on_a_host_that_is_gone_does_not_keep_a_program_that_stops() {
    let (_database, wire, program) = behind_a_wire().await;
    // What was refused is to be recorded when it stops.
    let wrong = json!({ "email": "nobody@example.org", "password": "a wrong one" });
    while program.post("/login", &wrong).await.status != 429 {}
    wire.way.send_replace(Way::Silent);
    program.ask_to_stop();
    program.has_logged("the last refusals of the throttles were not recorded").await;
    let log = program.log();
    let line = log.lines().find(|line| line.contains("the last refusals")).expect("it was logged");
    assert!(!line.contains("cannot be reached"), "it waits less long than for a statement: {line}");
    assert_eq!(program.ended().await, Some(0));
}

#[tokio::test]
async fn a_start_that_waits_for_its_database_is_ended_by_a_signal() {
    let database = Database::new(Engine::Postgres).await;
    let wire = Wire::to(&database).await;
    wire.way.send_replace(Way::Silent);
    let settings = [("USER_REGISTRY_DATABASE_URL", wire.url.as_str()), ("USER_REGISTRY_LISTEN", &free_address())];
    let child = command(&database, &settings).arg("serve").stderr(Stdio::piped()).spawn().expect("it starts");
    // The signals are taken before.
    wire.asked.notified().await;
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs").success());
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output().expect("it ends"));
    let ended = tokio::time::timeout(Duration::from_secs(20), ended).await.expect("it ends").expect("no panic");
    let log = String::from_utf8(ended.stderr).expect("a text");
    assert_eq!(ended.status.code(), Some(0), "{log}");
    assert!(log.contains("stopped before it was ready"), "{log}");
}

#[tokio::test]
async fn sqlite_that_another_process_keeps_is_503_for_writers_and_readers_go_on() {
    let database = Database::new(Engine::Sqlite).await;
    let program = Program::start(&database).await;
    let (access_token, refresh_token) = ada(&program).await;
    let held = database.hold_writes().await;
    let login = credentials("ada@example.org");
    let refresh = json!({ "refresh_token": refresh_token });
    let reading = async {
        for path in ["/me", "/sessions", "/me/events"] {
            assert_eq!(program.get(path, &access_token).await.status, 200, "{path}");
        }
    };
    let (logged_in, refreshed, ()) =
        tokio::join!(program.post("/login", &login), program.post("/refresh", &refresh), reading);
    is_unavailable("/login", &logged_in);
    is_unavailable("/refresh", &refreshed);
    drop(held);
    is_back(&program).await;
    assert_eq!(program.post("/refresh", &refresh).await.status, 200);
    assert_eq!(program.stop().await, Some(0));
}

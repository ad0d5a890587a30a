//! What the program does while its database is away, and after.

use std::net::SocketAddr;
use std::time::Duration;

use e2e::database::{Database, Engine};
use e2e::program::{Answer, Program};
use reqwest::{Method, Url};
use serde_json::{Value, json};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

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

/// A way to `PostgreSQL` that can be cut.
struct Wire {
    address: SocketAddr,
    is_cut: watch::Sender<bool>,
}

impl Wire {
    async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let (address, is_cut) = (listener.local_addr().expect("it is bound"), watch::Sender::new(false));
        let cut = is_cut.subscribe();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                if !*cut.borrow() {
                    tokio::spawn(pass_on(near, server.clone(), cut.clone()));
                }
            }
        });
        Self { address, is_cut }
    }
}

async fn pass_on(mut near: TcpStream, server: String, mut cut: watch::Receiver<bool>) {
    let mut far = TcpStream::connect(server).await.expect("the server of the tests listens");
    tokio::select! {
        _ = copy_bidirectional(&mut near, &mut far) => {}
        _ = cut.wait_for(|cut| *cut) => {}
    }
}

#[tokio::test]
async fn postgres_that_goes_away_is_503_until_it_is_back() {
    let database = Database::new(Engine::Postgres).await;
    let mut url = Url::parse(&database.url).expect("a URL");
    let server = format!("{}:{}", url.host_str().expect("a host"), url.port().unwrap_or(5432));
    let wire = Wire::to(server).await;
    url.set_ip_host(wire.address.ip()).expect("a host");
    url.set_port(Some(wire.address.port())).expect("a port");
    let program = Program::start_with(&database, &[("USER_REGISTRY_DATABASE_URL", url.as_str())]).await;
    let (access_token, refresh_token) = ada(&program).await;
    for _ in 0..2 {
        wire.is_cut.send_replace(true);
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
        wire.is_cut.send_replace(false);
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

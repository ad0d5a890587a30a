//! How the server stops.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use e2e::database::Database;
use e2e::program::Program;

e2e::on_both_engines! {
    a_request_under_way_gets_its_answer
    a_stalled_peer_is_cut_off_after_the_grace
    a_second_signal_ends_at_once
    the_data_lies_in_one_file_after_a_stop
}

const BODY: &str = r#"{"email": "ada@example.org", "password": "correct horse"}"#;

/// A login whose head the server has read: it asks for the body.
fn login_without_its_body(program: &Program) -> TcpStream {
    let mut peer = connect(program);
    let length = BODY.len();
    let head = format!(
        "POST /login HTTP/1.1\r\nHost: registry\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
    );
    peer.write_all(head.as_bytes()).unwrap();
    let mut asked = [0; 25];
    peer.read_exact(&mut asked).unwrap();
    assert_eq!(std::str::from_utf8(&asked), Ok("HTTP/1.1 100 Continue\r\n\r\n"));
    peer
}

fn connect(program: &Program) -> TcpStream {
    let peer = TcpStream::connect(program.url.trim_start_matches("http://")).unwrap();
    peer.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    peer
}

async fn a_request_under_way_gets_its_answer(database: Database) {
    let program = Program::start_with(&database, &[("USER_REGISTRY_SHUTDOWN_GRACE", "60s")]).await;
    let mut peer = login_without_its_body(&program);
    program.ask_to_stop();
    program.has_logged("stopping").await;
    peer.write_all(BODY.as_bytes()).unwrap();
    let mut answer = String::new();
    peer.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401 ") && answer.contains("User does not exist"), "{answer}");
    assert_eq!(program.ended().await, Some(0));
}

async fn a_stalled_peer_is_cut_off_after_the_grace(database: Database) {
    let program = Program::start_with(&database, &[("USER_REGISTRY_SHUTDOWN_GRACE", "500ms")]).await;
    let mut half_a_head = connect(&program);
    half_a_head.write_all(b"GET /health/live HTTP/1.1\r\nHost: reg").unwrap();
    let no_body = login_without_its_body(&program);
    assert_eq!(program.stop().await, Some(0));
    drop((half_a_head, no_body));
}

async fn a_second_signal_ends_at_once(database: Database) {
    let program = Program::start_with(&database, &[("USER_REGISTRY_SHUTDOWN_GRACE", "600s")]).await;
    let no_body = login_without_its_body(&program);
    program.ask_to_stop();
    program.has_logged("stopping").await;
    program.ask_to_stop();
    assert_eq!(program.ended().await, Some(130));
    drop(no_body);
}

async fn the_data_lies_in_one_file_after_a_stop(database: Database) {
    let program = Program::start(&database).await;
    let form = serde_json::json!({ "email": "ada@example.org", "password": "correct horse" });
    assert_eq!(program.post("/signup", &form).await.status, 201);
    assert_eq!(program.post("/login", &form).await.status, 200);
    assert_eq!(program.get("/health/ready", "").await.status, 200);
    assert_eq!(program.stop().await, Some(0));
    let files = std::fs::read_dir(database.folder()).unwrap().map(|file| file.unwrap().file_name());
    let logs = files.filter(|name| name.to_string_lossy().ends_with("-wal")).collect::<Vec<_>>();
    assert_eq!(logs, Vec::<std::ffi::OsString>::new(), "whoever copies the file copies all of it");
    assert_eq!(database.number("SELECT COUNT(*) FROM sessions").await, 1);
}

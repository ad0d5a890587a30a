//! The program on a terminal.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::Stdio;

use e2e::database::{Database, Engine};
use e2e::program::{self, Program};
use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::json;

/// What a person types on and looks at, and the end that a program gets.
fn terminal() -> (File, OwnedFd) {
    let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&person).unwrap();
    unlockpt(&person).unwrap();
    let program = open(ptsname(&person, Vec::new()).unwrap(), OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    (person.into(), program)
}

/// All that the terminal shows. The program must have ended.
fn shown(mut person: File) -> String {
    let mut shown = Vec::new();
    // Once the program has closed its end, reading ends with an error.
    let _ = person.read_to_end(&mut shown);
    String::from_utf8(shown).unwrap()
}

#[tokio::test]
async fn a_password_is_asked_for_and_not_shown() {
    let database = Database::new(Engine::Sqlite).await;
    let (mut person, terminal) = terminal();
    let mut command = program::command(&database, &[]);
    command.args(["users", "create", "--email", "ada@example.org", "--password-stdin"]);
    let mut child = command.stdin(terminal).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The command holds the other end of the terminal, which is to close with the program.
    drop(command);
    let mut asked = [0; 10];
    child.stderr.as_mut().unwrap().read_exact(&mut asked).unwrap();
    assert_eq!(&asked, b"Password: ");
    person.write_all(b"canary-kettle\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(shown(person), "\r\n", "only the end of the line is shown");
    let program = Program::start(&database).await;
    let body = json!({ "email": "ada@example.org", "password": "canary-kettle" });
    assert_eq!(program.post("/login", &body).await.status, 200);
}

#[tokio::test]
async fn the_log_is_text_for_people_and_json_for_programs() {
    for (format, is_text) in [("auto", true), ("text", true), ("json", false)] {
        let database = Database::new(Engine::Sqlite).await;
        let (person, terminal) = terminal();
        let mut command = program::command(&database, &[("USER_REGISTRY_LOG_FORMAT", format)]);
        let ended = command.arg("migrate").stdout(Stdio::null()).stderr(terminal).status().unwrap();
        drop(command);
        assert!(ended.success());
        let shown = shown(person);
        assert!(shown.contains("bringing the tables of the database up to date"), "{shown}");
        assert_eq!(!shown.starts_with('{'), is_text, "{format}: {shown}");
    }
}

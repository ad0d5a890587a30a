//! Letters that go out beside the requests, and what an operator sees of them.

use std::fs::{create_dir_all, write};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use e2e::database::{Database, Engine};
use e2e::mailbox::Mailbox;
use e2e::program::Program;
use serde_json::json;

use crate::ran::{run, run_with};

e2e::on_both_engines! {
    a_sign_up_is_followed_by_its_mail
    a_mail_that_is_refused_for_good_is_a_dead_letter
    a_silent_mail_server_does_not_hold_up_the_end
}

const DEAD: &str = "SELECT COUNT(*) FROM deliveries WHERE state = 'given-up'";
const SENT: &str = "SELECT COUNT(*) FROM deliveries WHERE state = 'sent'";
const WAITING: &str = "SELECT COUNT(*) FROM deliveries WHERE state = 'waiting'";

async fn sign_up(program: &Program) {
    let body = json!({ "email": "ada@example.org", "password": "canary-horse battery" });
    assert_eq!(program.post("/signup", &body).await.status, 201);
}

/// A mail server that greets, and answers the recipient with these words, or never.
fn mail_server(to_recipient: Option<&'static str>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let (told, commands) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, told) = (stream.unwrap(), told.clone());
            std::thread::spawn(move || talk(stream, to_recipient, &told));
        }
    });
    (url, commands)
}

fn talk(mut stream: TcpStream, to_recipient: Option<&'static str>, told: &Sender<String>) {
    let lines = BufReader::new(stream.try_clone().unwrap()).lines();
    // The client may be gone at any time, and so may the test.
    let _ = stream.write_all(b"220 mail.example\r\n");
    for line in lines.map_while(Result::ok) {
        let answer = if line.starts_with("RCPT") { to_recipient } else { Some("250 ok") };
        let _ = told.send(line);
        if let Some(answer) = answer {
            let _ = stream.write_all(format!("{answer}\r\n").as_bytes());
        }
    }
}

async fn a_sign_up_is_followed_by_its_mail(database: Database) {
    let settings = [("USER_REGISTRY_PUBLIC_URL", "https://registry.example")];
    let program = Program::start_with(&database, &settings).await;
    sign_up(&program).await;
    let mails = Mailbox::of(&database).has(1).await;
    assert!(mails[0].head.contains("From: registry@registry.example"), "{}", mails[0].head);
    let link = format!("https://registry.example/mail/verify?token={}", mails[0].token());
    assert!(mails[0].text.lines().any(|line| line == link) && mails[0].html.contains(&link), "{}", mails[0].text);
    program.has_logged("a letter went out").await;
    let log = program.log();
    assert!(log.contains("verify-address"), "{log}");
    for secret in ["ada@", &mails[0].token()] {
        assert!(!log.contains(secret), "{log}");
    }
    assert_eq!(program.stop().await, Some(0));
    assert_eq!((database.number(SENT).await, Mailbox::of(&database).mails().len()), (1, 1));
}

async fn a_mail_that_is_refused_for_good_is_a_dead_letter(database: Database) {
    let (url, _commands) = mail_server(Some("550 5.1.1 <ada@example.org> is not here"));
    let program = Program::start_with(&database, &[("USER_REGISTRY_MAIL_URL", &url)]).await;
    sign_up(&program).await;
    program.has_logged("a letter was given up").await;
    let log = program.log();
    assert!(log.contains("the mail server answered 550 5.1.1 to the recipient") && !log.contains("ada@"), "{log}");
    assert_eq!(program.stop().await, Some(0));
    assert_eq!(database.number(DEAD).await, 1);
}

async fn a_silent_mail_server_does_not_hold_up_the_end(database: Database) {
    let (url, commands) = mail_server(None);
    let settings = [("USER_REGISTRY_MAIL_URL", url.as_str()), ("USER_REGISTRY_SHUTDOWN_GRACE", "500ms")];
    let program = Program::start_with(&database, &settings).await;
    sign_up(&program).await;
    while !commands.recv_timeout(Duration::from_secs(20)).unwrap().starts_with("RCPT") {}
    program.ask_to_stop();
    program.has_logged("a letter was still under way").await;
    assert_eq!(program.ended().await, Some(0));
    assert_eq!(database.number(WAITING).await, 1, "it goes out later");
}

#[tokio::test]
async fn an_operator_sees_at_once_whether_mail_works() {
    let database = Database::new(Engine::Sqlite).await;
    let told = run(&database, &["mail", "test", "--to", "ada@example.org"]).done();
    let directory = database.folder().join("mail");
    assert_eq!(told, format!("The mail went to the directory {}.\n", directory.display()));
    let mails = Mailbox::of(&database).mails();
    assert!(mails.len() == 1 && mails[0].head.contains("Subject: Mail works"), "{mails:?}");
    assert!(!database.folder().join("registry.sqlite").exists(), "it needs no database");
    run(&database, &["mail", "test", "--to", "nobody"]).misused();
    run(&database, &["mail", "test"]).misused();
}

#[tokio::test]
async fn a_mail_server_that_does_not_take_the_mail_is_told_without_its_password() {
    let database = Database::new(Engine::Sqlite).await;
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (refusing, _commands) = mail_server(Some("550 5.7.1 no relaying."));
    for (url, why) in [
        (format!("smtp://ada:canary@{nobody}"), "Connection refused"),
        (refusing, "the mail server answered 550 5.7.1 to the recipient"),
    ] {
        let settings = [("USER_REGISTRY_MAIL_URL", url.as_str())];
        let told = run_with(&database, &settings, &["mail", "test", "--to", "ada@example.org"], b"").refused(1);
        assert!(told.starts_with("The mail did not go to the mail server 127.0.0.1") && told.contains(why), "{told}");
    }
}

#[tokio::test]
async fn wrong_texts_of_the_operator_are_told_at_the_start() {
    let database = Database::new(Engine::Sqlite).await;
    let texts = database.folder().join("texts");
    create_dir_all(texts.join("en")).unwrap();
    write(texts.join("en/test.txt"), "Hello {{adress}}").unwrap();
    let settings = [("USER_REGISTRY_MAIL_TEMPLATES", texts.to_str().unwrap())];
    for command in ["check-config", "serve"] {
        let told = run_with(&database, &settings, &[command], b"").refused(2);
        assert!(told.contains("en/test.txt names the unknown placeholder {{adress}}"), "{told}");
    }
    write(texts.join("en/test.txt"), "Hello {{address}}").unwrap();
    run_with(&database, &settings, &["mail", "test", "--to", "ada@example.org"], b"").done();
    assert_eq!(Mailbox::of(&database).mails()[0].text.trim(), "Hello ada@example.org");
}

#[tokio::test]
async fn a_mail_directory_that_everybody_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let database = Database::new(Engine::Sqlite).await;
    let directory = database.folder().join("mail");
    create_dir_all(&directory).unwrap();
    std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o755)).unwrap();
    let told = run(&database, &["serve", "--listen", &e2e::program::free_address()]).refused(1);
    assert!(told.contains("chmod 700"), "{told}");
    assert!(!database.folder().join("registry.sqlite").exists(), "nothing is half made");
}

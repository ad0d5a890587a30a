//! The real program, started and stopped.

use std::fs::{File, read_to_string};
use std::io::Write as _;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;

use crate::database::Database;
use crate::workspace;

/// A running server.
#[derive(Debug)]
pub struct Program {
    child: Child,
    /// Where it listens.
    pub url: String,
    client: Client,
    log: PathBuf,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The header fields.
    pub headers: reqwest::header::HeaderMap,
    /// The body.
    pub text: String,
}

impl Answer {
    /// The body as JSON; `null` when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// A text member of the body.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn text_of(&self, member: &str) -> String {
        let text = self.json()[member].as_str().map(Into::into);
        text.unwrap_or_else(|| panic!("no {member} in {} {}", self.status, self.text))
    }

    /// Status and `message`, as the contract fixes them.
    #[must_use]
    pub fn verdict(&self) -> (u16, String) {
        (self.status.as_u16(), self.json()["message"].as_str().unwrap_or_default().into())
    }

    /// The last part of the problem's type.
    #[must_use]
    pub fn problem(&self) -> String {
        let json = self.json();
        json["type"].as_str().and_then(|kind| kind.rsplit('/').next()).unwrap_or_default().into()
    }

    /// Field and code of each wrong field.
    #[must_use]
    pub fn wrong_fields(&self) -> Vec<(String, String)> {
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let json = self.json();
        let errors = json["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| (word(&error["field"]), word(&error["code"]))).collect()
    }
}

impl Program {
    /// Starts the server on a database and waits until it is ready.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn start(database: &Database) -> Self {
        Self::start_with(database, &[]).await
    }

    /// The same with further settings.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn start_with(database: &Database, settings: &[(&str, &str)]) -> Self {
        Self::start_under(database, settings, &[]).await
    }

    /// The same by the words of a command line that becomes the program: the program and `serve` are its last words.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn start_under(database: &Database, settings: &[(&str, &str)], words: &[&str]) -> Self {
        let address = free_address();
        let log = database.folder().join(format!("{}.log", address.replace(':', "-")));
        let file = File::create(&log).expect("a log file");
        let child = command_under(database, settings, words)
            .arg("serve")
            .env("USER_REGISTRY_LISTEN", &address)
            .stdout(file.try_clone().expect("the log file"))
            .stderr(file)
            .spawn()
            .expect("the program starts");
        let mut program = Self { child, url: format!("http://{address}"), client: Client::new(), log };
        program.wait_until_ready().await;
        program
    }

    async fn wait_until_ready(&mut self) {
        for _ in 0..1200 {
            if let Ok(answer) = self.client.get(format!("{}/health/ready", self.url)).send().await
                && answer.status() == StatusCode::OK
            {
                return;
            }
            let ended = self.child.try_wait().expect("the program can be asked");
            assert!(ended.is_none(), "the program ended: {ended:?}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the program is not ready\n{}", self.log());
    }

    /// A request.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// Sends a request and reads the answer.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        Answer { status, headers, text: response.text().await.expect("a body") }
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// Sends a request with a bearer token, and JSON unless it is `null`.
    pub async fn with_token(&self, method: Method, path: &str, token: &str, body: &Value) -> Answer {
        let request = self.request(method, path).bearer_auth(token);
        self.send(if body.is_null() { request } else { request.json(body) }).await
    }

    /// Gets with a bearer token.
    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.with_token(Method::GET, path, token, &Value::Null).await
    }

    /// The id of its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// All that it has logged so far.
    ///
    /// # Panics
    /// When the log cannot be read.
    #[must_use]
    pub fn log(&self) -> String {
        read_to_string(&self.log).expect("the log can be read")
    }

    /// Waits until the log holds these words.
    ///
    /// # Panics
    /// When it does not within 20 seconds.
    pub async fn has_logged(&self, words: &str) {
        for _ in 0..800 {
            if self.log().contains(words) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{words} is not in the log\n{}", self.log());
    }

    /// Asks it to stop, as a container engine does, and gives its exit code.
    ///
    /// # Panics
    /// When it does not stop within 20 seconds.
    pub async fn stop(self) -> Option<i32> {
        self.ask_to_stop();
        self.ended().await
    }

    /// Asks it to stop, and waits for nothing.
    ///
    /// # Panics
    /// When it has ended already.
    pub fn ask_to_stop(&self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(asked.expect("kill runs").success());
    }

    /// Waits until it has ended, and gives its exit code.
    ///
    /// # Panics
    /// When it does not end within 20 seconds.
    pub async fn ended(mut self) -> Option<i32> {
        for _ in 0..800 {
            if let Some(status) = self.child.try_wait().expect("the program can be asked") {
                return status.code();
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the program does not stop\n{}", self.log());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command of the program beside a server, with `input` as its standard input.
///
/// # Panics
/// When it cannot be run.
#[must_use]
pub fn run(database: &Database, arguments: &[&str], input: &str) -> Output {
    let mut child = command(database, &[])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // A command that refuses its arguments does not read its input.
    let _ = child.stdin.take().expect("it has an input").write_all(input.as_bytes());
    child.wait_with_output().expect("the program ends")
}

/// The program with a clean environment but for where the database is.
#[must_use]
pub fn command(database: &Database, settings: &[(&str, &str)]) -> Command {
    command_under(database, settings, &[])
}

fn command_under(database: &Database, settings: &[(&str, &str)], words: &[&str]) -> Command {
    let program = workspace::program();
    let mut command = match words {
        [] => Command::new(program),
        [first, others @ ..] => {
            let mut command = Command::new(first);
            command.args(others).arg(program);
            command
        }
    };
    command.env_clear();
    if !words.is_empty() {
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
    }
    command
        .env("USER_REGISTRY_DATA_DIR", database.folder())
        .env("USER_REGISTRY_DATABASE_URL", &database.url)
        .envs(settings.iter().copied());
    command
}

/// An address of this machine on which nobody listens.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound").to_string()
}

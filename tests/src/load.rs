//! Clients that sign up, log in, refresh and read side by side, and remember what they were told.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::database::Database;
use crate::program::Program;

/// The password of everybody.
pub const PASSWORD: &str = "canary-horse battery";

/// After how many requests a client comes with a new connection.
const REQUESTS: usize = 50;

/// What a client does again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Signs up somebody new.
    SignUp,
    /// Logs in.
    LogIn,
    /// Refreshes the tokens of one session. No more than one client can.
    Refresh,
    /// Reads the account of that session.
    Read,
}

/// What clients were told.
#[derive(Debug, Default)]
pub struct Told {
    signed_up: Mutex<Vec<String>>,
    tokens: Mutex<Tokens>,
    answered: [AtomicUsize; 4],
    refused: AtomicUsize,
    unanswered: Mutex<Vec<String>>,
    wrong: Mutex<Vec<String>>,
}

#[derive(Clone, Debug, Default)]
struct Tokens {
    access: String,
    refresh: String,
}

impl Told {
    /// Signs up an account and logs in to it: its session is what clients refresh and read.
    ///
    /// # Panics
    /// When that is refused.
    pub async fn of_session(program: &Program) -> Arc<Self> {
        let form = form_of("ada@example.org");
        assert_eq!(program.post("/signup", &form).await.status, 201);
        // Somebody else logs in again and again, so that no session is one too many.
        assert_eq!(program.post("/signup", &form_of("bea@example.org")).await.status, 201);
        let told = Self::default();
        told.keep_tokens(&program.post("/login", &form).await.json());
        Arc::new(told)
    }

    /// How many requests of a kind were answered as they must be.
    #[must_use]
    pub fn answered(&self, work: Work) -> usize {
        self.answered[work as usize].load(Ordering::Relaxed)
    }

    /// How many were answered 503 with `Retry-After`.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }

    /// How many connections ended without an answer.
    #[must_use]
    pub fn unanswered(&self) -> Vec<String> {
        whole(&self.unanswered).clone()
    }

    /// Every answer that was neither what it must be nor 503.
    #[must_use]
    pub fn wrong(&self) -> Vec<String> {
        whole(&self.wrong).clone()
    }

    /// The addresses that have signed up since this was last asked.
    #[must_use]
    pub fn take_signed_up(&self) -> Vec<String> {
        std::mem::take(&mut *whole(&self.signed_up))
    }

    /// Waits until somebody was told that they are signed up, however slow the machine is.
    ///
    /// # Panics
    /// When nobody is within a minute.
    pub async fn has_signed_up(&self) {
        for _ in 0..2400 {
            if !whole(&self.signed_up).is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("nobody signs up; wrong: {:?}, unanswered: {:?}", self.wrong(), self.unanswered());
    }

    /// Looks for every sign-up since the last time, and whether all is whole; gives how many there were.
    ///
    /// # Panics
    /// When something is lost or half done.
    pub async fn is_stored(&self, database: &Database) -> usize {
        let emails = self.take_signed_up();
        let stored = database.texts("SELECT email_key FROM user_emails".into()).await;
        let stored = stored.into_iter().collect::<std::collections::BTreeSet<_>>();
        let lost = emails.iter().filter(|email| !stored.contains(*email)).collect::<Vec<_>>();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
        let events = database.number("SELECT COUNT(*) FROM events WHERE kind = 'user.signed-up'").await;
        let users = database.number("SELECT COUNT(*) FROM users").await;
        assert_eq!(events, users, "each with its event, and none without");
        database.is_whole().await;
        emails.len()
    }

    /// The session goes on: a refresh whose answer was lost is answered again.
    ///
    /// # Panics
    /// When it is logged out.
    pub async fn session_goes_on(&self, program: &Program) {
        let token = whole(&self.tokens).refresh.clone();
        let answer = program.post("/refresh", &json!({ "refresh_token": token })).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        self.keep_tokens(&answer.json());
    }

    fn keep_tokens(&self, answer: &Value) {
        let token = |name: &str| answer[name].as_str().expect("a token").to_owned();
        *whole(&self.tokens) = Tokens { access: token("access_token"), refresh: token("refresh_token") };
    }
}

/// Clients at work.
#[derive(Debug)]
pub struct Load {
    clients: JoinSet<()>,
    ended: Arc<AtomicBool>,
}

impl Load {
    /// Starts clients, each with its work and how long it takes for a request at least. Two loads on one database
    /// have different names.
    #[must_use]
    pub fn start(program: &Program, told: &Arc<Told>, name: &str, works: &[(Work, Duration)]) -> Self {
        let (mut clients, ended) = (JoinSet::new(), Arc::new(AtomicBool::new(false)));
        for (number, (work, pace)) in works.iter().enumerate() {
            let asker = Asker {
                client: Client::new(),
                url: program.url.clone(),
                name: format!("{name}-{number}"),
                told: Arc::clone(told),
                ended: Arc::clone(&ended),
            };
            clients.spawn(asker.work(*work, *pace));
        }
        Self { clients, ended }
    }

    /// Waits until each client has the answer that it waits for, and sends no other request.
    pub async fn end(self) {
        self.ended.store(true, Ordering::Relaxed);
        self.clients.join_all().await;
    }
}

struct Asker {
    client: Client,
    url: String,
    name: String,
    told: Arc<Told>,
    ended: Arc<AtomicBool>,
}

impl Asker {
    /// Works until the end, or until there is no answer.
    async fn work(mut self, work: Work, pace: Duration) {
        let mut number = 0;
        while !self.ended.load(Ordering::Relaxed) {
            let next = tokio::time::Instant::now() + pace;
            if let Err(error) = self.step(work, number).await {
                whole(&self.told.unanswered).push(format!("{work:?}: {error:?}"));
                return;
            }
            number += 1;
            if number % REQUESTS == 0 {
                self.client = Client::new();
            }
            tokio::time::sleep_until(next).await;
        }
    }

    async fn step(&self, work: Work, number: usize) -> reqwest::Result<()> {
        match work {
            Work::SignUp => {
                let email = format!("ada-{}-{number}@example.org", self.name);
                // Only the status is awaited: it is what counts.
                if self.ask(work, self.post("signup", &form_of(&email)), 201).await?.is_some() {
                    whole(&self.told.signed_up).push(email);
                }
            }
            Work::LogIn => drop(self.ask(work, self.post("login", &form_of("bea@example.org")), 200).await?),
            Work::Refresh => {
                let token = whole(&self.told.tokens).refresh.clone();
                let asked = self.post("refresh", &json!({ "refresh_token": token }));
                if let Some(answer) = self.ask(work, asked, 200).await? {
                    self.told.keep_tokens(&answer.json().await?);
                }
            }
            Work::Read => {
                let token = whole(&self.told.tokens).access.clone();
                let asked = self.client.get(format!("{}/me", self.url)).bearer_auth(token);
                if let Some(answer) = self.ask(work, asked, 200).await? {
                    answer.bytes().await?;
                }
            }
        }
        Ok(())
    }

    fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.client.post(format!("{}/{path}", self.url)).json(body)
    }

    /// The answer, if it is as it must be. Whatever else it is, is remembered.
    async fn ask(&self, work: Work, request: RequestBuilder, expected: u16) -> reqwest::Result<Option<Response>> {
        let answer = request.send().await?;
        if answer.status() == expected {
            self.told.answered[work as usize].fetch_add(1, Ordering::Relaxed);
            return Ok(Some(answer));
        }
        if answer.status() == 503 && answer.headers().contains_key("retry-after") {
            self.told.refused.fetch_add(1, Ordering::Relaxed);
            // Less than it asks for, and no flood.
            tokio::time::sleep(Duration::from_millis(20)).await;
            return Ok(None);
        }
        let (status, text) = (answer.status(), answer.text().await?);
        whole(&self.told.wrong).push(format!("{work:?}: {status} {text}"));
        Ok(None)
    }
}

/// What signs somebody up, and logs them in.
#[must_use]
pub fn form_of(email: &str) -> Value {
    json!({ "email": email, "password": PASSWORD })
}

/// No panic leaves any of these half written.
fn whole<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Mailed tokens that many present at once to two replicas, round after round, on both engines: exactly one of
//! them succeeds.

use e2e::database::Database;
use e2e::join_all;
use e2e::mailbox::Mailbox;
use e2e::program::{Answer, Program};
use reqwest::Method;
use serde_json::json;

const PASSWORD: &str = "canary-horse battery";
/// How often many race for one token.
const ROUNDS: usize = 50;
/// The same where each round costs a hash of everybody, in the form for every run of the tests.
const FEW_ROUNDS: usize = 4;
/// How many they are.
const RACERS: usize = 64;

e2e::on_both_engines! {
    one_of_many_verifies_an_address
    one_of_many_sets_a_password
    one_of_many_changes_an_address_and_one_restores_it
}

/// The long form: `make races` runs it.
mod long {
    use e2e::database::{Database, Engine};

    use super::{ROUNDS, changes, one_of_many_verifies_an_address, resets};

    #[tokio::test]
    #[ignore = "it takes minutes: make races runs it"]
    async fn on_sqlite() {
        one_of_many_verifies_an_address(Database::new(Engine::Sqlite).await).await;
        resets(Database::new(Engine::Sqlite).await, ROUNDS).await;
        changes(Database::new(Engine::Sqlite).await, ROUNDS).await;
    }

    #[tokio::test]
    #[ignore = "it takes minutes: make races runs it"]
    async fn on_postgres() {
        one_of_many_verifies_an_address(Database::new(Engine::Postgres).await).await;
        resets(Database::new(Engine::Postgres).await, ROUNDS).await;
        changes(Database::new(Engine::Postgres).await, ROUNDS).await;
    }
}

/// Two replicas and their mail.
struct Replicas {
    first: Program,
    second: Program,
    mailbox: Mailbox,
}

impl Replicas {
    /// So many ask from one address that all but the first would be refused for that; and nobody is to be
    /// turned away because others hash.
    async fn start(database: &Database) -> Self {
        let settings = [
            ("USER_REGISTRY_THROTTLES", "off"),
            ("USER_REGISTRY_HASHING_QUEUE", "100"),
            ("USER_REGISTRY_HASHING_DEADLINE", "60s"),
        ];
        let first = Program::start_with(database, &settings).await;
        let issuer = first.url.clone();
        let [throttles, queue, deadline] = settings;
        let settings = [throttles, queue, deadline, ("USER_REGISTRY_ISSUER", &issuer)];
        let second = Program::start_with(database, &settings).await;
        Self { mailbox: Mailbox::of(database), first, second }
    }

    /// Signs up, and waits for the letter: two processes may send two letters in either order.
    async fn sign_up(&self, round: usize) -> String {
        let (email, letters) = (format!("ada{round}@example.org"), self.mailbox.mails().len());
        let answer = self.first.post("/signup", &json!({ "email": email, "password": PASSWORD })).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        self.mailbox.has(letters + 1).await;
        email
    }

    async fn log_in(&self, email: &str, password: &str) -> Answer {
        self.first.post("/login", &json!({ "email": email, "password": password })).await
    }

    /// All of them present a token at a path, each with members of its own beside it: the number of the winner.
    async fn race(&self, path: &str, token: &str, own: impl Fn(usize) -> serde_json::Value) -> usize {
        let present = |number: usize| {
            let mut body = own(number);
            body["token"] = json!(token);
            let replica = if number.is_multiple_of(2) { &self.first } else { &self.second };
            async move { replica.post(path, &body).await }
        };
        let answers = join_all((0..RACERS).map(present)).await;
        let with = |status: u16| (0..RACERS).filter(|number| answers[*number].status == status).collect::<Vec<_>>();
        let (won, lost) = (with(200), with(422));
        assert_eq!((won.len(), lost.len()), (1, RACERS - 1), "{path}: {won:?}, the last: {}", answers[RACERS - 1].text);
        won[0]
    }
}

async fn one_of_many_verifies_an_address(database: Database) {
    let replicas = Replicas::start(&database).await;
    for round in 0..ROUNDS {
        replicas.sign_up(round).await;
        let token = replicas.mailbox.has(round + 1).await[round].token();
        replicas.race("/email/verification/confirm", &token, |_| json!({})).await;
    }
    let verified = "SELECT count(*) FROM user_emails WHERE verified_at IS NOT NULL";
    assert_eq!(usize::try_from(database.number(verified).await), Ok(ROUNDS));
}

async fn one_of_many_sets_a_password(database: Database) {
    resets(database, FEW_ROUNDS).await;
}

async fn one_of_many_changes_an_address_and_one_restores_it(database: Database) {
    changes(database, FEW_ROUNDS).await;
}

async fn resets(database: Database, rounds: usize) {
    let replicas = Replicas::start(&database).await;
    for round in 0..rounds {
        let email = replicas.sign_up(round).await;
        let asked = replicas.first.post("/password/forgot", &json!({ "email": email })).await;
        assert_eq!(asked.status, 202);
        // To each: the letter of the sign-up, the link, and word that the password is another.
        let token = replicas.mailbox.has(3 * round + 2).await[3 * round + 1].token();
        let password = |number: usize| format!("kettle {number} under glass");
        let winner =
            replicas.race("/password/reset", &token, |number| json!({ "new_password": password(number) })).await;
        replicas.mailbox.has(3 * round + 3).await;
        assert_eq!(replicas.log_in(&email, &password(winner)).await.status, 200, "what was answered holds");
        assert_eq!(replicas.log_in(&email, &password((winner + 1) % RACERS)).await.status, 401);
    }
}

async fn changes(database: Database, rounds: usize) {
    let replicas = Replicas::start(&database).await;
    for round in 0..rounds {
        let email = replicas.sign_up(round).await;
        let access_token = replicas.log_in(&email, PASSWORD).await.text_of("access_token");
        let body = json!({ "new_email": format!("ada{round}@lovelace.example"), "password": PASSWORD });
        let asked = replicas.first.with_token(Method::POST, "/email/change", &access_token, &body).await;
        assert_eq!(asked.status, 202, "{}", asked.text);
        // To each: the letter of the sign-up, the link to the new address, the notice to the old one, and the
        // link to a new password.
        let change = replicas.mailbox.has(4 * round + 2).await[4 * round + 1].token();
        replicas.race("/email/verification/confirm", &change, |_| json!({})).await;
        let back = replicas.mailbox.has(4 * round + 3).await[4 * round + 2].token();
        replicas.race("/email/change/undo", &back, |_| json!({})).await;
        replicas.mailbox.has(4 * round + 4).await;
    }
    let restored = "SELECT count(*) FROM user_emails WHERE kind = 'primary' AND email_key LIKE '%example.org'";
    for query in ["SELECT count(*) FROM user_emails", restored] {
        assert_eq!(usize::try_from(database.number(query).await), Ok(rounds), "{query}");
    }
}

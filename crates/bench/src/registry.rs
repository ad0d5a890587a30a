//! Many users, put in by the use cases that also serve the real ones; only the hash of their
//! passwords costs nothing.

use std::sync::Arc;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use domain::access::Actor;
use domain::accounts::answers::Answers;
use domain::accounts::email::EmailAddress;
use domain::accounts::password::Password;
use domain::accounts::sign_up::{self, SignUp};
use domain::domains::policy::DefaultPolicy;
use domain::origin::Origin;
use domain::sessions::log_in::{self, IssuedCredential, LogIn, LogInRules, Outcome};
use domain::sessions::session::Channel;
use domain::throttles::gate::Gate;
use e2e::database::Database;
use memory::clock::ManualClock;
use memory::entropy::SeededEntropy;
use memory::passwords::CheapHashing;
use persistence::options::Options;
use tokens::keys::Keys;
use tokens::root_secret::RootSecret;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::process::PUBLIC_URL;

/// How many users sign up at a time.
const AT_A_TIME: usize = 32;
/// The password of every user of the benchmark.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A user who is signed in.
pub(crate) struct Signed {
    pub(crate) session: Uuid,
    pub(crate) access_token: String,
    /// What programs of theirs show; nothing of a user who was there before.
    pub(crate) user_token: String,
}

/// Signs up and logs in as many users, beside no server. Their tokens hold for an hour.
pub(crate) async fn sign_in_many(database: &Database, users: usize) -> Vec<Signed> {
    many(database, (0..users).collect(), true).await
}

/// Logs in users of these numbers, who are there.
pub(crate) async fn log_in_many(database: &Database, numbers: Vec<usize>) -> Vec<Signed> {
    many(database, numbers, false).await
}

async fn many(database: &Database, numbers: Vec<usize>, are_new: bool) -> Vec<Signed> {
    let (ways, numbers) = (Arc::new(Ways::open(database).await), Arc::new(numbers));
    let mut tasks = JoinSet::new();
    for part in 0..AT_A_TIME {
        let (ways, numbers) = (Arc::clone(&ways), Arc::clone(&numbers));
        tasks.spawn(async move {
            let mut signed = Vec::new();
            for number in numbers.iter().skip(part).step_by(AT_A_TIME) {
                let user_token = if are_new { ways.sign_up(*number).await } else { String::new() };
                signed.push(ways.log_in(*number, user_token).await);
            }
            signed
        });
    }
    let signed = tasks.join_all().await.into_iter().flatten().collect();
    ways.database.close().await;
    signed
}

/// The use cases, and the database that they write to.
struct Ways {
    sign_up: SignUp,
    log_in: LogIn,
    database: Arc<persistence::database::Database>,
}

impl Ways {
    async fn open(place: &Database) -> Self {
        let database = persistence::database::Database::open(Options::new(&place.url)).await;
        let database = Arc::new(database.expect("the server has just made the database"));
        let (clock, entropy) = (Arc::new(clock()), Arc::new(SeededEntropy::new(0)));
        let hashing = Arc::new(CheapHashing::default());
        let secret = std::fs::read_to_string(place.folder().join("secret.key")).expect("the server has made a secret");
        let secret = RootSecret::parse(&secret).expect("the server writes what it reads");
        let options = tokens::options::Options::new(PUBLIC_URL);
        let keys = Keys::open(&secret, database.clone(), database.clone(), clock.clone(), entropy.clone(), options);
        let keys = Arc::new(keys.await.expect("the server has made the keys"));
        let gate = Arc::new(Gate::open());
        let sign_up = SignUp {
            gate: gate.clone(),
            answers: Answers::Contract,
            accounts: database.clone(),
            default_policy: DefaultPolicy::Allow,
            domains: database.clone(),
            hashing: hashing.clone(),
            keeper: keys.clone(),
            ledger: database.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
        };
        let log_in = LogIn {
            gate,
            rules: LogInRules::default(),
            arrivals: database.clone(),
            hashing,
            signer: keys.clone(),
            keeper: keys,
            ledger: database.clone(),
            clock,
            entropy,
            access_token_lifetime: TimeDelta::hours(1),
        };
        Self { sign_up, log_in, database }
    }

    /// Gives the `token_required`.
    async fn sign_up(&self, number: usize) -> String {
        let (email, password) = credentials(number);
        let command = sign_up::Command { email, password, phone_number: None, discoverable: false, fields: Vec::new() };
        let outcome = self.sign_up.run(&Actor::nobody(Origin::default()), command).await.expect("anybody may sign up");
        let sign_up::Outcome::SignedUp { user_token, .. } = outcome else { panic!("the address is new") };
        user_token.reveal().to_owned()
    }

    async fn log_in(&self, number: usize, user_token: String) -> Signed {
        let (email, password) = credentials(number);
        let command = log_in::Command { email, password, channel: Channel::Api };
        let outcome = self.log_in.run(&Actor::nobody(Origin::default()), command).await;
        let Outcome::SignedIn(signed_in) = outcome.expect("the password is right");
        let IssuedCredential::Tokens(tokens) = signed_in.credential else { panic!("the API gets tokens") };
        let access_token = tokens.access_token.reveal().to_owned();
        Signed { session: signed_in.session.id.uuid(), access_token, user_token }
    }
}

fn credentials(number: usize) -> (EmailAddress, Password) {
    let email = EmailAddress::parse(&format!("user-{number}@example.org")).expect("an address");
    (email, Password::typed(PASSWORD).expect("a password"))
}

/// A clock that stands still: the server's own goes on beside it.
fn clock() -> ManualClock {
    let clock = ManualClock::new();
    clock.set(now());
    clock
}

/// What time it is, as precisely as the databases keep it.
#[expect(clippy::disallowed_methods, reason = "what is put in must hold by the clock of the server")]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

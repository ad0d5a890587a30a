//! Many users, put in by the use cases that also serve the real ones; only the hash of their
//! passwords costs nothing.

use std::sync::Arc;

use chrono::{SubsecRound as _, TimeDelta, Utc};
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
const PASSWORD: &str = "correct horse battery";

/// A user who is signed in.
pub(crate) struct Signed {
    pub(crate) session: Uuid,
    pub(crate) access_token: String,
}

/// Signs up and logs in as many users, beside no server. Their tokens hold for an hour.
pub(crate) async fn sign_in_many(database: &Database, users: usize) -> Vec<Signed> {
    let ways = Arc::new(Ways::open(database).await);
    let mut tasks = JoinSet::new();
    for part in 0..AT_A_TIME {
        let ways = Arc::clone(&ways);
        tasks.spawn(async move {
            let mut signed = Vec::new();
            for number in (part..users).step_by(AT_A_TIME) {
                signed.push(ways.sign_in(number).await);
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

    async fn sign_in(&self, number: usize) -> Signed {
        let (actor, email) =
            (Actor::nobody(Origin::default()), EmailAddress::parse(&format!("user-{number}@example.org")));
        let email = email.expect("an address");
        let password = Password::typed(PASSWORD).expect("a password");
        let command = sign_up::Command {
            email: email.clone(),
            password: password.clone(),
            phone_number: None,
            discoverable: false,
            fields: Vec::new(),
        };
        self.sign_up.run(&actor, command).await.expect("anybody may sign up");
        let command = log_in::Command { email, password, channel: Channel::Api };
        let Outcome::SignedIn(signed_in) = self.log_in.run(&actor, command).await.expect("the password is right");
        let IssuedCredential::Tokens(tokens) = signed_in.credential else { panic!("the API gets tokens") };
        Signed { session: signed_in.session.id.uuid(), access_token: tokens.access_token.reveal().to_owned() }
    }
}

/// A clock that stands still: the server's own goes on beside it.
#[expect(clippy::disallowed_methods, reason = "the tokens must hold by the clock of the server")]
fn clock() -> ManualClock {
    let clock = ManualClock::new();
    clock.set(Utc::now().trunc_subsecs(6));
    clock
}

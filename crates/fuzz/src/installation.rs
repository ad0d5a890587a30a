//! An installation with keys of its own, made once per process.

use std::sync::{Arc, LazyLock};

use chrono::TimeDelta;
use domain::ids::{AccessTokenId, SessionId, UserId};
use domain::keys::rows::SigningAlgorithm;
use domain::ports::clock::Timestamp;
use domain::sessions::claims::AccessClaims;
use domain::sessions::ports::TokenSigner as _;
use memory::clock::ManualClock;
use memory::entropy::SeededEntropy;
use memory::memory::Memory;
use tokens::keys::Keys;
use tokens::options::Options;
use tokens::root_secret::RootSecret;

/// What the clock of the installation shows.
pub const NOW: Timestamp = ManualClock::START;

/// An installation and what it has handed out.
pub struct Installation {
    /// Its keys.
    pub keys: Keys,
    /// An access token of each algorithm.
    pub access_tokens: Vec<String>,
    /// What they say, all of them.
    pub claims: AccessClaims,
    /// Makes ids.
    pub entropy: Arc<SeededEntropy>,
}

/// The installation.
pub static INSTALLATION: LazyLock<Installation> = LazyLock::new(Installation::found);

impl Installation {
    fn found() -> Self {
        let entropy = Arc::new(SeededEntropy::default());
        let (memory, root) = (Arc::new(Memory::new()), RootSecret::generate(&*entropy));
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime without I/O");
        let open = |algorithm| {
            let further_algorithms = SigningAlgorithm::ALL.to_vec();
            let options = Options { algorithm, further_algorithms, ..Options::new("https://registry.example") };
            let (store, ledger) = (memory.clone(), memory.clone());
            let (clock, entropy) = (Arc::new(ManualClock::new()), entropy.clone());
            let opened = runtime.block_on(Keys::open(&root, store, ledger, clock, entropy, options));
            opened.expect("the keys of a new installation open")
        };
        let claims = AccessClaims {
            subject: UserId::fresh(NOW, &*entropy),
            session: SessionId::fresh(NOW, &*entropy),
            id: AccessTokenId::fresh(NOW, &*entropy),
            issued_at: NOW,
            expires_at: NOW + TimeDelta::minutes(15),
            auth_time: NOW,
            methods: vec!["pwd"],
            email: "ada@example.org".into(),
            is_activated: true,
            roles: Vec::new(),
            domain: Some("example.org".into()),
        };
        let signed = |algorithm| open(algorithm).sign(&claims).expect("the keys sign").reveal().to_owned();
        let access_tokens = SigningAlgorithm::ALL.into_iter().map(signed).collect();
        Self { keys: open(SigningAlgorithm::Es256), access_tokens, claims, entropy }
    }
}

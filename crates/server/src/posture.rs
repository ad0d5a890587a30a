//! What an operator needs to see at one glance when the server starts.

use domain::accounts::answers::Answers;
use mailer::options::Destination;
use passwords::hashing::Hashing;

use crate::config::checked::Config;
use crate::wiring::Adapters;

/// Says in one line where the server stands and what protects it. The caller listens already, and
/// answers right after.
pub(crate) fn tell(config: &Config, adapters: &Adapters, hashing: &Hashing, connections: usize) {
    let pages = Pages::of(&config.pages);
    if matches!(pages, Pages::InTheOpen) {
        tracing::warn!(
            public_url = config.public_url,
            "INSECURE: passwords and cookies cross the network in the open, because allow_insecure_http is on; \
             put https in front and set public_url to it"
        );
    }
    if config.log_in_rules.wants_verified() && matches!(config.mail.destination, Destination::Directory(_)) {
        tracing::warn!(
            mail = %config.mail.destination,
            "users must verify their address before they log in, but mail only goes to a directory, where they cannot \
             read it; set mail_url"
        );
    }
    if !config.throttles {
        tracing::warn!(
            "INSECURE: nobody is kept from guessing passwords or flooding mailboxes, because throttles is off; \
             that is for tests only"
        );
    }
    let cost = &config.hashing;
    tracing::info!(
        address = %config.listen,
        public_url = config.public_url,
        database = config.database_place,
        root_secret = adapters.secret_origin,
        root_fingerprint = adapters.secret_fingerprint,
        signing = signing(adapters),
        passwords = format!("argon2id m={} KiB, t={}, p={}", cost.memory_kib, cost.passes, cost.lanes),
        hashing_threads = hashing.threads(),
        connections,
        answers = if config.log_in_rules.answers == Answers::Hardened { "hardened" } else { "contract" },
        throttles = if config.throttles { "on" } else { "off, INSECURE" },
        mail = %config.mail.destination,
        pages = pages.words(),
        "ready"
    );
}

/// The algorithms with the ids of their active keys; the first one signs.
fn signing(adapters: &Adapters) -> String {
    let keys = adapters.keys.active_kids();
    keys.iter().map(|(algorithm, kid)| format!("{algorithm} {kid}")).collect::<Vec<_>>().join(", ")
}

/// How browsers reach the pages.
#[derive(Clone, Copy)]
enum Pages {
    Https,
    OwnMachine,
    InTheOpen,
}

impl Pages {
    fn of(options: &web_ui::options::Options) -> Self {
        match (options.is_https(), options.is_trustworthy()) {
            (true, _) => Self::Https,
            (false, true) => Self::OwnMachine,
            (false, false) => Self::InTheOpen,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Https => "over https",
            Self::OwnMachine => "over plain http, for this machine only",
            Self::InTheOpen => "over plain http, INSECURE",
        }
    }
}

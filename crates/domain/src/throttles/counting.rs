//! What the gate counts with, and under which keys.

use std::sync::Arc;

use crate::access::Actor;
use crate::accounts::email::EmailKey;
use crate::accounts::user::Account;
use crate::changes::Changes;
use crate::events::{Event, EventKind, EventSubject};
use crate::origin::{Network, Origin};
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::ports::ledger::Ledger;
use crate::ports::secrets::{SecretKeeper, SecretPurpose};
use crate::sessions::arrival::Arrival;
use crate::sessions::known_browser::KnownBrowser;
use crate::sessions::opaque::hex;
use crate::throttles::gate::ACCOUNT;
use crate::throttles::limits::{Limit, Throttled};
use crate::throttles::ports::{CounterKey, Guessed, Throttles};
use crate::throttles::refusals::Untold;

/// How many bytes of a keyed hash tell two counted things apart.
const KEY_BYTES: usize = 16;

/// What the gate needs.
pub struct Counting {
    /// Counts.
    pub throttles: Arc<dyn Throttles>,
    /// Hides addresses in the keys of what is counted.
    pub keeper: Arc<dyn SecretKeeper>,
    /// Writes the events that tell of refusals.
    pub ledger: Arc<dyn Ledger>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

impl Counting {
    /// By which limits, and under which keys, something is counted by where it comes from; the nearest first.
    pub(super) fn places(&self, origin: &Origin, what: Throttled) -> Vec<(Limit, CounterKey)> {
        let Some(address) = &origin.address else { return Vec::new() };
        let (of_address, of_site) = what.limits();
        let key = |limit: Limit, prefix| (limit, self.key(limit.name(), &address.prefix(prefix), ""));
        if address.ip().is_ipv4() { vec![key(of_address, 32)] } else { vec![key(of_address, 64), key(of_site, 48)] }
    }

    /// Under which key something is counted.
    pub(super) fn key(&self, limit: &str, what: &str, place: &str) -> CounterKey {
        CounterKey::restore(format!("{limit}:{}{place}", self.hidden(limit, what)))
    }

    /// Under which key the guesses at an account's password are counted, from a place.
    pub(super) fn account_key(&self, email: &EmailKey, place: &str) -> CounterKey {
        let place = if place.is_empty() { ":".into() } else { format!(":{}", self.hidden("place", place)) };
        self.key(ACCOUNT, email.as_str(), &place)
    }

    pub(super) fn browser_key(&self, email: &EmailKey, browser: &KnownBrowser) -> CounterKey {
        self.account_key(email, &format!("browser {}", browser.id()))
    }

    /// The key of whoever asks from this network.
    pub(super) fn place_key(&self, email: &EmailKey, origin: &Origin) -> CounterKey {
        self.account_key(email, origin.network().as_ref().map_or("nowhere", Network::as_str))
    }

    pub(super) async fn guess(&self, key: &CounterKey) -> Result<Guessed, PortFailure> {
        self.throttles.guess(key, self.clock.now()).await
    }

    /// Whether the account has signed in with the browser by the password that it has. Only a right
    /// password makes a browser known, so whoever guesses cannot bring another one for each guess.
    pub(super) fn recognizes(&self, browser: &KnownBrowser, arrival: &Arrival) -> bool {
        let Some(Account { user, password: Some(password) }) = &arrival.account else { return false };
        browser.knows(user.id, password, &*self.keeper)
    }

    /// Whether the owner of the account has read its mail in this network a short time ago.
    pub(super) async fn vouches(&self, email: &EmailKey, origin: &Origin) -> Result<bool, PortFailure> {
        let Some(network) = origin.network() else { return Ok(false) };
        self.throttles.is_vouched(&self.vouched_key(email, &network), self.clock.now()).await
    }

    pub(super) fn vouched_key(&self, email: &EmailKey, network: &Network) -> CounterKey {
        self.key("vouched", email.as_str(), &format!(":{}", self.hidden("place", network.as_str())))
    }

    fn hidden(&self, kind: &str, what: &str) -> String {
        let code = self.keeper.code(SecretPurpose::AuditAddress, format!("throttle {kind} {what}").as_bytes());
        hex(&code[..KEY_BYTES])
    }

    pub(super) fn telling(&self, refusals: &Untold) -> Changes {
        let (actor, at) = (Actor::nobody(refusals.origin.clone()), self.clock.now());
        let subject = EventSubject::new("throttle", &refusals.key);
        let event = Event::now(EventKind::Throttled, &actor, subject, at, &*self.entropy)
            .with("limit", refusals.limit)
            .with("count", refusals.count)
            .with("since", refusals.since.to_rfc3339());
        Changes::new(event)
    }
}

//! The gate: whatever is throttled goes through it before it costs anything.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use crate::accounts::email::EmailKey;
use crate::accounts::user::User;
use crate::mail::letter::Template;
use crate::origin::Origin;
use crate::ports::clock::Timestamp;
use crate::ports::failure::PortFailure;
use crate::ports::ledger::Rejected;
use crate::sessions::arrival::Arrival;
use crate::sessions::known_browser::KnownBrowser;
use crate::sessions::ports::Arrivals;
use crate::throttles::account_delay;
use crate::throttles::counting::Counting;
use crate::throttles::limits::{GateError, Limit, Quota, StrangersMail, Throttled, TooMany};
use crate::throttles::ports::{CounterKey, Guessed, Reserved};
use crate::throttles::refusals::Refusals;

/// The name of the delay of an account, beside those of the limits.
pub const ACCOUNT: &str = "account";
/// How long a process relies on the delay of an account: a new password by mail ends it at once, also on
/// another process.
const ACCOUNT_REMEMBERED: TimeDelta = TimeDelta::seconds(1);
/// For how long a place counts as known where a new password was chosen by mail.
const VOUCHED_FOR: TimeDelta = TimeDelta::days(1);
/// As many failures may be left of logins that went well: it is fewer than are free.
const LEFT: u32 = 1;

/// Lets through what was not tried too often.
pub struct Gate {
    counting: Option<Counting>,
    refusals: Refusals,
}

/// A guess at a password that was let through. What it was must be told, by [`Gate::settle`]; until then it
/// counts as a wrong one.
#[derive(Debug)]
#[must_use = "what the guess was is to be told"]
pub struct Guess {
    /// Where it is counted, and how many are counted there with it.
    counted: Option<(CounterKey, u32)>,
}

/// What a guess was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The right password.
    Right,
    /// Another one.
    Wrong,
    /// Nobody found out.
    Unknown,
}

impl Gate {
    /// A gate that counts.
    #[must_use]
    pub fn new(counting: Counting) -> Self {
        Self { counting: Some(counting), refusals: Refusals::default() }
    }

    /// A gate that stands open.
    #[must_use]
    pub fn open() -> Self {
        Self { counting: None, refusals: Refusals::default() }
    }

    /// Counts something by where it comes from.
    ///
    /// # Errors
    /// When it came from there too often, or a port fails.
    pub async fn enter(&self, origin: &Origin, what: Throttled) -> Result<(), GateError> {
        let Some(counting) = &self.counting else { return Ok(()) };
        for place in counting.places(origin, what) {
            self.count(counting, place, origin).await?;
        }
        Ok(())
    }

    /// Lets a login through that is yet to be compared with a password, and gives what was read of it. With a browser
    /// or in a network where the account was used before it has a delay of its own, so that nobody elsewhere can delay
    /// its owner.
    ///
    /// # Errors
    /// When the address or the account was tried too often, or a port fails.
    pub async fn log_in(
        &self,
        arrivals: &dyn Arrivals,
        origin: &Origin,
        email: &EmailKey,
    ) -> Result<(Guess, Arrival), GateError> {
        let Some(counting) = &self.counting else {
            return Ok((Guess { counted: None }, arrivals.arrival(email, origin).await?));
        };
        let asker = counting.place_key(email, origin);
        let own = origin.browser.as_ref().map(|browser| (browser, counting.browser_key(email, browser)));
        let first = own.as_ref().map_or(&asker, |(_, key)| key);
        self.refuse_what_lasts(counting, ACCOUNT, first.as_str(), origin)?;
        // Whoever asks from a place that is not known shares one counter with all others who do. While that one
        // refuses, they are not even counted by their addresses: they may have any number of them.
        let elsewhere = counting.account_key(email, "elsewhere");
        let strangers_rest = self.refusals.lasting(elsewhere.as_str(), counting.clock.now()).is_some();
        if !strangers_rest {
            for (limit, key) in counting.places(origin, Throttled::LogIn) {
                self.refuse_what_lasts(counting, limit.name(), key.as_str(), origin)?;
            }
        }
        let arrival = arrivals.arrival(email, origin).await?;
        let known = self.known(counting, origin, &arrival, own, &asker)?;
        let is_stranger = known.is_none();
        let mut key = known.unwrap_or(elsewhere);
        if strangers_rest && is_stranger {
            if counting.vouches(email, origin).await? {
                key = asker.clone();
            } else {
                self.refuse_what_lasts(counting, ACCOUNT, key.as_str(), origin)?;
            }
        }
        let mut guessed = self.enter_and_guess(counting, &key, origin).await?;
        // Where it makes no difference, nobody asks whether a place is vouched for.
        if !guessed.admitted && is_stranger && key != asker && counting.vouches(email, origin).await? {
            key = asker.clone();
            guessed = counting.guess(&key).await?;
        }
        Ok((self.judge(counting, key, guessed, asker.as_str(), origin)?, arrival))
    }

    /// Under which key a login counts that comes with a browser or from a network where the account was used
    /// before; `None` for all others.
    fn known(
        &self,
        counting: &Counting,
        origin: &Origin,
        arrival: &Arrival,
        own: Option<(&KnownBrowser, CounterKey)>,
        asker: &CounterKey,
    ) -> Result<Option<CounterKey>, GateError> {
        if let Some((browser, key)) = own {
            if counting.recognizes(browser, arrival) {
                return Ok(Some(key));
            }
            self.refuse_what_lasts(counting, ACCOUNT, asker.as_str(), origin)?;
        }
        Ok(arrival.place.is_known_network().then(|| asker.clone()))
    }

    /// Lets a password through of somebody who is signed in already, and shows that it is still them.
    ///
    /// # Errors
    /// When there were too many wrong ones, or a port fails.
    pub async fn confirm(&self, origin: &Origin, email: &EmailKey) -> Result<Guess, GateError> {
        let Some(counting) = &self.counting else { return Ok(Guess { counted: None }) };
        let key = counting.account_key(email, "session");
        let asker = key.as_str().to_owned();
        self.refuse_what_lasts(counting, ACCOUNT, &asker, origin)?;
        let guessed = counting.guess(&key).await?;
        self.judge(counting, key, guessed, &asker, origin)
    }

    /// Takes note of what a guess was. When that fails, it counts as a wrong one for longer than it should.
    pub async fn settle(&self, guess: Guess, verdict: Verdict) {
        let (Some(counting), Some((key, failures))) = (&self.counting, guess.counted) else { return };
        let settled = match verdict {
            Verdict::Wrong => return,
            // One that is left delays nobody, and most logins are the only one that is counted.
            Verdict::Right if failures <= LEFT => return,
            Verdict::Right => counting.throttles.forget(&key).await,
            Verdict::Unknown => counting.throttles.take_back(&key, counting.clock.now()).await,
        };
        // The answer does not depend on it: the delay that is left is over by itself.
        drop(settled);
    }

    /// Lets the owner of an account back in who has chosen a new password by mail: every delay of the account
    /// ends, and whoever goes on guessing elsewhere does not delay them where they are now.
    ///
    /// # Errors
    /// When a port fails.
    pub async fn let_back_in(&self, origin: &Origin, email: &EmailKey) -> Result<(), PortFailure> {
        let Some(counting) = &self.counting else { return Ok(()) };
        let beginning = counting.account_key(email, "");
        counting.throttles.forget(&beginning).await?;
        self.refusals.forget(beginning.as_str());
        let Some(network) = origin.network() else { return Ok(()) };
        let now = counting.clock.now();
        counting.throttles.vouch(&counting.vouched_key(email, &network), now, now + VOUCHED_FOR).await
    }

    /// Counts a mail that a stranger can cause, where whoever asks for it may learn that there were too many.
    ///
    /// # Errors
    /// When there were too many to this recipient, or a port fails.
    pub async fn mail(&self, origin: &Origin, to: &EmailKey, mail: StrangersMail) -> Result<(), GateError> {
        let Some(counting) = &self.counting else { return Ok(()) };
        let limit = mail.limit();
        self.count(counting, (limit, counting.key(limit.name(), to.as_str(), "")), origin).await
    }

    /// Whether a mail that a stranger can cause may go to this recipient. Whether there is one makes no
    /// difference, and whoever asked must not learn the answer.
    ///
    /// # Errors
    /// When a port fails.
    pub async fn may_mail(&self, origin: &Origin, to: &EmailKey, mail: StrangersMail) -> Result<bool, PortFailure> {
        is_admitted(self.mail(origin, to, mail).await)
    }

    /// Refuses the wish of a user for another address, before a password is compared, where it is known to be one
    /// too many. Only a wish with the right password counts: nobody else uses them up.
    ///
    /// # Errors
    /// When the user had too many.
    pub fn may_wish(&self, origin: &Origin, user: &User) -> Result<(), GateError> {
        let Some(counting) = &self.counting else { return Ok(()) };
        let limit = Limit::ChangeUser.name();
        self.refuse_what_lasts(counting, limit, counting.key(limit, &user.id.to_string(), "").as_str(), origin)
    }

    /// Counts a user's wish for another address, and the mail to it.
    ///
    /// # Errors
    /// When the user had too many, when there were too many to this recipient, or a port fails.
    pub async fn wish(&self, origin: &Origin, user: &User, to: &EmailKey) -> Result<(), GateError> {
        let Some(counting) = &self.counting else { return Ok(()) };
        let key = counting.key(Limit::ChangeUser.name(), &user.id.to_string(), "");
        self.count(counting, (Limit::ChangeUser, key), origin).await?;
        self.mail(origin, to, StrangersMail::Change).await
    }

    /// Whether a user is told by mail of what their password was used for. One whose address nobody has verified may
    /// be a stranger to whom somebody else has mails sent. Each kind of news counts apart, so that none is kept back by
    /// causing others.
    ///
    /// # Errors
    /// When a port fails.
    pub async fn may_tell(&self, origin: &Origin, user: &User, news: Template) -> Result<bool, PortFailure> {
        let Some(counting) = self.counting.as_ref().filter(|_| !user.is_activated()) else { return Ok(true) };
        let key = counting.key(Limit::NewsMail.name(), user.email.key().as_str(), news.name());
        is_admitted(self.count(counting, (Limit::NewsMail, key), origin).await)
    }

    /// Writes the events that tell of the refusals since the last time: one for each key.
    ///
    /// # Errors
    /// When they cannot be written; what is left is kept for the next time.
    pub async fn tell_refusals(&self) -> Result<(), PortFailure> {
        let Some(counting) = &self.counting else { return Ok(()) };
        let mut untold = self.refusals.take_untold().into_iter();
        while let Some(refusals) = untold.next() {
            let written = counting.ledger.apply(counting.telling(&refusals)).await;
            if let Err(rejected) = written {
                self.refusals.keep(refusals);
                untold.for_each(|rest| self.refusals.keep(rest));
                return Err(Rejected::unexpected(rejected));
            }
        }
        Ok(())
    }

    /// Counts a login by where it comes from, and as a guess. The last place is counted together with the guess.
    async fn enter_and_guess(
        &self,
        counting: &Counting,
        guess: &CounterKey,
        origin: &Origin,
    ) -> Result<Guessed, GateError> {
        let mut places = counting.places(origin, Throttled::LogIn);
        let Some((limit, key)) = places.pop() else { return Ok(counting.guess(guess).await?) };
        for place in places {
            self.count(counting, place, origin).await?;
        }
        self.refuse_what_lasts(counting, limit.name(), key.as_str(), origin)?;
        let now = counting.clock.now();
        let (reserved, guessed) = counting.throttles.reserve_and_guess(&key, limit.quota(), guess, now).await?;
        self.admitted((limit, &key), &reserved, origin, now)?;
        Ok(guessed.ok_or_else(|| PortFailure::lasting("a guess that was admitted was not counted"))?)
    }

    async fn count(
        &self,
        counting: &Counting,
        (limit, key): (Limit, CounterKey),
        origin: &Origin,
    ) -> Result<(), GateError> {
        self.refuse_what_lasts(counting, limit.name(), key.as_str(), origin)?;
        let now = counting.clock.now();
        let reserved = counting.throttles.reserve(&key, limit.quota(), now).await?;
        self.admitted((limit, &key), &reserved, origin, now)
    }

    /// Refuses, and remembers for how long, what was not admitted.
    fn admitted(
        &self,
        (limit, key): (Limit, &CounterKey),
        reserved: &Reserved,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<(), GateError> {
        if reserved.admitted {
            return Ok(());
        }
        let quota = limit.quota();
        // The next is admitted when the oldest of a full quota is out of the window. Others may have been admitted
        // since this one has looked at the clock.
        let oldest = reserved.recent.last().copied().unwrap_or(now).min(now);
        let too_many = TooMany { limit: limit.name(), quota, wait: oldest + quota.window - now };
        self.refusals.remember(key.as_str().into(), too_many, now, Timestamp::MAX_UTC);
        Err(self.refused(too_many, key.as_str(), origin, now))
    }

    fn judge(
        &self,
        counting: &Counting,
        key: CounterKey,
        guessed: Guessed,
        asker: &str,
        origin: &Origin,
    ) -> Result<Guess, GateError> {
        if guessed.admitted {
            return Ok(Guess { counted: Some((key, guessed.failures)) });
        }
        let now = counting.clock.now();
        let quota = Quota { most: 1, window: account_delay::after(guessed.failures) };
        let too_many = TooMany { limit: ACCOUNT, quota, wait: guessed.next_at - now };
        for key in BTreeSet::from([asker, key.as_str()]) {
            self.refusals.remember(key.into(), too_many, now, now + ACCOUNT_REMEMBERED);
        }
        Err(self.refused(too_many, asker, origin, now))
    }

    /// Refuses without asking anybody what is known to be refused still.
    fn refuse_what_lasts(
        &self,
        counting: &Counting,
        limit: &'static str,
        key: &str,
        origin: &Origin,
    ) -> Result<(), GateError> {
        let now = counting.clock.now();
        match self.refusals.lasting(key, now) {
            Some(too_many) if too_many.limit == limit => Err(self.refused(too_many, key, origin, now)),
            _ => Ok(()),
        }
    }

    fn refused(&self, too_many: TooMany, key: &str, origin: &Origin, now: Timestamp) -> GateError {
        self.refusals.count(too_many.limit, key, origin, now);
        too_many.into()
    }
}

/// Whether it was, for whoever is not to tell.
fn is_admitted(counted: Result<(), GateError>) -> Result<bool, PortFailure> {
    match counted {
        Ok(()) => Ok(true),
        Err(GateError::TooMany(_)) => Ok(false),
        Err(GateError::Failed(failure)) => Err(failure),
    }
}

//! What is stored, and how each write changes it.

mod accounts;
mod domains;
mod keys;
mod land;
mod mail;
mod sessions;

use domain::accounts::user::UserState;
use domain::changes::{Change, Invariant, UniqueKey};
use domain::events::Event;
use domain::ids::UserId;
use domain::ports::clock::Timestamp;
use domain::ports::failure::PortFailure;
use domain::ports::ledger::Rejected;
use domain::retention::Leftover;

/// Every row. A plan is carried out on a copy, which replaces the original when all of it went well.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub(crate) accounts: accounts::AccountRows,
    pub(crate) sessions: sessions::SessionRows,
    pub(crate) domains: domains::DomainRows,
    pub(crate) land: land::FieldRows,
    pub(crate) mail: mail::MailRows,
    pub(crate) keys: keys::KeyRows,
    pub(crate) events: Vec<Event>,
}

impl State {
    /// Carries out one write, and tells how many rows it touched.
    pub(crate) fn write(&mut self, change: Change) -> Result<u64, Rejected> {
        match change {
            Change::Account(change) => self.accounts.write(change),
            Change::Session(change) => self.sessions.write(change, &self.accounts),
            Change::Domain(change) => self.domains.write(change),
            Change::Authority(change) => self.domains.write_authority(change),
            Change::Land(change) => self.land.write(change, &self.accounts),
            Change::Mail(change) => self.mail.write(change, &self.accounts),
            Change::Key(change) => self.keys.write(change),
            Change::Require(invariant) => self.require(invariant),
        }
    }

    /// Writes down what happened.
    pub(crate) fn record(&mut self, event: Event) -> Result<(), Rejected> {
        if self.events.iter().any(|earlier| earlier.id == event.id) {
            return Err(Rejected::Conflict(UniqueKey::Random));
        }
        self.events.push(event);
        Ok(())
    }

    /// Removes some rows that were over before a time, the oldest first, and tells how many.
    pub(crate) fn purge(&mut self, what: Leftover, before: Timestamp, most: usize) -> usize {
        match what {
            Leftover::Events => {
                self.events.sort_by_key(|event| event.at);
                let old = self.events.iter().take_while(|event| event.at < before).count().min(most);
                self.events.drain(..old).count()
            }
            Leftover::Deliveries => self.mail.purge_deliveries(before, most),
            Leftover::MailedTokens => self.mail.purge_tokens(before, most),
            Leftover::Sessions => self.sessions.purge(before, most),
            Leftover::Addresses => self.accounts.purge_addresses(before, most),
        }
    }

    fn require(&self, invariant: Invariant) -> Result<u64, Rejected> {
        let holds = match &invariant {
            Invariant::FieldLimit(user) => self.land.keeps_limit(*user),
            Invariant::Active(user) => self.is_active(*user),
            Invariant::SessionStands(user, session) => self.is_active(*user) && self.sessions.runs(*session, *user),
            Invariant::UserTokenStands(user, digest) => {
                self.is_active(*user) && self.accounts.user_token(*user).as_ref() == Some(digest)
            }
            Invariant::Administrator(user) => self.accounts.user(*user).is_some_and(|user| user.administrator),
            Invariant::NotBlocked(domain) => !self.domains.blocks(domain),
        };
        if holds { Ok(0) } else { Err(Rejected::Broken(invariant)) }
    }

    fn is_active(&self, user: UserId) -> bool {
        self.accounts.user(user).is_some_and(|user| user.state == UserState::Active)
    }
}

/// The keys of the rows that were over before a time, those that were over first.
fn oldest<K>(rows: impl Iterator<Item = (Option<Timestamp>, K)>, before: Timestamp, most: usize) -> Vec<K> {
    let mut old: Vec<_> = rows.filter_map(|(over, key)| Some((over.filter(|over| *over < before)?, key))).collect();
    old.sort_by_key(|(over, _)| *over);
    old.into_iter().take(most).map(|(_, key)| key).collect()
}

/// What a database says of a row that points to a row that is not there.
fn dangling(table: &'static str) -> Rejected {
    Rejected::Failed(PortFailure::lasting(format!("no such row in {table}")))
}

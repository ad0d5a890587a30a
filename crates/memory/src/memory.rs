//! Every storage port, over one mutex.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::accounts::email::EmailKey;
use domain::accounts::ports::Accounts;
use domain::accounts::user::{Account, User};
use domain::authority::authority_token::StoredAuthorityToken;
use domain::authority::ports::AuthorityTokens;
use domain::changes::Changes;
use domain::domains::name::DomainName;
use domain::domains::policy::{BelongsTo, DomainRule, ListedDomain};
use domain::domains::ports::DomainRules;
use domain::events::Event;
use domain::events::own_event::{OwnEvent, ROUTINE};
use domain::events::ports::Events;
use domain::ids::{EventId, FieldId, GrantId, MailedTokenId, SessionId, UserId};
use domain::keys::ports::KeyStore;
use domain::keys::rows::{StoredDataKey, StoredSigningKey};
use domain::land::field::Field;
use domain::land::ports::Fields;
use domain::mail::delivery::{Delivery, DeliveryOutcome};
use domain::mail::ports::{Deliveries, HeldMailedToken, MailedTokens};
use domain::origin::Origin;
use domain::ports::clock::Timestamp;
use domain::ports::failure::PortFailure;
use domain::ports::ledger::{Ledger, Receipt, Rejected};
use domain::ports::readiness::Readiness;
use domain::ports::secrets::SecretDigest;
use domain::retention::{Leftover, Retention};
use domain::sessions::arrival::{Arrival, Place};
use domain::sessions::ports::{Arrivals, CredentialKey, HeldGrant, Holder, LastSeen, Sessions};
use domain::sessions::session::{EndReason, Session};

use crate::state::State;
use crate::throttles::Counters;

/// The database of the tests: it forgets everything when it is dropped.
///
/// Each plan runs alone, on a copy that replaces the original when all of it went well.
#[derive(Debug, Default)]
pub struct Memory {
    state: Mutex<State>,
    counters: Mutex<Counters>,
    away: AtomicBool,
}

impl Memory {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything that happened, in its order.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.lock().events.clone()
    }

    /// Why a session ended, if it did.
    #[must_use]
    pub fn end_reason(&self, session: SessionId) -> Option<EndReason> {
        self.lock().sessions.end_reason(session)
    }

    /// The digest of a user's `token_required`, if they have one.
    #[must_use]
    pub fn user_token(&self, user: UserId) -> Option<SecretDigest> {
        self.lock().accounts.user_token(user)
    }

    /// Every letter that was queued, in the order of their ids.
    #[must_use]
    pub fn letters(&self) -> Vec<Delivery> {
        self.lock().mail.deliveries().cloned().collect()
    }

    /// Makes every port fail for a while, as when a database is away; or work again.
    pub fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    pub(crate) fn state(&self) -> Result<MutexGuard<'_, State>, PortFailure> {
        if self.away.load(Ordering::SeqCst) {
            return Err(PortFailure::passing("the database is away"));
        }
        Ok(self.lock())
    }

    pub(crate) fn counters(&self) -> Result<MutexGuard<'_, Counters>, PortFailure> {
        drop(self.state()?);
        // Each counter is whole at every moment, whoever panicked.
        Ok(self.counters.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A plan changes a copy only, so a panic leaves the state whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Ledger for Memory {
    async fn apply(&self, changes: Changes) -> Result<Receipt, Rejected> {
        let mut state = self.state()?;
        let mut next = state.clone();
        let rows = changes.list.into_iter().map(|change| next.write(change)).collect::<Result<_, _>>()?;
        next.record(changes.event)?;
        *state = next;
        Ok(Receipt { rows })
    }
}

#[async_trait]
impl Readiness for Memory {
    async fn check(&self) -> Result<(), PortFailure> {
        self.state().map(|_| ())
    }
}

#[async_trait]
impl Accounts for Memory {
    async fn by_email(&self, email: &EmailKey) -> Result<Option<Account>, PortFailure> {
        Ok(self.state()?.accounts.by_email(email))
    }

    async fn by_id(&self, id: UserId) -> Result<Option<User>, PortFailure> {
        Ok(self.state()?.accounts.user(id))
    }

    async fn list(&self, after: Option<UserId>, limit: usize) -> Result<Vec<User>, PortFailure> {
        let state = self.state()?;
        let following = state.accounts.users().filter(|user| after.is_none_or(|after| user.id > after));
        Ok(following.take(limit).cloned().collect())
    }
}

#[async_trait]
impl Sessions for Memory {
    async fn holder(&self, key: &CredentialKey) -> Result<Option<Holder>, PortFailure> {
        let state = self.state()?;
        Ok(holder(&state, key))
    }

    async fn holder_with_fields(
        &self,
        key: &CredentialKey,
        limit: usize,
    ) -> Result<Option<(Holder, Vec<Field>)>, PortFailure> {
        let state = self.state()?;
        let Some(holder) = holder(&state, key) else { return Ok(None) };
        let fields = state.land.of(holder.user.id).take(limit).cloned().collect();
        Ok(Some((holder, fields)))
    }

    async fn holder_with_authority_token(
        &self,
        key: &CredentialKey,
        domain: &DomainName,
    ) -> Result<Option<(Holder, Option<StoredAuthorityToken>)>, PortFailure> {
        let state = self.state()?;
        Ok(holder(&state, key).map(|holder| (holder, state.domains.token(domain))))
    }

    async fn of_user(&self, user: UserId, now: Timestamp, limit: usize) -> Result<Vec<Session>, PortFailure> {
        let mut sessions = self.state()?.sessions.of_user(user, now);
        sessions.truncate(limit);
        Ok(sessions)
    }

    async fn by_grant(&self, grant: GrantId) -> Result<Option<HeldGrant>, PortFailure> {
        let state = self.state()?;
        let held = || {
            let grant = state.sessions.grant(grant)?;
            let session = state.sessions.session(grant.session)?;
            let user = state.accounts.user(session.user)?;
            Some(HeldGrant { grant, session, user })
        };
        Ok(held())
    }
}

#[async_trait]
impl Arrivals for Memory {
    async fn arrival(&self, email: &EmailKey, origin: &Origin) -> Result<Arrival, PortFailure> {
        let state = self.state()?;
        let account = state.accounts.by_email(email);
        let place = account.as_ref().map_or(Place::First, |account| state.sessions.place(account.user.id, origin));
        Ok(Arrival { account, place })
    }
}

#[async_trait]
impl LastSeen for Memory {
    async fn note(&self, session: SessionId, at: Timestamp) -> Result<(), PortFailure> {
        self.state()?.sessions.note_last_seen(session, at);
        Ok(())
    }

    async fn note_user_token(&self, digest: &SecretDigest, at: Timestamp) -> Result<(), PortFailure> {
        self.state()?.accounts.note_use(digest, at);
        Ok(())
    }
}

#[async_trait]
impl MailedTokens for Memory {
    async fn by_id(&self, id: MailedTokenId) -> Result<Option<HeldMailedToken>, PortFailure> {
        let state = self.state()?;
        let held = || {
            let token = state.mail.token(id)?;
            let user = state.accounts.user(token.user)?;
            Some(HeldMailedToken { token, user })
        };
        Ok(held())
    }
}

#[async_trait]
impl Deliveries for Memory {
    async fn claim(&self, now: Timestamp, until: Timestamp) -> Result<Option<Delivery>, PortFailure> {
        Ok(self.state()?.mail.claim(now, until))
    }

    async fn settle(&self, delivery: &Delivery, outcome: DeliveryOutcome, at: Timestamp) -> Result<(), PortFailure> {
        self.state()?.mail.settle(delivery, outcome, at);
        Ok(())
    }
}

#[async_trait]
impl Events for Memory {
    async fn of_user(
        &self,
        user: UserId,
        only_news: bool,
        before: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<OwnEvent>, PortFailure> {
        let state = self.state()?;
        let wanted = |event: &&Event| {
            event.user == Some(user)
                && !(only_news && event.kind == ROUTINE)
                && before.is_none_or(|before| event.id < before)
        };
        let mut events: Vec<_> = state.events.iter().filter(wanted).collect();
        events.sort_by_key(|event| std::cmp::Reverse(event.id));
        Ok(events.into_iter().take(limit).map(|event| OwnEvent::of(event, user)).collect())
    }
}

#[async_trait]
impl Retention for Memory {
    async fn purge(&self, what: Leftover, before: Timestamp, most: usize) -> Result<usize, PortFailure> {
        Ok(self.state()?.purge(what, before, most))
    }
}

#[async_trait]
impl DomainRules for Memory {
    async fn of(&self, domain: &DomainName) -> Result<Option<DomainRule>, PortFailure> {
        Ok(self.state()?.domains.rule(domain))
    }

    async fn among(&self, domains: &[DomainName]) -> Result<Vec<ListedDomain>, PortFailure> {
        Ok(self.state()?.domains.listed().filter(|row| domains.contains(&row.rule.domain)).collect())
    }

    async fn list(
        &self,
        belongs_to: Option<BelongsTo>,
        after: Option<DomainName>,
        limit: usize,
    ) -> Result<Vec<ListedDomain>, PortFailure> {
        let wanted = |row: &ListedDomain| {
            belongs_to.is_none_or(|wanted| row.rule.belongs_to == wanted)
                && after.as_ref().is_none_or(|after| row.rule.domain > *after)
        };
        Ok(self.state()?.domains.listed().filter(wanted).take(limit).collect())
    }
}

#[async_trait]
impl AuthorityTokens for Memory {
    async fn of(&self, domain: &DomainName) -> Result<Option<StoredAuthorityToken>, PortFailure> {
        Ok(self.state()?.domains.token(domain))
    }
}

#[async_trait]
impl Fields for Memory {
    async fn list(&self, user: UserId, after: Option<FieldId>, limit: usize) -> Result<Vec<Field>, PortFailure> {
        let state = self.state()?;
        let following = state.land.of(user).filter(|field| after.is_none_or(|after| field.id > after));
        Ok(following.take(limit).cloned().collect())
    }
}

#[async_trait]
impl KeyStore for Memory {
    async fn root_fingerprint(&self) -> Result<Option<String>, PortFailure> {
        Ok(self.state()?.keys.root())
    }

    async fn revision(&self) -> Result<i64, PortFailure> {
        Ok(self.state()?.keys.revision())
    }

    async fn data_keys(&self) -> Result<Vec<StoredDataKey>, PortFailure> {
        Ok(self.state()?.keys.data())
    }

    async fn signing_keys(&self) -> Result<Vec<StoredSigningKey>, PortFailure> {
        Ok(self.state()?.keys.signing())
    }
}

fn holder(state: &State, key: &CredentialKey) -> Option<Holder> {
    let session = match key {
        CredentialKey::Session(id) => state.sessions.session(*id)?,
        CredentialKey::PageSecret(digest) => state.sessions.by_page_secret(digest)?,
        CredentialKey::UserToken(digest) => {
            return state.accounts.by_user_token(digest).map(|user| Holder { user, session: None });
        }
    };
    let user = state.accounts.user(session.user)?;
    Some(Holder { user, session: Some(session) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_port_fails_while_it_is_away() {
        let memory = Memory::new();
        memory.set_away(true);
        assert!(memory.check().await.is_err_and(|failure| failure.retryable()));
        assert!(memory.root_fingerprint().await.is_err_and(|failure| failure.retryable()));
        memory.set_away(false);
        assert!(memory.check().await.is_ok());
        assert_eq!(memory.root_fingerprint().await.ok(), Some(None));
    }
}

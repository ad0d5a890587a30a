//! Mailed tokens, and letters on their way.

use std::collections::BTreeMap;

use domain::changes::{MailChange, UniqueKey};
use domain::ids::{DeliveryId, MailedTokenId, UserId};
use domain::mail::delivery::{Delivery, DeliveryOutcome};
use domain::mail::mailed_token::{MailedToken, MailedTokenPurpose};
use domain::ports::clock::Timestamp;
use domain::ports::ledger::Rejected;

use super::accounts::AccountRows;
use super::{dangling, oldest};

#[derive(Clone, Debug)]
struct TokenRow {
    token: MailedToken,
    ended_at: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct DeliveryRow {
    delivery: Delivery,
    /// When it is due, or was settled.
    due_at: Timestamp,
    leased_until: Option<Timestamp>,
    outcome: Option<DeliveryOutcome>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct MailRows {
    tokens: BTreeMap<MailedTokenId, TokenRow>,
    deliveries: BTreeMap<DeliveryId, DeliveryRow>,
}

impl MailRows {
    pub(crate) fn write(&mut self, change: MailChange, accounts: &AccountRows) -> Result<u64, Rejected> {
        match change {
            MailChange::AddToken(token) => self.add_token(token, accounts),
            MailChange::UseToken { token, purpose, at } => self.use_token(token, purpose, at),
            MailChange::EndTokens { user, purpose, made_after, at } => {
                let newer = |token: &MailedToken| made_after.is_none_or(|made_after| token.created_at > made_after);
                Ok(self.end_tokens(user, purpose, at, newer))
            }
            MailChange::Queue(delivery) => self.queue(delivery),
        }
    }

    /// A token that was neither used nor ended.
    pub(crate) fn token(&self, id: MailedTokenId) -> Option<MailedToken> {
        self.tokens.get(&id).filter(|row| row.ended_at.is_none()).map(|row| row.token.clone())
    }

    /// The letters that wait or went out, in the order of their ids.
    pub(crate) fn deliveries(&self) -> impl Iterator<Item = &Delivery> {
        self.deliveries.values().map(|row| &row.delivery)
    }

    pub(crate) fn claim(&mut self, now: Timestamp, until: Timestamp) -> Option<Delivery> {
        let due = |row: &&mut DeliveryRow| {
            row.outcome.is_none() && row.due_at <= now && row.leased_until.is_none_or(|leased| leased <= now)
        };
        let row = self.deliveries.values_mut().filter(due).min_by_key(|row| (row.due_at, row.delivery.id))?;
        row.leased_until = Some(until);
        row.delivery.attempts += 1;
        Some(row.delivery.clone())
    }

    pub(crate) fn settle(&mut self, delivery: &Delivery, outcome: DeliveryOutcome, at: Timestamp) {
        let same = |row: &&mut DeliveryRow| row.outcome.is_none() && row.delivery.attempts == delivery.attempts;
        let Some(row) = self.deliveries.get_mut(&delivery.id).filter(same) else { return };
        row.leased_until = None;
        match outcome {
            DeliveryOutcome::Postponed(due_at) => row.due_at = due_at,
            DeliveryOutcome::Sent | DeliveryOutcome::GivenUp | DeliveryOutcome::Dropped => {
                (row.outcome, row.due_at) = (Some(outcome), at);
            }
        }
    }

    pub(crate) fn purge_deliveries(&mut self, before: Timestamp, most: usize) -> usize {
        let over = |row: &DeliveryRow| row.outcome.map(|_| row.due_at);
        let old = oldest(self.deliveries.iter().map(|(id, row)| (over(row), *id)), before, most);
        old.iter().filter(|id| self.deliveries.remove(id).is_some()).count()
    }

    pub(crate) fn purge_tokens(&mut self, before: Timestamp, most: usize) -> usize {
        let over = |row: &TokenRow| row.ended_at.into_iter().chain([row.token.expires_at]).min();
        let old = oldest(self.tokens.iter().map(|(id, row)| (over(row), *id)), before, most);
        old.iter().filter(|id| self.tokens.remove(id).is_some()).count()
    }

    fn add_token(&mut self, token: MailedToken, accounts: &AccountRows) -> Result<u64, Rejected> {
        if accounts.user(token.user).is_none() {
            return Err(dangling("users"));
        }
        if self.tokens.contains_key(&token.id) {
            return Err(Rejected::Conflict(UniqueKey::Random));
        }
        if token.purpose.is_one_at_a_time() {
            self.end_tokens(token.user, token.purpose, token.created_at, |_| true);
        }
        self.tokens.insert(token.id, TokenRow { token, ended_at: None });
        Ok(1)
    }

    fn use_token(&mut self, id: MailedTokenId, purpose: MailedTokenPurpose, at: Timestamp) -> Result<u64, Rejected> {
        let usable =
            |row: &&mut TokenRow| row.ended_at.is_none() && row.token.purpose == purpose && at < row.token.expires_at;
        let row = self.tokens.get_mut(&id).filter(usable).ok_or(Rejected::AlreadyUsed)?;
        row.ended_at = Some(at);
        Ok(1)
    }

    fn end_tokens(
        &mut self,
        user: UserId,
        purpose: MailedTokenPurpose,
        at: Timestamp,
        which: impl Fn(&MailedToken) -> bool,
    ) -> u64 {
        let open = |row: &&mut TokenRow| {
            let token = &row.token;
            row.ended_at.is_none() && token.user == user && token.purpose == purpose && which(token)
        };
        self.tokens.values_mut().filter(open).map(|row| row.ended_at = Some(at)).map(|()| 1).sum()
    }

    fn queue(&mut self, delivery: Delivery) -> Result<u64, Rejected> {
        if self.deliveries.contains_key(&delivery.id) {
            return Err(Rejected::Conflict(UniqueKey::Random));
        }
        let (id, due_at) = (delivery.id, delivery.created_at);
        self.deliveries.insert(id, DeliveryRow { delivery, due_at, leased_until: None, outcome: None });
        Ok(1)
    }
}

//! Allowed and blocked domains, and authority tokens.

use std::collections::BTreeMap;

use domain::authority::authority_token::StoredAuthorityToken;
use domain::changes::{AuthorityChange, DomainChange, UniqueKey};
use domain::domains::name::DomainName;
use domain::domains::policy::{BelongsTo, DomainRule, ListedDomain};
use domain::ports::ledger::Rejected;

#[derive(Clone, Debug, Default)]
pub(crate) struct DomainRows {
    rules: BTreeMap<DomainName, DomainRule>,
    tokens: BTreeMap<DomainName, StoredAuthorityToken>,
}

impl DomainRows {
    pub(crate) fn write(&mut self, change: DomainChange) -> Result<u64, Rejected> {
        match change {
            DomainChange::Put(rule) => self.put(rule),
            DomainChange::Remove(domain) => self.rules.remove(&domain).map(|_| 1).ok_or(Rejected::Stale),
        }
    }

    pub(crate) fn write_authority(&mut self, change: AuthorityChange) -> Result<u64, Rejected> {
        match change {
            AuthorityChange::Issue(token) => {
                if self.tokens.contains_key(&token.domain) {
                    return Err(Rejected::Conflict(UniqueKey::Authority));
                }
                self.put_token(token)
            }
            AuthorityChange::Put(token) => self.put_token(token),
            AuthorityChange::Revoke(domain) => self.tokens.remove(&domain).map(|_| 1).ok_or(Rejected::Stale),
        }
    }

    pub(crate) fn rule(&self, domain: &DomainName) -> Option<DomainRule> {
        self.rules.get(domain).cloned()
    }

    pub(crate) fn blocks(&self, domain: &DomainName) -> bool {
        self.rules.get(domain).is_some_and(|rule| rule.belongs_to == BelongsTo::Blocked)
    }

    pub(crate) fn token(&self, domain: &DomainName) -> Option<StoredAuthorityToken> {
        self.tokens.get(domain).cloned()
    }

    /// Every row, in the order of the domains' bytes.
    pub(crate) fn listed(&self) -> impl Iterator<Item = ListedDomain> {
        self.rules
            .values()
            .map(|rule| ListedDomain { rule: rule.clone(), has_authority: self.tokens.contains_key(&rule.domain) })
    }

    fn put(&mut self, rule: DomainRule) -> Result<u64, Rejected> {
        if self.rules.values().any(|row| row.id == rule.id && row.domain != rule.domain) {
            return Err(Rejected::Conflict(UniqueKey::Random));
        }
        let row = self.rules.entry(rule.domain.clone()).or_insert_with(|| rule.clone());
        (row.belongs_to, row.updated_at) = (rule.belongs_to, rule.updated_at);
        Ok(1)
    }

    fn put_token(&mut self, token: StoredAuthorityToken) -> Result<u64, Rejected> {
        if self.tokens.values().any(|row| row.digest == token.digest && row.domain != token.domain) {
            return Err(Rejected::Conflict(UniqueKey::Random));
        }
        self.tokens.insert(token.domain.clone(), token);
        Ok(1)
    }
}

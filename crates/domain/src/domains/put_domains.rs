//! An administrator allows or blocks domains.

use std::collections::BTreeSet;
use std::sync::Arc;

use thiserror::Error;

use crate::access::{Actor, Denied, Operation};
use crate::changes::{Changes, DomainChange};
use crate::domains::name::DomainName;
use crate::domains::policy::{BelongsTo, DomainRule, ListedDomain};
use crate::domains::ports::DomainRules;
use crate::events::{Event, EventKind, EventSubject};
use crate::form::{FieldError, FormErrors, Refusal};
use crate::ids::DomainRuleId;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::ports::ledger::Ledger;

/// The most domains of one call.
pub const MAX_DOMAINS: usize = 1_000;

/// What the table shall say of some domains. Each domain stands in it once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    belongs_to: BelongsTo,
    domains: BTreeSet<DomainName>,
}

impl Command {
    /// Checks a list of domains as somebody enters it. A domain that is named twice counts once.
    ///
    /// # Errors
    /// All wrong fields at once.
    pub fn check(belongs_to: i64, domains: &[String]) -> Result<Self, Vec<FieldError>> {
        let mut errors = FormErrors::none();
        let belongs_to = BelongsTo::of_number(belongs_to).ok_or(DomainListError::BelongsTo);
        let belongs_to = errors.take("belongs_to", belongs_to);
        if domains.is_empty() || domains.len() > MAX_DOMAINS {
            errors.add("domains", &DomainListError::Length);
            return Err(errors.into_list());
        }
        let names = domains
            .iter()
            .enumerate()
            .filter_map(|(index, domain)| errors.take(&format!("domains[{index}]"), DomainName::parse(domain)));
        let domains = names.collect();
        let errors = errors.into_list();
        match belongs_to {
            Some(belongs_to) if errors.is_empty() => Ok(Self { belongs_to, domains }),
            _ => Err(errors),
        }
    }
}

/// A rule over a list of domains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DomainListError {
    /// It says neither allowed nor blocked.
    #[error("It is 0 for allowed domains or 1 for blocked ones.")]
    BelongsTo,
    /// The list is empty or too long.
    #[error("A list has 1 to 1000 domains.")]
    Length,
}

impl Refusal for DomainListError {
    fn code(&self) -> &'static str {
        match self {
            Self::BelongsTo => "not-0-or-1",
            Self::Length => "list-length",
        }
    }
}

/// Why the table was not changed.
#[derive(Debug, Error)]
pub enum PutDomainsError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Makes or changes rows of the table of domains.
pub struct PutDomains {
    /// Reads the rows afterwards.
    pub domains: Arc<dyn DomainRules>,
    /// Writes.
    pub ledger: Arc<dyn Ledger>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

impl PutDomains {
    /// Writes the rows, all or none, and gives them as they are then, by domain.
    ///
    /// # Errors
    /// When the actor may not, or a port fails.
    pub async fn run(&self, actor: &Actor, command: Command) -> Result<Vec<ListedDomain>, PutDomainsError> {
        actor.may(Operation::ChangeDomains)?;
        let now = self.clock.now();
        let Command { belongs_to, domains } = command;
        let names = domains.iter().map(DomainName::as_str).collect::<Vec<_>>().join(" ");
        let subject = EventSubject::new("domains", domains.len());
        let event = Event::now(EventKind::DomainsPut, actor, subject, now, &*self.entropy)
            .with("belongs_to", belongs_to.number())
            .with("domains", names);
        let rows = domains.iter().map(|domain| {
            let id = DomainRuleId::fresh(now, &*self.entropy);
            DomainChange::Put(DomainRule { id, domain: domain.clone(), belongs_to, created_at: now, updated_at: now })
        });
        let changes = Changes::of(actor, Operation::ChangeDomains, event).with_all(rows);
        if let Err(rejected) = self.ledger.apply(changes).await {
            return Err(rejected.denied()?.into());
        }
        let domains = domains.into_iter().collect::<Vec<_>>();
        Ok(self.domains.among(&domains).await?)
    }
}

//! Allowed and blocked domains, and authority tokens.

use async_trait::async_trait;
use domain::authority::authority_token::StoredAuthorityToken;
use domain::authority::ports::AuthorityTokens;
use domain::domains::name::DomainName;
use domain::domains::policy::{BelongsTo, DomainRule, ListedDomain};
use domain::domains::ports::DomainRules;
use domain::ids::DomainRuleId;
use domain::ports::failure::PortFailure;
use domain::ports::secrets::{SealedSecret, SecretDigest};
use sea_orm::{QueryResult, Value};

use crate::database::Database;
use crate::failure::port_failure;
use crate::sql::{all, column, corrupt, limit, one};

/// How many domains one statement asks for: both engines bound the number of values.
const DOMAINS_PER_STATEMENT: usize = 500;

const LISTED: &str = "SELECT d.id AS d_id, d.domains AS d_domain, d.belongs_to AS d_belongs_to, \
    d.created_at AS d_created_at, d.updated_at AS d_updated_at, \
    EXISTS (SELECT 1 FROM authority_tokens a WHERE a.domain = d.domains) AS d_has_authority FROM domain_checks d";

#[async_trait]
impl DomainRules for Database {
    async fn of(&self, domain: &DomainName) -> Result<Option<DomainRule>, PortFailure> {
        let sql = format!("{LISTED} WHERE d.domains = $1");
        let row = one(self.reader(), &sql, [domain.as_str().into()]).await.map_err(port_failure)?;
        Ok(row.map(|row| listed(&row)).transpose()?.map(|listed| listed.rule))
    }

    async fn among(&self, domains: &[DomainName]) -> Result<Vec<ListedDomain>, PortFailure> {
        // Sorted before they are cut into parts, so that the parts are in order as well.
        let mut domains = domains.iter().map(DomainName::as_str).collect::<Vec<_>>();
        domains.sort_unstable();
        domains.dedup();
        let mut found = Vec::new();
        for part in domains.chunks(DOMAINS_PER_STATEMENT) {
            let places = (1..=part.len()).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ");
            let sql = format!("{LISTED} WHERE d.domains IN ({places}) ORDER BY d.domains");
            let values = part.iter().map(|domain| Value::from(*domain)).collect::<Vec<_>>();
            found.extend(all(self.reader(), &sql, values).await.map_err(port_failure)?);
        }
        found.iter().map(listed).collect()
    }

    async fn list(
        &self,
        belongs_to: Option<BelongsTo>,
        after: Option<DomainName>,
        rows: usize,
    ) -> Result<Vec<ListedDomain>, PortFailure> {
        // Every domain follows the empty text.
        let mut values = vec![after.as_ref().map_or("", DomainName::as_str).into(), limit(rows)];
        values.extend(belongs_to.map(|belongs_to| belongs_to.number().into()));
        let filter = if belongs_to.is_some() { "AND d.belongs_to = $3" } else { "" };
        let sql = format!("{LISTED} WHERE d.domains > $1 {filter} ORDER BY d.domains LIMIT $2");
        all(self.reader(), &sql, values).await.map_err(port_failure)?.iter().map(listed).collect()
    }
}

#[async_trait]
impl AuthorityTokens for Database {
    async fn of(&self, domain: &DomainName) -> Result<Option<StoredAuthorityToken>, PortFailure> {
        let sql = "SELECT sealed, digest, issued_at FROM authority_tokens WHERE domain = $1";
        let Some(row) = one(self.reader(), sql, [domain.as_str().into()]).await.map_err(port_failure)? else {
            return Ok(None);
        };
        Ok(Some(StoredAuthorityToken {
            domain: domain.clone(),
            sealed: SealedSecret::restore(column::<String>(&row, "sealed")?),
            digest: SecretDigest::restore(column::<String>(&row, "digest")?),
            issued_at: column(&row, "issued_at")?,
        }))
    }
}

fn listed(row: &QueryResult) -> Result<ListedDomain, PortFailure> {
    let id = DomainRuleId::restore(column(row, "d_id")?);
    let wrong = |name| corrupt("domain_checks", name, id);
    let belongs_to = column::<i16>(row, "d_belongs_to")?;
    let rule = DomainRule {
        id,
        domain: DomainName::parse(&column::<String>(row, "d_domain")?).map_err(|_| wrong("domains"))?,
        belongs_to: BelongsTo::of_number(belongs_to.into()).ok_or_else(|| wrong("belongs_to"))?,
        created_at: column(row, "d_created_at")?,
        updated_at: column(row, "d_updated_at")?,
    };
    Ok(ListedDomain { rule, has_authority: column(row, "d_has_authority")? })
}

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
use sea_orm::QueryResult;

use crate::database::Database;
use crate::failure::port_failure;
use crate::reads::columns::authority_columns;
use crate::sql::{all, column, corrupt, limit, one, statements};

/// The columns of a row `d`, and whether its domain has an authority token.
macro_rules! listed {
    ($filter:literal) => {
        concat!(
            "SELECT d.id AS d_id, d.domains AS d_domain, d.belongs_to AS d_belongs_to, d.created_at AS d_created_at, \
             d.updated_at AS d_updated_at, EXISTS (SELECT 1 FROM authority_tokens a WHERE a.domain = d.domains) \
             AS d_has_authority FROM domain_checks d WHERE ",
            $filter
        )
    };
}

statements! {
    OF = listed!("d.domains = $1");
    /// The list is one value, the text of a JSON array, so that the statement is the same for any number.
    AMONG = listed!("d.domains IN (SELECT value FROM json_each($1)) ORDER BY d.domains"),
        postgres: listed!("d.domains = ANY (ARRAY(SELECT json_array_elements_text(CAST($1 AS json)))) ORDER BY d.domains");
    LIST = listed!("d.domains > $1 ORDER BY d.domains LIMIT $2");
    LIST_OF_ONE_KIND = listed!("d.domains > $1 AND d.belongs_to = $3 ORDER BY d.domains LIMIT $2");
    TOKEN = concat!("SELECT ", authority_columns!(), " FROM authority_tokens a WHERE a.domain = $1");
}

#[async_trait]
impl DomainRules for Database {
    async fn of(&self, domain: &DomainName) -> Result<Option<DomainRule>, PortFailure> {
        let row = one(self.reader(), OF, [domain.as_str().into()]).await.map_err(port_failure)?;
        Ok(row.map(|row| listed(&row)).transpose()?.map(|listed| listed.rule))
    }

    async fn among(&self, domains: &[DomainName]) -> Result<Vec<ListedDomain>, PortFailure> {
        let domains = domains.iter().map(DomainName::as_str).collect::<serde_json::Value>();
        let rows = all(self.reader(), AMONG, [domains.to_string().into()]).await.map_err(port_failure)?;
        rows.iter().map(listed).collect()
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
        let sql = if belongs_to.is_some() { LIST_OF_ONE_KIND } else { LIST };
        all(self.reader(), sql, values).await.map_err(port_failure)?.iter().map(listed).collect()
    }
}

#[async_trait]
impl AuthorityTokens for Database {
    async fn of(&self, domain: &DomainName) -> Result<Option<StoredAuthorityToken>, PortFailure> {
        let row = one(self.reader(), TOKEN, [domain.as_str().into()]).await.map_err(port_failure)?;
        row.map_or(Ok(None), |row| authority_token(&row, domain))
    }
}

/// The token of a domain in a row with the columns of [`authority_columns`]; none when they are empty.
pub(super) fn authority_token(
    row: &QueryResult,
    domain: &DomainName,
) -> Result<Option<StoredAuthorityToken>, PortFailure> {
    let Some(sealed) = column::<Option<String>>(row, "a_sealed")? else { return Ok(None) };
    Ok(Some(StoredAuthorityToken {
        domain: domain.clone(),
        sealed: SealedSecret::restore(sealed),
        digest: SecretDigest::restore(column::<String>(row, "a_digest")?),
        issued_at: column(row, "a_issued_at")?,
    }))
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

//! Which e-mail domains may register.

use chrono::{DateTime, Utc};
use domain::domains::list_domains::ListDomainsError;
use domain::domains::name::DomainName;
use domain::domains::policy::{BelongsTo, ListedDomain};
use domain::domains::put_domains::{Command, PutDomainsError};
use domain::domains::remove_domain::RemoveDomainError;
use domain::form::FormErrors;
use domain::page::Listing;
use poem::Request;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use uuid::Uuid;

use crate::body::{Body, Strict};
use crate::caller::{Caller, Context, denied};
use crate::json::{Reader, Shape, Tree, text, whole};
use crate::problem::{Kind, Refusal};
use crate::query::{self, PageRefusal};
use crate::resources::Part;

pub(crate) struct Domains;

#[OpenApi(tag = "Part::Domains")]
impl Domains {
    /// List the allowed and blocked domains
    ///
    /// For administrators. In the order of the domains.
    #[oai(path = "/domains", method = "get", operation_id = "listDomains")]
    async fn list(
        &self,
        caller: Caller,
        request: &Request,
        /// How many domains a page holds: 1 to 100, 50 unless you say otherwise.
        limit: Query<Option<String>>,
        /// The `next` of the page before.
        after: Query<Option<String>>,
    ) -> poem::Result<DomainsAnswer> {
        let mut errors = FormErrors::none();
        query::check_names(request, &["limit", "after"], &mut errors);
        let (limit, after) = query::page(limit.0.as_deref(), after.0.as_deref(), Listing::Domains, "", &mut errors);
        query::settle(errors)?;
        match Context::of(request)?.api.list_domains.run(caller.actor(), None, after, limit).await {
            Ok(page) => Ok(DomainsAnswer::Ok(Json(DomainPage {
                next: page.next.map(|cursor| cursor.encode(Listing::Domains, "")),
                domains: page.items.iter().map(DomainDto::of).collect(),
            }))),
            Err(ListDomainsError::Denied(reason)) => Err(denied(reason).into()),
            Err(ListDomainsError::Page(error)) => Err(query::wrong("after", &PageRefusal(error)).into()),
            Err(ListDomainsError::Failed(failure)) => Err(Refusal::failed(&failure).into()),
        }
    }

    /// Allow or block domains
    ///
    /// For administrators. Rows that are there already change; all are written, or none.
    #[oai(path = "/domains", method = "post", operation_id = "putDomains")]
    async fn put(
        &self,
        caller: Caller,
        request: &Request,
        body: Strict<DomainsBody>,
    ) -> poem::Result<DomainsPutAnswer> {
        let command = body.check(|body| Command::check(body.belongs_to, &body.domains))?;
        match Context::of(request)?.api.put_domains.run(caller.actor(), command).await {
            Ok(rows) => {
                Ok(DomainsPutAnswer::Ok(Json(PutDomains { domains: rows.iter().map(DomainDto::of).collect() })))
            }
            Err(PutDomainsError::Denied(reason)) => Err(denied(reason).into()),
            Err(PutDomainsError::Failed(failure)) => Err(Refusal::failed(&failure).into()),
        }
    }

    /// Take a domain off the table
    ///
    /// For administrators. Its authority token stays.
    #[oai(path = "/domains/:domain", method = "delete", operation_id = "removeDomain")]
    async fn remove(
        &self,
        caller: Caller,
        request: &Request,
        /// The domain, in any spelling.
        domain: Path<String>,
    ) -> poem::Result<DomainRemovedAnswer> {
        let domain = name(&domain.0, query::strays(request))?;
        match Context::of(request)?.api.remove_domain.run(caller.actor(), domain).await {
            Ok(()) => Ok(DomainRemovedAnswer::Removed),
            Err(error @ RemoveDomainError::NotListed) => Err(Refusal::new(Kind::NotFound, error.to_string()).into()),
            Err(RemoveDomainError::Denied(reason)) => Err(denied(reason).into()),
            Err(RemoveDomainError::Failed(failure)) => Err(Refusal::failed(&failure).into()),
        }
    }
}

/// The domain that a parameter names, once nothing of the request is wrong.
pub(crate) fn name(text: &str, mut errors: FormErrors) -> Result<DomainName, Refusal> {
    let name = errors.take("domain", DomainName::parse(text));
    query::settle(errors)?;
    name.ok_or_else(|| Refusal::internal("a domain is neither right nor wrong"))
}

/// What the table shall say of some domains.
#[derive(Object)]
#[oai(rename = "PutDomains", example)]
pub(crate) struct DomainsBody {
    /// `0`: the domains are allowed; `1`: they are blocked.
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    belongs_to: i64,
    /// 1 to 1,000 domains.
    #[oai(validator(min_items = 1, max_items = 1000))]
    domains: Vec<String>,
}

impl Body for DomainsBody {
    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            belongs_to: reader.required("belongs_to", "a whole number", whole).unwrap_or_default(),
            domains: texts(reader, "domains"),
        }
    }
}

/// A list of texts. What is none is noted, and keeps its place, so that the indexes of the others are right.
fn texts(reader: &mut Reader<'_>, name: &str) -> Vec<String> {
    let Some(tree) = reader.take(name) else {
        reader.note(name, Shape::Required);
        return Vec::new();
    };
    let Tree::List(items) = tree else {
        reader.note(name, Shape::Not("a list of texts"));
        return Vec::new();
    };
    let (path, errors) = reader.below(name);
    let texts = items.iter().enumerate().map(|(index, item)| {
        let text = text(item);
        if text.is_none() {
            errors.add(&format!("{path}[{index}]"), &Shape::Not("a text"));
        }
        text.unwrap_or_default()
    });
    texts.collect()
}

impl Example for DomainsBody {
    fn example() -> Self {
        Self { belongs_to: 1, domains: vec!["gmail.com".into(), "hotmail.com".into()] }
    }
}

/// A row of the table of domains.
#[derive(Object)]
#[oai(rename = "Domain", example)]
pub(crate) struct DomainDto {
    /// The row's id.
    id: Uuid,
    /// `0`: the domain is allowed; `1`: it is blocked.
    belongs_to: i16,
    /// The domain: lower case, IDNA A-labels.
    domain: String,
    /// Whether the domain has an authority token.
    has_authority: bool,
    /// When the row was made.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

impl DomainDto {
    fn of(listed: &ListedDomain) -> Self {
        let rule = &listed.rule;
        Self {
            id: rule.id.uuid(),
            belongs_to: rule.belongs_to.number(),
            domain: rule.domain.to_string(),
            has_authority: listed.has_authority,
            created_at: rule.created_at,
            updated_at: rule.updated_at,
        }
    }
}

impl Example for DomainDto {
    fn example() -> Self {
        let at = DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default();
        Self {
            id: Uuid::from_u128(0x0193_6a4e_7c5b_7a10_8a5f_3f6f_2d0c_9b1e),
            belongs_to: BelongsTo::Blocked.number(),
            domain: "gmail.com".into(),
            has_authority: false,
            created_at: at,
            updated_at: at,
        }
    }
}

/// A page of the table of domains.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct DomainPage {
    /// The rows.
    domains: Vec<DomainDto>,
    /// What to give as `after` for the next page; absent on the last one.
    next: Option<String>,
}

/// The rows as they are now.
#[derive(Object)]
#[oai(rename = "PutDomainRows")]
pub(crate) struct PutDomains {
    /// The rows, in the order of the domains.
    domains: Vec<DomainDto>,
}

#[derive(ApiResponse)]
pub(crate) enum DomainsAnswer {
    /// A page of the table.
    #[oai(status = 200)]
    Ok(Json<DomainPage>),
}

#[derive(ApiResponse)]
pub(crate) enum DomainsPutAnswer {
    /// The rows as they are now.
    #[oai(status = 200)]
    Ok(Json<PutDomains>),
}

#[derive(ApiResponse)]
pub(crate) enum DomainRemovedAnswer {
    /// The domain is unlisted.
    #[oai(status = 204)]
    Removed,
}

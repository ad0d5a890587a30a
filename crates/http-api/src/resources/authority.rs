//! The authority tokens of domains.

use domain::authority::issue::{IssueAuthorityTokenError, Mode};
use domain::authority::read::ReadAuthorityTokenError;
use domain::authority::revoke::RevokeAuthorityTokenError;
use domain::form::FormErrors;
use poem::Request;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};

use crate::caller::{Caller, Context, denied};
use crate::json::Shape;
use crate::problem::{Kind, Refusal};
use crate::query;
use crate::resources::Part;
use crate::resources::domains::name;
use crate::resources::sessions::NO_STORE;

pub(crate) struct Authority;

#[OpenApi(tag = "Part::Authority")]
impl Authority {
    /// Read the authority token of a domain
    ///
    /// Users read that of the domain of their own verified e-mail address, administrators any.
    #[oai(path = "/authority-token", method = "get", operation_id = "getAuthorityToken")]
    async fn read(
        &self,
        caller: Caller,
        request: &Request,
        /// The domain, in any spelling.
        domain: Query<Option<String>>,
    ) -> poem::Result<AuthorityAnswer> {
        let mut errors = FormErrors::none();
        query::check_names(request, &["domain"], &mut errors);
        let Some(domain) = domain.0 else {
            errors.add("domain", &Shape::Required);
            return Err(Refusal::invalid(errors.into_list()).into());
        };
        name(&domain, errors)?;
        let (domain, reading) = caller.authority_token()?;
        match reading {
            Ok(token) => {
                let message = format!("The authority token of {domain}.");
                let body =
                    AuthorityToken { message, domain: domain.to_string(), authority_token: token.reveal().into() };
                Ok(AuthorityAnswer::Ok(Json(body), NO_STORE.into()))
            }
            Err(error @ ReadAuthorityTokenError::None) => Err(Refusal::new(Kind::NotFound, error.to_string()).into()),
            Err(ReadAuthorityTokenError::Denied(reason)) => Err(denied(reason).into()),
            Err(ReadAuthorityTokenError::Failed(failure)) => Err(Refusal::failed(&failure).into()),
        }
    }

    /// Issue the authority token of a domain
    ///
    /// For administrators. The domain is allowed or unlisted; a blocked one gets no token.
    #[oai(path = "/domains/:domain/authority-token", method = "post", operation_id = "issueAuthorityToken")]
    async fn issue(
        &self,
        caller: Caller,
        request: &Request,
        /// The domain, in any spelling.
        domain: Path<String>,
        /// `true` makes a new token, and ends the one that is there, if any.
        rotate: Query<Option<String>>,
    ) -> poem::Result<AuthorityIssuedAnswer> {
        let mut errors = FormErrors::none();
        query::check_names(request, &["rotate"], &mut errors);
        let rotate = query::flag("rotate", rotate.0.as_deref(), &mut errors);
        let mode = if rotate { Mode::Rotate } else { Mode::Issue };
        let domain = name(&domain.0, errors)?;
        match Context::of(request)?.api.issue_authority_token.run(caller.actor(), domain.clone(), mode).await {
            Ok(token) => {
                let body = IssuedAuthorityToken { domain: domain.to_string(), authority_token: token.reveal().into() };
                Ok(AuthorityIssuedAnswer::Created(Json(body), NO_STORE.into()))
            }
            Err(error @ (IssueAuthorityTokenError::AlreadyIssued | IssueAuthorityTokenError::Blocked)) => {
                Err(Refusal::new(Kind::Conflict, error.to_string()).into())
            }
            Err(IssueAuthorityTokenError::Denied(reason)) => Err(denied(reason).into()),
            Err(IssueAuthorityTokenError::Failed(failure)) => Err(Refusal::failed(&failure).into()),
        }
    }

    /// Revoke the authority token of a domain
    ///
    /// For administrators.
    #[oai(path = "/domains/:domain/authority-token", method = "delete", operation_id = "revokeAuthorityToken")]
    async fn revoke(
        &self,
        caller: Caller,
        request: &Request,
        /// The domain, in any spelling.
        domain: Path<String>,
    ) -> poem::Result<AuthorityRevokedAnswer> {
        let domain = name(&domain.0, query::strays(request))?;
        match Context::of(request)?.api.revoke_authority_token.run(caller.actor(), domain).await {
            Ok(()) => Ok(AuthorityRevokedAnswer::Revoked),
            Err(error @ RevokeAuthorityTokenError::None) => Err(Refusal::new(Kind::NotFound, error.to_string()).into()),
            Err(RevokeAuthorityTokenError::Denied(reason)) => Err(denied(reason).into()),
            Err(RevokeAuthorityTokenError::Failed(failure)) => Err(Refusal::failed(&failure).into()),
        }
    }
}

/// The authority token of a domain.
#[derive(Object)]
#[oai(example)]
pub(crate) struct AuthorityToken {
    /// What this is.
    message: String,
    /// The domain.
    domain: String,
    /// The token.
    authority_token: String,
}

impl Example for AuthorityToken {
    fn example() -> Self {
        let IssuedAuthorityToken { domain, authority_token } = IssuedAuthorityToken::example();
        Self { message: format!("The authority token of {domain}."), domain, authority_token }
    }
}

/// A new authority token.
#[derive(Object)]
#[oai(example)]
pub(crate) struct IssuedAuthorityToken {
    /// The domain.
    domain: String,
    /// The token.
    authority_token: String,
}

impl Example for IssuedAuthorityToken {
    fn example() -> Self {
        Self { domain: "example.org".into(), authority_token: format!("uat_{}", "0".repeat(64)) }
    }
}

#[derive(ApiResponse)]
pub(crate) enum AuthorityAnswer {
    /// The token.
    #[oai(status = 200)]
    Ok(
        Json<AuthorityToken>,
        /// The token is not to be kept by anybody between.
        #[oai(header = "Cache-Control")]
        String,
    ),
}

#[derive(ApiResponse)]
pub(crate) enum AuthorityIssuedAnswer {
    /// The new token.
    #[oai(status = 201)]
    Created(
        Json<IssuedAuthorityToken>,
        /// The token is not to be kept by anybody between.
        #[oai(header = "Cache-Control")]
        String,
    ),
}

#[derive(ApiResponse)]
pub(crate) enum AuthorityRevokedAnswer {
    /// The domain has no token any more.
    #[oai(status = 204)]
    Revoked,
}

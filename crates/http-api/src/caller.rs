//! Who calls, found out before anything else of the request is looked at.

use std::sync::Arc;
use std::time::Duration;

use domain::access::{Actor, Denied, Operation};
use domain::accounts::show_me::Me;
use domain::authority::show::Reading;
use domain::domains::name::DomainName;
use domain::origin::Origin;
use domain::sessions::authenticate::{AuthenticateError, Shown};
use poem::Request;
use poem::http::header;
use poem_openapi::SecurityScheme;
use poem_openapi::auth::Bearer;

use crate::api::Api;
use crate::problem::{Kind, Refusal};

/// What the frame has found out about a request.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) api: Arc<Api>,
    /// Where the request comes from.
    pub(crate) origin: Origin,
    /// The operation that the path and the method name.
    pub(crate) operation_id: &'static str,
    /// How long its body may take to arrive.
    pub(crate) body_timeout: Duration,
}

impl Context {
    /// The context that the frame has put into a request.
    pub(crate) fn of(request: &Request) -> Result<&Self, Refusal> {
        request.extensions().get().ok_or_else(|| Refusal::internal("a request came without its context"))
    }

    /// Anybody at all, by this request.
    pub(crate) fn nobody(&self) -> Actor {
        Actor::nobody(self.origin.clone())
    }
}

/// An access token of a login, or a `token_required`.
#[derive(SecurityScheme)]
#[oai(ty = "bearer", rename = "bearerAuth", checker = "check")]
pub(crate) struct Caller(Identified);

/// Who calls, and that they may.
pub(crate) struct Identified {
    actor: Actor,
    with: With,
}

/// What was read with a credential, for the operation that answers with it.
enum With {
    Nothing,
    /// The account.
    Me(Box<Me>),
    /// The authority token of the domain that is asked for.
    AuthorityToken(DomainName, Reading),
}

impl Caller {
    pub(crate) const fn actor(&self) -> &Actor {
        &self.0.actor
    }

    /// The account that was read with the credential, for the operation that shows it.
    pub(crate) fn me(self) -> Result<Me, Refusal> {
        match self.0.with {
            With::Me(me) => Ok(*me),
            _ => Err(Refusal::internal("the account was not read with the credential")),
        }
    }

    /// The domain whose authority token was read with the credential, and what came of that.
    pub(crate) fn authority_token(self) -> Result<(DomainName, Reading), Refusal> {
        match self.0.with {
            With::AuthorityToken(domain, reading) => Ok((domain, reading)),
            _ => Err(Refusal::internal("the authority token was not read with the credential")),
        }
    }
}

/// What each operation asks of who calls. What anybody may call does not stand here.
pub(crate) fn operation_of(operation_id: &str) -> Option<Operation> {
    Some(match operation_id {
        "updateUser" => Operation::UpdatePhone,
        "logOut" => Operation::LogOut,
        "changePassword" => Operation::ChangePassword,
        "changeEmail" => Operation::ChangeAddress,
        "listSessions" => Operation::ListSessions,
        "listOwnEvents" => Operation::ListOwnEvents,
        "endSession" => Operation::EndSessions,
        "getAuthorityToken" => Operation::ReadAuthorityToken,
        "getMe" => Operation::ShowMe,
        "updateMe" => Operation::SetPreferences,
        "showTokenRequired" | "issueTokenRequired" | "removeTokenRequired" => Operation::ChangeUserToken,
        "listDomains" => Operation::ListDomains,
        "putDomains" | "removeDomain" => Operation::ChangeDomains,
        "issueAuthorityToken" | "revokeAuthorityToken" => Operation::ChangeAuthorityTokens,
        "listFields" => Operation::ListFields,
        "addField" | "replaceField" | "removeField" => Operation::ChangeFields,
        _ => return None,
    })
}

/// The refusal of what may not be done.
pub(crate) fn denied(denied: Denied) -> Refusal {
    match denied {
        Denied::Nobody => Refusal::no_token(),
        Denied::SessionNeeded => Refusal::new(Kind::SessionNeeded, denied.to_string()),
        Denied::AdministratorNeeded | Denied::OtherDomain => Refusal::new(Kind::NotPermitted, denied.to_string()),
    }
}

async fn check(request: &Request, bearer: Bearer) -> poem::Result<Identified> {
    // Which of two credentials counts is nobody's to guess.
    if request.headers().get_all(header::AUTHORIZATION).iter().count() > 1 {
        return Err(Refusal::bad_token().into());
    }
    Ok(identify(Context::of(request)?, request.uri().query(), &bearer.token).await?)
}

async fn identify(context: &Context, query: Option<&str>, token: &str) -> Result<Identified, Refusal> {
    let operation = operation_of(context.operation_id);
    let operation = operation.ok_or_else(|| Refusal::internal("an operation stands in no table"))?;
    let (shown, origin) = (Shown::Bearer(token), context.origin.clone());
    // What is asked for most is read by the same statement as the credential.
    let domain = query.filter(|_| operation == Operation::ReadAuthorityToken).and_then(domain_of);
    let identified = match (operation, domain) {
        (Operation::ShowMe, _) => {
            let shown = context.api.show_me.run(shown, origin).await;
            shown.map(|(actor, me)| (actor, With::Me(Box::new(me))))
        }
        (Operation::ReadAuthorityToken, Some(domain)) => {
            let shown = context.api.show_authority_token.run(shown, &domain, origin).await;
            shown.map(|(actor, reading)| (actor, With::AuthorityToken(domain, reading)))
        }
        // Whatever is wrong with the query is told to those only who may ask.
        _ => context.api.authenticate.run(shown, operation, origin).await.map(|actor| (actor, With::Nothing)),
    };
    identified.map(|(actor, with)| Identified { actor, with }).map_err(|error| match error {
        AuthenticateError::NotValid => Refusal::bad_token(),
        AuthenticateError::Denied(reason) => denied(reason),
        AuthenticateError::Failed(failure) => Refusal::failed(&failure),
    })
}

/// The domain that a query asks for, if that is one.
fn domain_of(query: &str) -> Option<DomainName> {
    let mut parameters = form_urlencoded::parse(query.as_bytes());
    let (_, domain) = parameters.find(|(name, _)| name == "domain")?;
    DomainName::parse(&domain).ok()
}

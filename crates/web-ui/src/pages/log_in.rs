//! The login: the first page.

use askama::Template;
use domain::access::Actor;
use domain::accounts::email::EmailAddress;
use domain::accounts::password::Password;
use domain::form::FormErrors;
use domain::ports::failure::PortFailure;
use domain::sessions::log_in::{Command, IssuedCredential, LogInError, Outcome};
use domain::sessions::session::Channel;
use poem::http::StatusCode;
use poem::{Response, handler};

use crate::binding::Binding;
use crate::flash::{Flash, Notice};
use crate::form::Post;
use crate::frame::{Frame, page, redirect};
use crate::mistakes::Mistakes;
use crate::next::path_on_this_site;
use crate::refused::Refused;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "log_in.html")]
struct LogInPage {
    frame: Frame,
    mistakes: Mistakes,
    email: String,
    next: Option<String>,
}

/// Shows the form; to somebody who is signed in, what comes after it.
#[handler]
pub(crate) async fn show(visit: &Visit) -> Result<Response, Refused> {
    let next = visit.query("next").filter(|next| path_on_this_site(next).is_some());
    if visit.site.knows(visit).await? {
        return Ok(redirect(next.as_deref().unwrap_or("/account")));
    }
    let visitor = visit.visitor();
    let (email, notice) = match visit.take(&visitor) {
        Some(Flash::Email(email)) => (email, None),
        Some(Flash::Notice(notice)) => (String::new(), Some(notice)),
        _ => (String::new(), None),
    };
    Entered { email, next }.page(visit, &visitor, StatusCode::OK, Mistakes::none(), notice)
}

/// Logs in.
#[handler]
pub(crate) async fn submit(visit: &Visit, post: Post) -> Result<Response, Refused> {
    if visit.site.knows(visit).await? {
        return Ok(redirect("/account"));
    }
    let visitor = visit.visitor();
    let form = post.open(&visitor, &visit.site)?;
    let next = path_on_this_site(form.text("next")).map(String::from);
    let entered = Entered { email: form.trimmed("email").into(), next };
    let command = match entered.check(form.text("password"), visit) {
        Ok(command) => command,
        Err(mistakes) => return entered.page(visit, &visitor, StatusCode::UNPROCESSABLE_ENTITY, mistakes, None),
    };
    let actor = Actor::nobody(visit.origin.clone());
    let (status, field, key) = match visit.site.use_cases.log_in.run(&actor, command).await {
        Ok(outcome) => return signed_in(visit, outcome, entered.next.as_deref()),
        Err(LogInError::UnknownUser) => (StatusCode::UNAUTHORIZED, "email", "error-unknown-user"),
        Err(LogInError::WrongPassword) => (StatusCode::UNAUTHORIZED, "password", "error-wrong-password"),
        Err(LogInError::Refused) => (StatusCode::UNAUTHORIZED, "email", "error-refused"),
        Err(LogInError::Unverified) => (StatusCode::FORBIDDEN, "email", "error-unverified"),
        Err(LogInError::Disabled) => (StatusCode::FORBIDDEN, "email", "error-disabled"),
        Err(LogInError::TooMany(too_many)) => return Err(too_many.into()),
        Err(LogInError::Hash(failure)) => return Err(failure.into()),
        Err(LogInError::Failed(failure)) => return Err(failure.into()),
    };
    entered.page(visit, &visitor, status, Mistakes::one(field, key, visit.texts()), None)
}

/// What the form keeps: everything but the password.
struct Entered {
    email: String,
    next: Option<String>,
}

impl Entered {
    fn check(&self, password: &str, visit: &Visit) -> Result<Command, Mistakes> {
        let mut errors = FormErrors::none();
        let email = errors.take("email", EmailAddress::parse(&self.email));
        let password = errors.take("password", Password::typed(password));
        match (email, password) {
            (Some(email), Some(password)) => Ok(Command { email, password, channel: Channel::Pages }),
            _ => Err(Mistakes::found(&errors.into_list(), visit.texts(), &[])),
        }
    }

    fn page(
        self,
        visit: &Visit,
        visitor: &Binding,
        status: StatusCode,
        mistakes: Mistakes,
        notice: Option<Notice>,
    ) -> Result<Response, Refused> {
        let frame = Frame::visitor(visit, visitor, "login-title").with_notice(notice).with_mistakes(&mistakes);
        page(status, &LogInPage { frame, mistakes, email: self.email, next: self.next })
    }
}

fn signed_in(visit: &Visit, outcome: Outcome, next: Option<&str>) -> Result<Response, Refused> {
    let Outcome::SignedIn(signed_in) = outcome;
    let IssuedCredential::PageSecret(secret) = signed_in.credential else {
        return Err(PortFailure::lasting("a login on the pages made no secret for them").into());
    };
    visit.keep_session(&secret);
    visit.keep_device(signed_in.browser.as_ref());
    Ok(redirect(next.unwrap_or("/account")))
}

//! The sign-up, and the page after it that shows the new `token_required` once.

use askama::Template;
use domain::access::Actor;
use domain::accounts::even_time;
use domain::accounts::sign_up::{Outcome, SignUpError};
use domain::accounts::sign_up_form::SignUpForm;
use domain::ports::failure::PortFailure;
use poem::http::StatusCode;
use poem::{Response, handler};
use tokio::time::{Instant, sleep};

use crate::binding::Binding;
use crate::flash::Flash;
use crate::form::{Form, Post};
use crate::frame::{Frame, page, password_page, redirect};
use crate::mistakes::Mistakes;
use crate::pages::phone_number::without_separators;
use crate::refused::Refused;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "sign_up.html")]
struct SignUpPage {
    frame: Frame,
    mistakes: Mistakes,
    entered: Entered,
    minimum: usize,
}

#[derive(Template)]
#[template(path = "signed_up.html")]
struct SignedUpPage {
    frame: Frame,
    email: String,
    user_token: String,
}

/// Shows the form.
#[handler]
pub(crate) async fn show(visit: &Visit) -> Result<Response, Refused> {
    if visit.site.knows(visit).await? {
        return Ok(redirect("/account"));
    }
    Entered::default().page(visit, &visit.visitor(), StatusCode::OK, Mistakes::none())
}

/// Signs up.
#[handler]
pub(crate) async fn submit(visit: &Visit, post: Post) -> Result<Response, Refused> {
    let (visitor, started) = (visit.visitor(), Instant::now());
    let form = post.open(&visitor, &visit.site)?;
    let entered = Entered::of(&form);
    let passwords = &visit.site.use_cases.passwords;
    let command = match entered.form(form.text("password")).check(passwords) {
        Ok(command) => command,
        Err(errors) => {
            let mistakes = Mistakes::found(&errors, visit.texts(), &[("minimum", passwords.minimum().into())]);
            return entered.page(visit, &visitor, StatusCode::UNPROCESSABLE_ENTITY, mistakes);
        }
    };
    let actor = Actor::nobody(visit.origin.clone());
    let (status, key) = match visit.site.use_cases.sign_up.run(&actor, command).await {
        Ok(Outcome::SignedUp { email, user_token, .. }) => {
            visit.leave(&Flash::signed_up(email.as_str(), &user_token), &visitor)?;
            return Ok(redirect("/sign-up/done"));
        }
        Ok(Outcome::CheckMail) => {
            sleep(even_time::rest(started.elapsed())).await;
            return Ok(redirect("/mail/sent"));
        }
        Ok(Outcome::AlreadyExists) => (StatusCode::CONFLICT, "error-already-exists"),
        Err(SignUpError::NotAllowed) => (StatusCode::UNAUTHORIZED, "error-not-allowed"),
        // The form has no fields.
        Err(error @ SignUpError::FieldsLater) => return Err(PortFailure::lasting(error).into()),
        Err(SignUpError::TooMany(too_many)) => return Err(too_many.into()),
        Err(SignUpError::Hash(failure)) => return Err(failure.into()),
        Err(SignUpError::Failed(failure)) => return Err(failure.into()),
    };
    entered.page(visit, &visitor, status, Mistakes::one("email", key, visit.texts()))
}

/// Shows the token of the new account, once, and leads to the login with its address.
#[handler]
pub(crate) async fn show_done(visit: &Visit) -> Result<Response, Refused> {
    let visitor = visit.visitor();
    let (email, user_token) = match visit.take(&visitor) {
        Some(Flash::SignedUp { email, user_token }) => (email, user_token),
        other => {
            // The page was loaded again: the token is gone, but whose login to expect is still known.
            other.map(|message| visit.leave(&message, &visitor)).transpose()?;
            return Ok(redirect("/"));
        }
    };
    visit.leave(&Flash::Email(email.clone()), &visitor)?;
    let frame = Frame::visitor(visit, &visitor, "signed-up-title");
    page(StatusCode::OK, &SignedUpPage { frame, email, user_token })
}

/// What the form keeps: everything but the password.
#[derive(Default)]
struct Entered {
    email: String,
    phone_number: String,
    discoverable: bool,
}

impl Entered {
    fn of(form: &Form) -> Self {
        Self {
            email: form.trimmed("email").into(),
            phone_number: form.trimmed("phone_number").into(),
            discoverable: form.has("discoverable"),
        }
    }

    fn form(&self, password: &str) -> SignUpForm {
        let phone_number = without_separators(&self.phone_number);
        SignUpForm {
            email: self.email.clone(),
            password: password.into(),
            phone_number: (!phone_number.is_empty()).then_some(phone_number),
            discoverable: self.discoverable,
            fields: Vec::new(),
        }
    }

    fn page(
        self,
        visit: &Visit,
        visitor: &Binding,
        status: StatusCode,
        mistakes: Mistakes,
    ) -> Result<Response, Refused> {
        let frame = Frame::visitor(visit, visitor, "sign-up-title").with_mistakes(&mistakes);
        let minimum = visit.site.use_cases.passwords.minimum();
        password_page(status, &SignUpPage { frame, mistakes, entered: self, minimum })
    }
}

//! The forms that ask for a mail. What they answer is the same for every address.

use askama::Template;
use domain::access::{Actor, Operation};
use domain::accounts::ask_by_mail::Wanted;
use domain::accounts::email::EmailAddress;
use domain::accounts::even_time;
use poem::http::StatusCode;
use poem::{Response, handler};
use tokio::time::{Instant, sleep};

use crate::binding::Binding;
use crate::flash::{Flash, Notice};
use crate::form::Post;
use crate::frame::{Frame, page, redirect};
use crate::mistakes::Mistakes;
use crate::refused::Refused;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "forgot.html")]
struct ForgotPage {
    frame: Frame,
    mistakes: Mistakes,
    email: String,
}

#[derive(Template)]
#[template(path = "mail_again.html")]
struct MailAgainPage {
    frame: Frame,
    mistakes: Mistakes,
    email: String,
}

#[derive(Template)]
#[template(path = "mail_sent.html")]
struct MailSentPage {
    frame: Frame,
}

/// Shows the form for a new password.
#[handler]
pub(crate) fn show_forgot(visit: &Visit) -> Result<Response, Refused> {
    form_page(visit, &visit.visitor(), Wanted::NewPassword, "", Mistakes::none())
}

/// Mails the link to a new password.
#[handler]
pub(crate) async fn submit_forgot(visit: &Visit, post: Post) -> Result<Response, Refused> {
    ask(visit, post, Wanted::NewPassword).await
}

/// Shows the form for another mail that verifies an address.
#[handler]
pub(crate) fn show_again(visit: &Visit) -> Result<Response, Refused> {
    form_page(visit, &visit.visitor(), Wanted::Verification, "", Mistakes::none())
}

/// Mails the link that verifies an address once more.
#[handler]
pub(crate) async fn submit_again(visit: &Visit, post: Post) -> Result<Response, Refused> {
    ask(visit, post, Wanted::Verification).await
}

/// Shows where to look now.
#[handler]
pub(crate) fn show_sent(visit: &Visit) -> Result<Response, Refused> {
    page(StatusCode::OK, &MailSentPage { frame: Frame::stranger(visit, "mail-sent-title") })
}

/// Mails the link that verifies an address to its user, who is signed in.
#[handler]
pub(crate) async fn submit_own(visit: &Visit, post: Post) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::ShowMe).await?;
    post.open(&owner.binding(), &visit.site)?;
    if !owner.user.is_activated() {
        let ask_by_mail = &visit.site.use_cases.ask_by_mail;
        ask_by_mail.run(&owner.actor, Wanted::Verification, &owner.user.email).await?;
        visit.leave(&Flash::Notice(Notice::VerificationSent), &owner.binding())?;
    }
    Ok(redirect("/account"))
}

async fn ask(visit: &Visit, post: Post, wanted: Wanted) -> Result<Response, Refused> {
    let (visitor, started) = (visit.visitor(), Instant::now());
    let form = post.open(&visitor, &visit.site)?;
    let entered = form.trimmed("email");
    let email = match EmailAddress::parse(entered) {
        Ok(email) => email,
        Err(error) => {
            let mut mistakes = Mistakes::none();
            mistakes.add("email", &error, visit.texts());
            return form_page(visit, &visitor, wanted, entered, mistakes);
        }
    };
    let asked = visit.site.use_cases.ask_by_mail.run(&Actor::nobody(visit.origin.clone()), wanted, &email).await;
    sleep(even_time::rest(started.elapsed())).await;
    asked?;
    Ok(redirect("/mail/sent"))
}

fn form_page(
    visit: &Visit,
    visitor: &Binding,
    wanted: Wanted,
    email: &str,
    mistakes: Mistakes,
) -> Result<Response, Refused> {
    let status = if mistakes.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let frame = |title| Frame::visitor(visit, visitor, title).with_mistakes(&mistakes);
    let email = email.to_owned();
    match wanted {
        Wanted::NewPassword => page(status, &ForgotPage { frame: frame("forgot-title"), mistakes, email }),
        Wanted::Verification => page(status, &MailAgainPage { frame: frame("mail-again-title"), mistakes, email }),
    }
}

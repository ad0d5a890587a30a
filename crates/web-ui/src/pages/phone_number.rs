//! The form of the phone number, on the page of the account.

use domain::access::Operation;
use domain::accounts::phone::PhoneNumber;
use poem::http::StatusCode;
use poem::{Response, handler};

use crate::flash::{Flash, Notice};
use crate::form::Post;
use crate::frame::redirect;
use crate::mistakes::Mistakes;
use crate::pages::account::account_page;
use crate::refused::Refused;
use crate::visit::Visit;

/// Saves the number. An emptied input and the button beside it remove the number.
#[handler]
pub(crate) async fn submit(visit: &Visit, post: Post) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::UpdatePhone).await?;
    let form = post.open(&owner.binding(), &visit.site)?;
    let entered = form.trimmed("phone_number");
    let compact = without_separators(entered);
    let is_removed = form.has("remove") || compact.is_empty();
    let phone_number = match (!is_removed).then(|| PhoneNumber::parse(&compact)).transpose() {
        Ok(phone_number) => phone_number,
        Err(error) => {
            let mut mistakes = Mistakes::none();
            mistakes.add("phone_number", &error, visit.texts());
            return account_page(visit, owner, StatusCode::UNPROCESSABLE_ENTITY, entered.into(), mistakes).await;
        }
    };
    visit.site.use_cases.update_phone.run(&owner.actor, phone_number).await?;
    let notice = if is_removed { Notice::PhoneNumberRemoved } else { Notice::PhoneNumberSaved };
    visit.leave(&Flash::Notice(notice), &owner.binding())?;
    Ok(redirect("/account"))
}

/// A number as people write it, without what they put between its digits.
pub(crate) fn without_separators(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !"-.()/\u{2010}\u{2011}\u{2013}".contains(*c)).collect()
}

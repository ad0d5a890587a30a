//! The account: everything that its owner sees and edits.

use askama::Template;
use domain::access::Operation;
use domain::accounts::user::User;
use domain::land::field::Field;
use domain::land::list_fields::{ListFields, ListFieldsError};
use domain::page::{Cursor, Listing, Page, PageLimit};
use poem::http::StatusCode;
use poem::{Response, handler};

use crate::flash::Flash;
use crate::frame::{Frame, page, redirect};
use crate::mistakes::Mistakes;
use crate::pages::language::{Choice, choices};
use crate::refused::Refused;
use crate::site::Owner;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    mistakes: Mistakes,
    user: User,
    phone_number: String,
    languages: Vec<Choice>,
    fields: Vec<Field>,
    is_first_page: bool,
    next: Option<String>,
}

/// Shows the account.
#[handler]
pub(crate) async fn show(visit: &Visit) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::ShowMe).await?;
    let phone_number = phone_number(&owner);
    account_page(visit, owner, StatusCode::OK, phone_number, Mistakes::none()).await
}

/// Leads to the account whoever reloads the path of one of its forms.
#[handler]
pub(crate) fn lead_back() -> Response {
    redirect("/account")
}

/// The phone number as it is shown while nobody edits it.
pub(crate) fn phone_number(owner: &Owner) -> String {
    owner.user.phone_number.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// The account as a page, with the phone number as it was entered and what is wrong with it.
pub(crate) async fn account_page(
    visit: &Visit,
    owner: Owner,
    status: StatusCode,
    phone_number: String,
    mistakes: Mistakes,
) -> Result<Response, Refused> {
    let filter = ListFields::filter(&owner.actor);
    let after = visit.query("after").and_then(|text| Cursor::decode(&text, Listing::Fields, &filter).ok());
    let is_first_page = after.is_none();
    let fields = fields(visit, &owner, after).await?;
    let notice = match visit.take(&owner.binding()) {
        Some(Flash::Notice(notice)) => Some(notice),
        _ => None,
    };
    let frame = Frame::owner(visit, &owner, "account-title").with_notice(notice).with_mistakes(&mistakes);
    let next = fields.next.map(|cursor| cursor.encode(Listing::Fields, &filter));
    let languages = choices(owner.user.locale.as_ref());
    let (user, fields) = (owner.user, fields.items);
    page(status, &AccountPage { frame, mistakes, user, phone_number, languages, fields, is_first_page, next })
}

async fn fields(visit: &Visit, owner: &Owner, after: Option<Cursor>) -> Result<Page<Field>, Refused> {
    let list = &visit.site.use_cases.list_fields;
    match list.run(&owner.actor, after, PageLimit::USUAL).await {
        Ok(page) => Ok(page),
        Err(ListFieldsError::Page(_)) => Err(Refused::NotFound),
        Err(ListFieldsError::Denied(denied)) => Err(denied.into()),
        Err(ListFieldsError::Failed(failure)) => Err(failure.into()),
    }
}

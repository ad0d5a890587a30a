//! The removal of a land field.

use askama::Template;
use domain::access::Operation;
use domain::ids::FieldId;
use domain::land::field::Field;
use domain::land::list_fields::ListFieldsError;
use domain::land::remove_field::RemoveFieldError;
use domain::page::{Cursor, PageLimit};
use poem::http::StatusCode;
use poem::web::Path;
use poem::{Response, handler};
use uuid::Uuid;

use crate::flash::{Flash, Notice};
use crate::form::Post;
use crate::frame::{Frame, page, redirect};
use crate::refused::Refused;
use crate::site::Owner;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "remove_field.html")]
struct RemoveFieldPage {
    frame: Frame,
    field: Field,
}

/// Asks whether to remove the field.
#[handler]
pub(crate) async fn show(visit: &Visit, Path(id): Path<String>) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::ChangeFields).await?;
    let field = find(visit, &owner, read_id(&id)?).await?;
    page(StatusCode::OK, &RemoveFieldPage { frame: Frame::owner(visit, &owner, "remove-field-title"), field })
}

/// Removes the field.
#[handler]
pub(crate) async fn submit(visit: &Visit, Path(id): Path<String>, post: Post) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::ChangeFields).await?;
    post.open(&owner.binding(), &visit.site)?;
    match visit.site.use_cases.remove_field.run(&owner.actor, read_id(&id)?).await {
        Ok(()) => {}
        Err(RemoveFieldError::NotFound) => return Err(Refused::NotFound),
        Err(RemoveFieldError::Denied(denied)) => return Err(denied.into()),
        Err(RemoveFieldError::Failed(failure)) => return Err(failure.into()),
    }
    visit.leave(&Flash::Notice(Notice::FieldRemoved), &owner.binding())?;
    Ok(redirect("/account"))
}

fn read_id(text: &str) -> Result<FieldId, Refused> {
    Uuid::parse_str(text).map(FieldId::restore).map_err(|_| Refused::NotFound)
}

/// The owner's field with this id: the first after the id before it.
async fn find(visit: &Visit, owner: &Owner, id: FieldId) -> Result<Field, Refused> {
    let before = Uuid::from_u128(id.uuid().as_u128().wrapping_sub(1));
    let one = PageLimit::parse(1).map_err(|_| Refused::NotFound)?;
    let list = &visit.site.use_cases.list_fields;
    let found = list.run(&owner.actor, Some(Cursor::after(before.to_string())), one).await;
    let found = found.map_err(|error| match error {
        ListFieldsError::Page(_) => Refused::NotFound,
        ListFieldsError::Denied(denied) => denied.into(),
        ListFieldsError::Failed(failure) => failure.into(),
    })?;
    found.items.into_iter().find(|field| field.id == id).ok_or(Refused::NotFound)
}

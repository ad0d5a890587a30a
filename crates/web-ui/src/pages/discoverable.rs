//! The form of the discoverability, on the page of the account.

use domain::access::Operation;
use poem::{Response, handler};

use crate::flash::{Flash, Notice};
use crate::form::Post;
use crate::frame::redirect;
use crate::refused::Refused;
use crate::visit::Visit;

/// Saves whether others find the fields.
#[handler]
pub(crate) async fn submit(visit: &Visit, post: Post) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::SetDiscoverable).await?;
    let form = post.open(&owner.binding(), &visit.site)?;
    let discoverable = form.has("discoverable");
    visit.site.use_cases.set_discoverable.run(&owner.actor, discoverable).await?;
    let notice = if discoverable { Notice::Discoverable } else { Notice::NotDiscoverable };
    visit.leave(&Flash::Notice(notice), &owner.binding())?;
    Ok(redirect("/account"))
}

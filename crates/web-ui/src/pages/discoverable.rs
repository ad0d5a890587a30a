//! The form of the discoverability, on the page of the account.

use domain::access::Operation;
use domain::accounts::set_preferences::Preferences;
use poem::{Response, handler};

use crate::flash::{Flash, Notice};
use crate::form::Post;
use crate::frame::redirect;
use crate::refused::Refused;
use crate::visit::Visit;

/// Saves whether others find the fields.
#[handler]
pub(crate) async fn submit(visit: &Visit, post: Post) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::SetPreferences).await?;
    let form = post.open(&owner.binding(), &visit.site)?;
    let discoverable = form.has("discoverable");
    let wanted = Preferences::discoverable(discoverable);
    visit.site.use_cases.set_preferences.run(&owner.actor, &wanted).await?;
    let notice = if discoverable { Notice::Discoverable } else { Notice::NotDiscoverable };
    visit.leave(&Flash::Notice(notice), &owner.binding())?;
    Ok(redirect("/account"))
}

//! The end of a session.

use domain::access::Operation;
use domain::sessions::log_out::LogOutError;
use poem::{Response, handler};

use crate::flash::{Flash, Notice};
use crate::form::Post;
use crate::frame::redirect;
use crate::refused::Refused;
use crate::visit::Visit;

/// Ends the session, and leads to the login.
#[handler]
pub(crate) async fn submit(visit: &Visit, post: Post) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::LogOut).await?;
    post.open(&owner.binding(), &visit.site)?;
    visit.site.use_cases.log_out.run(&owner.actor).await.map_err(|error| match error {
        LogOutError::Denied(denied) => Refused::from(denied),
        LogOutError::Failed(failure) => Refused::from(failure),
    })?;
    visit.drop_session();
    visit.leave(&Flash::Notice(Notice::LoggedOut), &visit.visitor())?;
    Ok(redirect("/"))
}

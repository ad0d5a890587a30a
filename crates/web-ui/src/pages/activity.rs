//! What happened to an account.

use askama::Template;
use domain::access::Operation;
use domain::events::list_own_events::{ListOwnEvents, ListOwnEventsError, Wanted};
use domain::events::own_event::{Doer, OwnEvent, RecordedKind};
use domain::page::{Cursor, Listing, PageLimit};
use poem::http::StatusCode;
use poem::{Response, handler};

use crate::frame::{Frame, page};
use crate::refused::Refused;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "activity.html")]
struct ActivityPage {
    frame: Frame,
    events: Vec<OwnEvent>,
    is_first_page: bool,
    next: Option<String>,
}

impl ActivityPage {
    /// What happened, in plain words. What only a newer program knows has none here.
    fn words(&self, event: &OwnEvent) -> String {
        match &event.kind {
            RecordedKind::Known(kind) => self.frame.t(&format!("event-{}", kind.name().replace('.', "-"))),
            RecordedKind::Foreign(_) => self.frame.t("event-foreign"),
        }
    }
}

/// Shows what happened, the newest first.
#[handler]
pub(crate) async fn show(visit: &Visit) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::ListOwnEvents).await?;
    let filter = ListOwnEvents::filter(&owner.actor);
    let after = visit.query("after").and_then(|text| Cursor::decode(&text, Listing::Events, &filter).ok());
    let is_first_page = after.is_none();
    let list = &visit.site.use_cases.list_own_events;
    let found = match list.run(&owner.actor, Wanted::News, after, PageLimit::USUAL).await {
        Ok(found) => found,
        Err(ListOwnEventsError::Page(_)) => return Err(Refused::NotFound),
        Err(ListOwnEventsError::Denied(denied)) => return Err(denied.into()),
        Err(ListOwnEventsError::Failed(failure)) => return Err(failure.into()),
    };
    let frame = Frame::owner(visit, &owner, "activity-title");
    let next = found.next.map(|cursor| cursor.encode(Listing::Events, &filter));
    page(StatusCode::OK, &ActivityPage { frame, events: found.items, is_first_page, next })
}

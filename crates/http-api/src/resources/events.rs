//! What happened to one's own account.

use chrono::{DateTime, Utc};
use domain::events::list_own_events::{ListOwnEvents, ListOwnEventsError, Wanted};
use domain::events::own_event::OwnEvent;
use domain::form::FormErrors;
use domain::page::Listing;
use poem::Request;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use uuid::Uuid;

use crate::caller::{Caller, Context, denied};
use crate::problem::Refusal;
use crate::query::{self, PageRefusal};
use crate::resources::Part;

pub(crate) struct Events;

#[OpenApi(tag = "Part::Accounts")]
impl Events {
    /// See what happened to your account
    ///
    /// The newest first, as far back as this installation keeps it.
    #[oai(path = "/me/events", method = "get", operation_id = "listOwnEvents")]
    async fn list(
        &self,
        caller: Caller,
        request: &Request,
        /// How many events a page holds: 1 to 100, 50 unless you say otherwise.
        limit: Query<Option<String>>,
        /// The `next` of the page before.
        after: Query<Option<String>>,
    ) -> poem::Result<EventsAnswer> {
        let filter = ListOwnEvents::filter(caller.actor());
        let mut errors = FormErrors::none();
        query::check_names(request, &["limit", "after"], &mut errors);
        let (limit, after) = query::page(limit.0.as_deref(), after.0.as_deref(), Listing::Events, &filter, &mut errors);
        query::settle(errors)?;
        match Context::of(request)?.api.list_own_events.run(caller.actor(), Wanted::All, after, limit).await {
            Ok(page) => Ok(EventsAnswer::Ok(Json(EventPage {
                next: page.next.map(|cursor| cursor.encode(Listing::Events, &filter)),
                events: page.items.iter().map(EventDto::of).collect(),
            }))),
            Err(ListOwnEventsError::Denied(reason)) => Err(denied(reason).into()),
            Err(ListOwnEventsError::Page(error)) => Err(query::wrong("after", &PageRefusal(error)).into()),
            Err(ListOwnEventsError::Failed(failure)) => Err(Refusal::failed(&failure).into()),
        }
    }
}

/// Something that happened to your account.
#[derive(Object)]
#[oai(rename = "OwnEvent", example)]
pub(crate) struct EventDto {
    /// The event's id.
    id: Uuid,
    /// What happened: a stable, dotted name, such as `session.started`. Newer versions may know more of them.
    kind: String,
    /// When.
    at: DateTime<Utc>,
    /// Who did it: `you`, the `operator`, or `somebody` who had not shown who they are.
    by: String,
    /// The network that it came from, such as `203.0.113.0/24`, if that is known.
    #[oai(nullable)]
    address: Option<String>,
    /// The device, as it said of itself, if it did.
    #[oai(nullable)]
    device: Option<String>,
    /// The request, as `x-request-id` told it, if it was one.
    #[oai(nullable)]
    request_id: Option<Uuid>,
}

impl EventDto {
    fn of(event: &OwnEvent) -> Self {
        Self {
            id: event.id.uuid(),
            kind: event.kind.name().into(),
            at: event.at,
            by: event.by.name().into(),
            address: event.network.as_ref().map(ToString::to_string),
            device: event.device.as_ref().map(ToString::to_string),
            request_id: event.request.map(|request| request.uuid()),
        }
    }
}

impl Example for EventDto {
    fn example() -> Self {
        Self {
            id: Uuid::from_u128(0x0193_6a4e_7c5b_7a10_8a5f_3f6f_2d0c_9b1e),
            kind: "session.started".into(),
            at: DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default(),
            by: "you".into(),
            address: Some("203.0.113.0/24".into()),
            device: Some("Firefox, Windows".into()),
            request_id: Some(Uuid::from_u128(0x0193_6a4e_7c5b_7a10_8a5f_3f6f_2d0c_9b1d)),
        }
    }
}

/// A page of what happened to your account.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct EventPage {
    /// The events, the newest first.
    events: Vec<EventDto>,
    /// What to hand back as `after` for the next page; left out on the last one.
    next: Option<String>,
}

#[derive(ApiResponse)]
pub(crate) enum EventsAnswer {
    /// What happened to your account.
    #[oai(status = 200)]
    Ok(Json<EventPage>),
}

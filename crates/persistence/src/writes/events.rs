//! What happened.

use domain::events::{Event, EventActor};
use sea_orm::{DatabaseTransaction, DbErr};
use serde_json::{Map, Value};

use crate::sql::{execute, statements};

statements! {
    RECORD = "INSERT INTO events (id, kind, actor, actor_id, subject_kind, subject_id, request_id, at, data, \
              user_id, address, network, device) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
}

/// Writes down an event. What it says beside the columns is a JSON object of texts.
pub(super) async fn record(transaction: &DatabaseTransaction, event: &Event) -> Result<(), DbErr> {
    let actor_id = match event.actor {
        EventActor::User(user) => Some(user.uuid()),
        EventActor::Nobody | EventActor::System => None,
    };
    let data = event.data.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())));
    let values = [
        event.id.uuid().into(),
        event.kind.name().into(),
        event.actor.name().into(),
        actor_id.into(),
        event.subject.kind.into(),
        event.subject.id.as_str().into(),
        event.origin.request.map(|request| request.uuid()).into(),
        event.at.into(),
        Value::from(data.collect::<Map<_, _>>()).to_string().into(),
        event.user.map(|user| user.uuid()).into(),
        event.origin.address.as_ref().map(|address| address.digest().as_str().to_owned()).into(),
        event.origin.network().map(|network| network.as_str().to_owned()).into(),
        event.origin.device.as_ref().map(|device| device.as_str().to_owned()).into(),
    ];
    execute(transaction, RECORD, values).await.map(|_| ())
}

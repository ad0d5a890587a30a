//! What happened.

use domain::events::{Event, EventActor};
use sea_orm::DbErr;
use serde_json::{Map, Value};

use crate::sql::{execute, statements};
use crate::transaction::Transaction;

/// Where an event goes.
macro_rules! insert {
    () => {
        "INSERT INTO events (id, kind, actor, actor_id, subject_kind, subject_id, request_id, at, data, user_id, \
         address, network, device)"
    };
}
pub(super) use insert;

statements! {
    RECORD = concat!(insert!(), " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)");
}

/// Writes down an event.
pub(super) async fn record(transaction: &Transaction, event: &Event) -> Result<(), DbErr> {
    execute(transaction, RECORD, values(event)).await.map(|_| ())
}

/// The values of an event's columns. What it says beside them is a JSON object of texts.
pub(super) fn values(event: &Event) -> [sea_orm::Value; 13] {
    let actor_id = match event.actor {
        EventActor::User(user) => Some(user.uuid()),
        EventActor::Nobody | EventActor::System => None,
    };
    let data = event.data.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())));
    [
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
    ]
}

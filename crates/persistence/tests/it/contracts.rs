//! The laws of the ports, on both engines: one process writes, another reads.

use std::sync::Arc;

use async_trait::async_trait;
use persistence::database::Database;
use port_contracts::fixture::{EventLog, Fixture, Ports, RecordedEvent};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, QueryResult, Statement};
use uuid::Uuid;

use crate::fixture::Place;

mod on_sqlite {
    use super::{Fixture, Place, fixture};

    async fn sqlite() -> Fixture {
        fixture(Place::sqlite()).await
    }

    port_contracts::stamp!(sqlite);
}

mod on_postgres {
    use super::{Fixture, Place, fixture};

    async fn postgres() -> Fixture {
        fixture(Place::postgres().await).await
    }

    port_contracts::stamp!(postgres);
}

async fn fixture(place: Place) -> Fixture {
    let (here, there) = (ports(place.open().await), ports(place.open().await));
    Fixture { here, there, events: Arc::new(Events(place.raw().await)), keep: Box::new(place) }
}

fn ports(database: Database) -> Ports {
    let database = Arc::new(database);
    Ports {
        accounts: database.clone(),
        sessions: database.clone(),
        last_seen: database.clone(),
        domain_rules: database.clone(),
        authority_tokens: database.clone(),
        fields: database.clone(),
        mailed_tokens: database.clone(),
        deliveries: database.clone(),
        own_events: database.clone(),
        retention: database.clone(),
        keys: database.clone(),
        ledger: database.clone(),
        throttles: database.clone(),
        arrivals: database.clone(),
        readiness: database,
    }
}

struct Events(DatabaseConnection);

#[async_trait]
impl EventLog for Events {
    async fn events(&self) -> Vec<RecordedEvent> {
        let statement = Statement::from_string(self.0.get_database_backend(), "SELECT * FROM events");
        let rows = self.0.query_all_raw(statement).await.expect("read");
        rows.iter().map(recorded).collect()
    }
}

fn recorded(row: &QueryResult) -> RecordedEvent {
    let text = |column| row.try_get::<String>("", column).expect("a text");
    let some = |column| row.try_get::<Option<String>>("", column).expect("a text");
    let id = |column| row.try_get::<Option<Uuid>>("", column).expect("an id").map(|id| id.to_string());
    let at = row.try_get::<chrono::DateTime<chrono::Utc>>("", "at").expect("a time");
    let data = serde_json::from_str::<serde_json::Map<_, _>>(&text("data")).expect("an object");
    let data = data.into_iter().map(|(name, value)| (name, value.as_str().expect("a text").into()));
    RecordedEvent {
        id: id("id").expect("an id"),
        kind: text("kind"),
        actor: (text("actor"), id("actor_id")),
        subject: (text("subject_kind"), text("subject_id")),
        user: id("user_id"),
        place: (some("address"), some("network"), some("device")),
        request: id("request_id"),
        at: at.timestamp_micros(),
        data: data.collect(),
    }
}

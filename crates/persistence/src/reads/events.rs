//! What happened to an account.

use async_trait::async_trait;
use domain::events::own_event::{Doer, OwnEvent, RecordedKind};
use domain::events::ports::Events;
use domain::ids::{EventId, RequestId, UserId};
use domain::origin::{Device, Network};
use domain::ports::failure::PortFailure;
use sea_orm::QueryResult;
use uuid::Uuid;

use crate::database::Database;
use crate::failure::port_failure;
use crate::sql::{all, column, limit, statements};

/// The events of a user from the newest on.
macro_rules! of_user {
    ($which:literal) => {
        concat!(
            "SELECT id, kind, actor, actor_id, request_id, at, network, device FROM events \
             WHERE user_id = $1 AND id < $2",
            $which,
            " ORDER BY id DESC LIMIT $3"
        )
    };
}

statements! {
    OF_USER = of_user!("");
    /// These words are those of the index that leaves the same events out.
    NEWS_OF_USER = of_user!(" AND kind <> 'session.refreshed'");
}

#[async_trait]
impl Events for Database {
    async fn of_user(
        &self,
        user: UserId,
        only_news: bool,
        before: Option<EventId>,
        rows: usize,
    ) -> Result<Vec<OwnEvent>, PortFailure> {
        // Every id comes before the one of ones.
        let before = before.map_or(Uuid::max(), |before| before.uuid());
        let sql = if only_news { NEWS_OF_USER } else { OF_USER };
        let rows = all(self.reader(), sql, [user.uuid().into(), before.into(), limit(rows)]).await;
        rows.map_err(port_failure)?.iter().map(|row| own_event(row, user)).collect()
    }
}

fn own_event(row: &QueryResult, owner: UserId) -> Result<OwnEvent, PortFailure> {
    let is_owner = column::<Option<Uuid>>(row, "actor_id")? == Some(owner.uuid());
    Ok(OwnEvent {
        id: EventId::restore(column(row, "id")?),
        kind: RecordedKind::of_name(&column::<String>(row, "kind")?),
        by: Doer::of(&column::<String>(row, "actor")?, is_owner),
        network: column::<Option<String>>(row, "network")?.map(Network::restore),
        device: column::<Option<String>>(row, "device")?.map(Device::restore),
        request: column::<Option<Uuid>>(row, "request_id")?.map(RequestId::restore),
        at: column(row, "at")?,
    })
}

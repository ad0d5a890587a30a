//! What happened to an account, as its owner sees it.

use domain::changes::Changes;
use domain::events::own_event::{Doer, OwnEvent, ROUTINE, RecordedKind};
use domain::events::{Event, EventActor, EventKind, EventSubject};
use domain::ids::{EventId, UserId};
use domain::origin::Origin;
use uuid::Uuid;

use crate::fixture::{Fixture, Ports};
use crate::samples::{at, id, origin};

/// What is the owner's business reads back, whoever did it, and of every kind.
pub async fn an_event_reads_back_without_what_is_not_its_owners(fixture: Fixture) {
    let (owner, other) = (UserId::restore(id()), UserId::restore(id()));
    let actors = [
        (EventActor::User(owner), Doer::Owner),
        (EventActor::User(other), Doer::Somebody),
        (EventActor::Nobody, Doer::Somebody),
        (EventActor::System, Doer::Operator),
    ];
    for (number, kind) in EventKind::ALL.iter().enumerate() {
        let (actor, by) = actors[number % actors.len()];
        let origin = if number % 2 == 0 { origin() } else { Origin::default() };
        let event = Event { actor, origin, at: at(7), ..event(owner, *kind) };
        fixture.here.write(Changes::new(event.clone().with("secret", "of operators"))).await;
        let read = of_user(&fixture.there, owner, false, None, 1).await.pop().expect("it is the newest");
        let expected = OwnEvent {
            id: event.id,
            kind: RecordedKind::Known(*kind),
            by,
            network: event.origin.network(),
            device: event.origin.device.clone(),
            request: event.origin.request,
            at: event.at,
        };
        assert_eq!(read, expected);
    }
}

/// The order is that of the ids, from the newest on; a page begins before any id, also an unknown one.
pub async fn events_list_the_newest_first_page_by_page(fixture: Fixture) {
    let owner = UserId::restore(id());
    let mut ids = write(&fixture.here, owner, &[EventKind::SessionStarted; 5]).await;
    ids.reverse();
    let page = async |before, limit| {
        let events = of_user(&fixture.there, owner, false, before, limit).await;
        events.into_iter().map(|event| event.id).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 10).await, ids);
    assert_eq!(page(None, 2).await, ids[..2]);
    assert_eq!(page(Some(ids[1]), 2).await, ids[2..4]);
    assert_eq!(page(Some(ids[4]), 2).await, []);
    assert_eq!(page(Some(EventId::restore(Uuid::from_u128(u128::MAX))), 1).await, ids[..1]);
}

/// What programs do all day stands between the news, and does not count among them.
pub async fn news_leave_the_routine_out(fixture: Fixture) {
    let owner = UserId::restore(id());
    let kinds = [EventKind::SessionStarted, ROUTINE, ROUTINE, EventKind::PasswordChanged, ROUTINE];
    let ids = write(&fixture.here, owner, &kinds).await;
    let news = of_user(&fixture.there, owner, true, None, 2).await;
    assert_eq!(news.iter().map(|event| event.id).collect::<Vec<_>>(), [ids[3], ids[0]]);
    let earlier = of_user(&fixture.there, owner, true, Some(ids[3]), 2).await;
    assert_eq!(earlier.iter().map(|event| event.id).collect::<Vec<_>>(), [ids[0]]);
    assert_eq!(of_user(&fixture.there, owner, false, None, 10).await.len(), 5);
}

/// Neither what others did to their own account, nor what concerns nobody's.
pub async fn an_owner_sees_no_event_of_another(fixture: Fixture) {
    let (owner, other) = (UserId::restore(id()), UserId::restore(id()));
    write(&fixture.here, other, &[EventKind::SessionStarted]).await;
    let nobodys = Event { user: None, actor: EventActor::User(owner), ..event(owner, EventKind::KeysMade) };
    fixture.here.write(Changes::new(nobodys)).await;
    assert_eq!(of_user(&fixture.there, owner, false, None, 10).await, []);
    let own = write(&fixture.here, owner, &[EventKind::SessionStarted]).await;
    for only_news in [false, true] {
        let events = of_user(&fixture.there, owner, only_news, None, 10).await;
        assert_eq!(events.iter().map(|event| event.id).collect::<Vec<_>>(), own);
    }
}

/// Writes events of these kinds, one after the other: their ids.
async fn write(ports: &Ports, owner: UserId, kinds: &[EventKind]) -> Vec<EventId> {
    let mut ids = Vec::new();
    for kind in kinds {
        let event = event(owner, *kind);
        ids.push(event.id);
        ports.write(Changes::new(event)).await;
    }
    ids
}

fn event(owner: UserId, kind: EventKind) -> Event {
    Event {
        id: EventId::restore(id()),
        kind,
        actor: EventActor::User(owner),
        subject: EventSubject::new("user", owner),
        user: Some(owner),
        origin: Origin::default(),
        at: at(0),
        data: Vec::new(),
    }
}

async fn of_user(
    ports: &Ports,
    owner: UserId,
    only_news: bool,
    before: Option<EventId>,
    limit: usize,
) -> Vec<OwnEvent> {
    ports.own_events.of_user(owner, only_news, before, limit).await.expect("the events are read")
}

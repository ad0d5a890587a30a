//! Plans, whatever they write.

use std::time::Duration;

use domain::changes::account::AccountChange;
use domain::changes::{
    AuthorityChange, Change, Changes, DomainChange, Invariant, KeyChange, LandChange, SessionChange, UniqueKey,
};
use domain::domains::policy::BelongsTo;
use domain::events::{Event, EventActor, EventKind, EventSubject};
use domain::ids::{EventId, UserId};
use domain::keys::rows::StoredDataKey;
use domain::origin::Origin;
use domain::ports::secrets::{SealedSecret, SecretPurpose};
use domain::sessions::session::{Channel, EndReason};
use tokio::time::timeout;

use crate::fixture::{Fixture, RecordedEvent};
use crate::laws::accounts::by_id;
use crate::outcome::{expect_conflict, expect_stale};
use crate::samples::{
    add, at, authority_token, digest, domain, field, geo_id, grant, hash, id, open, origin, plan, plan_of, rule,
    session, user,
};

/// Who did what to what, by which request and when: all of it, of every kind, and in plans that
/// write nothing else.
pub async fn every_event_reads_back_equal(fixture: Fixture) {
    let actors = [EventActor::Nobody, EventActor::System, EventActor::User(UserId::restore(id()))];
    let mut expected = Vec::new();
    for (number, kind) in (0..).zip(EventKind::ALL) {
        let mut event = Event {
            id: EventId::restore(id()),
            kind: *kind,
            actor: actors[number % actors.len()],
            subject: EventSubject::new("domain", "b\u{fc}cher.example"),
            user: (number % 3 == 1).then(|| UserId::restore(id())),
            origin: if number % 2 == 0 { origin() } else { Origin::default() },
            at: at(-1),
            data: Vec::new(),
        };
        if number % 3 > 0 {
            event = event.with("zeta", "'; \"\\\u{1f33e}").with("alpha", 7).with("empty", "");
        }
        expected.push(RecordedEvent::from(&event));
        fixture.here.write(Changes::new(event)).await;
    }
    let mut read = fixture.events.events().await;
    read.sort();
    expected.sort();
    assert_eq!(read, expected);
}

/// One write of each kind, and a last one that is refused: nothing of it is there, in no process.
pub async fn a_plan_is_written_whole_or_not_at_all(fixture: Fixture) {
    let whole = whole_plan();
    let refused: [Change; 3] = [
        SessionChange::End {
            session: session(&user("x@example.org"), Channel::Api).id,
            reason: EndReason::LoggedOut,
            at: at(0),
        }
        .into(),
        AuthorityChange::Issue(authority_token("new.example", "other")).into(),
        Invariant::NotBlocked(domain("blocked.example")).into(),
    ];
    for last in refused {
        assert!(fixture.here.apply(whole.clone().with(last)).await.is_err());
        assert_eq!(fixture.event_count().await, 0);
        for ports in [&fixture.here, &fixture.there] {
            assert!(ports.accounts.list(None, 10).await.expect("read").is_empty());
            assert!(ports.domain_rules.list(None, None, 10).await.expect("read").is_empty());
            assert_eq!(ports.authority_tokens.of(&domain("new.example")).await.expect("read"), None);
            assert_eq!(ports.keys.root_fingerprint().await.expect("read"), None);
            assert!(ports.keys.data_keys().await.expect("read").is_empty());
        }
    }
    // The same plan without the refused write goes through afterwards: no id and no key was used up.
    fixture.there.write(whole).await;
    assert_eq!(fixture.event_count().await, 1);
}

/// Each write finds what those before it have written.
pub async fn a_plan_sees_its_own_writes(fixture: Fixture) {
    let user = user("ada@example.org");
    let (first, second) = (session(&user, Channel::Api), session(&user, Channel::Api));
    let set = |version| AccountChange::SetDiscoverable { user: user.id, version, discoverable: true, at: at(1) };
    let end = SessionChange::End { session: first.id, reason: EndReason::LoggedOut, at: at(1) };
    let plan = plan_of(add(&user)).with(open(&first)).with(end.clone()).with(set(1)).with(set(2)).with(open(&second));
    expect_stale(fixture.here.apply(plan.clone().with(end)).await);
    expect_stale(fixture.here.apply(plan.clone().with(set(2))).await);
    fixture.here.write(plan).await;
    assert_eq!(by_id(&fixture.there, user.id).await.map(|user| user.version), Some(3));
}

/// The event's id is the plan's own: the plan goes through once.
pub async fn a_plan_is_written_once(fixture: Fixture) {
    let plan = plan_of(DomainChange::Put(rule("gmail.com", BelongsTo::Blocked)));
    fixture.here.write(plan.clone()).await;
    fixture.here.write(plan_of(DomainChange::Remove(domain("gmail.com")))).await;
    expect_conflict(fixture.there.apply(plan).await, UniqueKey::Random);
    assert!(fixture.here.domain_rules.list(None, None, 10).await.expect("read").is_empty());
    assert_eq!(fixture.event_count().await, 2);
}

/// One number per change, in their order; a rule that is only checked touches no row.
pub async fn a_receipt_counts_the_rows_of_each_change(fixture: Fixture) {
    let user = user("ada@example.org");
    let rehash = |from| AccountChange::Rehash { user: user.id, from, to: hash() };
    let absent = domain::accounts::password_hash::PasswordHash::restore("absent");
    let plan = plan_of(add(&user))
        .with(rehash(absent))
        .with(Invariant::FieldLimit(user.id))
        .with(LandChange::Add(field(&user, geo_id(1))))
        .with(DomainChange::Put(rule("gmail.com", BelongsTo::Allowed)))
        .with(DomainChange::Put(rule("gmail.com", BelongsTo::Blocked)));
    let rows = fixture.here.write(plan).await.rows;
    // A user may be several rows to an engine.
    assert!(rows[0] >= 1);
    assert_eq!(rows[1..], [0, 0, 1, 1, 1]);
    assert_eq!(fixture.here.write(crate::samples::plan()).await.rows, []);
}

/// A caller who hangs up in the middle leaves a plan whole or unwritten, and a database that works.
pub async fn who_stops_waiting_leaves_all_or_nothing(fixture: Fixture) {
    let waits = [0, 0, 100, 300, 1_000, 3_000, 10_000];
    for (number, microseconds) in waits.into_iter().enumerate() {
        let user = user(&format!("user{number}@example.org"));
        let plan = plan_of(add(&user)).with_all((0..20).map(|number| LandChange::Add(field(&user, geo_id(number)))));
        let event = plan.event.id.to_string();
        let _ = timeout(Duration::from_micros(microseconds), fixture.here.ledger.apply(plan.clone())).await;
        // It may still be on its way: repeating it settles which it is.
        let repeated = fixture.here.apply(plan).await;
        if repeated.is_err() {
            assert!(matches!(&repeated, Err(domain::ports::ledger::Rejected::Conflict(_))), "{repeated:?}");
        }
        assert_eq!(by_id(&fixture.there, user.id).await, Some(user.clone()));
        assert_eq!(fixture.there.fields.list(user.id, None, 100).await.expect("read").len(), 20);
        assert_eq!(fixture.events.events().await.iter().filter(|written| written.id == event).count(), 1);
    }
}

/// Whoever can do all this is ready, in each process.
pub async fn an_open_database_is_ready(fixture: Fixture) {
    for ports in [&fixture.here, &fixture.there] {
        ports.readiness.check().await.expect("it is ready");
    }
    assert_eq!(fixture.event_count().await, 0);
}

/// A plan that writes to every room, among it a blocked domain and an authority token.
fn whole_plan() -> Changes {
    let user = user("ada@example.org");
    let (api, pages) = (session(&user, Channel::Api), session(&user, Channel::Pages));
    let page_secret = Some(digest("page"));
    let sealed = SealedSecret::restore("sealed");
    let key = StoredDataKey { id: "key".into(), purpose: SecretPurpose::Seal, sealed, created_at: at(0) };
    plan()
        .with(AccountChange::Add { user: Box::new(user.clone()), password: hash(), user_token: Some(digest("token")) })
        .with(open(&api))
        .with(SessionChange::AddGrant { grant: grant(&api), at: at(0) })
        .with(SessionChange::Open { session: pages, page_secret, verified: hash() })
        .with(DomainChange::Put(rule("blocked.example", BelongsTo::Blocked)))
        .with(AuthorityChange::Issue(authority_token("new.example", "authority")))
        .with(LandChange::Add(field(&user, geo_id(1))))
        .with(KeyChange::SetRoot { fingerprint: "root".into(), at: at(0) })
        .with(KeyChange::AddData(key))
}

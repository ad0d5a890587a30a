//! Rows that are too old to be kept.

use chrono::TimeDelta;
use domain::accounts::user::User;
use domain::changes::account::AccountChange;
use domain::changes::{MailChange, SessionChange};
use domain::ids::{DeliveryId, MailedTokenId};
use domain::mail::delivery::{Delivery, DeliveryOutcome};
use domain::mail::letter::{Letter, Template};
use domain::mail::mailed_token::{MailedToken, MailedTokenPurpose};
use domain::ports::clock::Timestamp;
use domain::retention::Leftover;
use domain::sessions::ports::CredentialKey;
use domain::sessions::session::{Channel, EndReason, Session};

use crate::fixture::{Fixture, Ports};
use crate::laws::accounts::by_id;
use crate::outcome::RACERS;
use crate::samples::{add, at, email, grant, id, open, plan, plan_of, session, user};

const LONG_AGO: TimeDelta = TimeDelta::days(1_000);

/// Events go by their time, so many at once, and the rest stays.
pub async fn old_events_go_the_oldest_first(fixture: Fixture) {
    for time in [3, 1, 2, 4] {
        let mut plan = plan();
        plan.event.at = at(time);
        fixture.here.write(plan).await;
    }
    let left = async || {
        let mut left: Vec<_> = fixture.events.events().await.into_iter().map(|event| event.at).collect();
        left.sort_unstable();
        left
    };
    let micros = |times: &[i64]| times.iter().map(|time| at(*time).timestamp_micros()).collect::<Vec<_>>();
    assert_eq!(purge(&fixture.there, Leftover::Events, at(1), 10).await, 0, "none was over before");
    assert_eq!(purge(&fixture.there, Leftover::Events, at(4), 2).await, 2);
    assert_eq!(left().await, micros(&[3, 4]));
    assert_eq!(purge(&fixture.there, Leftover::Events, at(4), 2).await, 1);
    assert_eq!(purge(&fixture.there, Leftover::Events, at(4), 2).await, 0);
    assert_eq!(left().await, micros(&[4]));
}

/// A letter goes a while after it was sent, given up or dropped; one that waits stays, however old it is.
pub async fn settled_letters_go_and_waiting_ones_stay(fixture: Fixture) {
    let letter = Letter::new(Template::Test, email("ada@example.org"), None);
    let delivery =
        |time| Delivery { id: DeliveryId::restore(id()), letter: letter.clone(), attempts: 0, created_at: at(time) };
    let queued = [delivery(0), delivery(1), delivery(2), delivery(3), delivery(4)];
    fixture.here.write(plan().with_all(queued.iter().cloned().map(MailChange::Queue))).await;
    let outcomes =
        [DeliveryOutcome::Sent, DeliveryOutcome::GivenUp, DeliveryOutcome::Dropped, DeliveryOutcome::Postponed(at(50))];
    for (outcome, time) in outcomes.into_iter().zip(10..) {
        let claimed = fixture.here.deliveries.claim(at(9), at(40)).await.expect("claimed").expect("one is due");
        fixture.here.deliveries.settle(&claimed, outcome, at(time)).await.expect("settled");
    }
    assert_eq!(purge(&fixture.there, Leftover::Deliveries, at(10), 10).await, 0);
    assert_eq!(purge(&fixture.there, Leftover::Deliveries, at(12), 10).await, 2);
    assert_eq!(purge(&fixture.there, Leftover::Deliveries, at(0) + LONG_AGO, 10).await, 1);
    let mut left = Vec::new();
    while let Some(claimed) = fixture.there.deliveries.claim(at(100), at(1_000)).await.expect("claimed") {
        left.push(claimed.id);
    }
    left.sort_unstable();
    assert_eq!(left, [queued[3].id, queued[4].id], "those that wait");
}

/// A token goes a while after it was used, ended or has expired; one that holds stays.
pub async fn mailed_tokens_go_once_they_are_over(fixture: Fixture) {
    let ada = user("ada@example.org");
    fixture.here.write(plan_of(add(&ada))).await;
    let token = |expires_at: Timestamp| MailedToken {
        id: MailedTokenId::restore(id()),
        user: ada.id,
        purpose: MailedTokenPurpose::UndoAddressChange,
        address: ada.email.clone(),
        created_at: at(0),
        expires_at,
    };
    let [used, expired, holds] = [token(at(100)), token(at(20)), token(at(200))];
    for token in [&used, &expired, &holds] {
        fixture.here.write(plan_of(MailChange::AddToken(token.clone()))).await;
    }
    let (token, purpose) = (used.id, used.purpose);
    fixture.here.write(plan_of(MailChange::UseToken { token, purpose, at: at(10) })).await;
    let there = async |token: &MailedToken| fixture.there.mailed_tokens.by_id(token.id).await.expect("read").is_some();
    assert_eq!(purge(&fixture.there, Leftover::MailedTokens, at(10), 10).await, 0);
    assert_eq!(purge(&fixture.there, Leftover::MailedTokens, at(11), 10).await, 1);
    assert!(there(&expired).await && there(&holds).await);
    assert_eq!(purge(&fixture.there, Leftover::MailedTokens, at(21), 10).await, 1);
    assert!(!there(&expired).await && there(&holds).await);
    assert_eq!(purge(&fixture.there, Leftover::MailedTokens, at(200), 10).await, 0);
}

/// A session goes a while after it was ended or has expired, and its grants with it; one that runs stays.
pub async fn sessions_go_once_they_are_over_with_their_grants(fixture: Fixture) {
    let ada = user("ada@example.org");
    fixture.here.write(plan_of(add(&ada))).await;
    let expiring = |expires_at| Session { expires_at, ..session(&ada, Channel::Api) };
    let (ended, expired, runs) = (expiring(at(100)), expiring(at(20)), expiring(at(200)));
    let mut grants = Vec::new();
    for session in [&ended, &expired, &runs] {
        let grant = grant(session);
        let add = SessionChange::AddGrant { grant: grant.clone(), at: at(0) };
        fixture.here.write(plan_of(open(session)).with(add)).await;
        grants.push(grant.id);
    }
    let end = SessionChange::End { session: ended.id, reason: EndReason::LoggedOut, at: at(10) };
    fixture.here.write(plan_of(end)).await;
    let left = async || {
        let mut left = Vec::new();
        for (session, grant) in [&ended, &expired, &runs].into_iter().zip(&grants) {
            let by_grant = fixture.there.sessions.by_grant(*grant).await.expect("read").is_some();
            let holder = fixture.there.sessions.holder(&CredentialKey::Session(session.id)).await.expect("read");
            assert_eq!(holder.is_some(), by_grant);
            left.push(by_grant);
        }
        left
    };
    assert_eq!(purge(&fixture.there, Leftover::Sessions, at(10), 10).await, 0);
    assert_eq!(purge(&fixture.there, Leftover::Sessions, at(11), 10).await, 1);
    assert_eq!(left().await, [false, true, true]);
    assert_eq!(purge(&fixture.there, Leftover::Sessions, at(200), 1).await, 1);
    assert_eq!(left().await, [false, false, true]);
    assert_eq!(purge(&fixture.there, Leftover::Sessions, at(200), 10).await, 0);
}

/// An address that was left goes when it is not reserved any more; the one that its user has stays.
pub async fn addresses_go_once_they_are_not_reserved(fixture: Fixture) {
    let ada = user("ada@example.org");
    fixture.here.write(plan_of(add(&ada))).await;
    let (from, to) = (ada.email.key().clone(), email("grace@example.org"));
    let reserved_until = Some(at(10));
    let change = AccountChange::SetAddress { user: ada.id, version: 1, from, to, reserved_until, at: at(1) };
    fixture.here.write(plan_of(change)).await;
    assert_eq!(purge(&fixture.there, Leftover::Addresses, at(10), 10).await, 0);
    assert_eq!(purge(&fixture.there, Leftover::Addresses, at(11), 10).await, 1);
    assert_eq!(purge(&fixture.there, Leftover::Addresses, at(0) + LONG_AGO, 10).await, 0);
    let after = by_id(&fixture.there, ada.id).await.map(|user| user.email);
    assert_eq!(after, Some(email("grace@example.org")));
    let heir = User { created_at: at(2), ..user("ada@example.org") };
    fixture.there.write(plan_of(add(&heir))).await;
}

/// Several processes at once remove every row, and each of them once.
pub async fn many_who_purge_remove_each_row_once(fixture: Fixture) {
    for _ in 0..RACERS {
        fixture.here.write(plan()).await;
    }
    let mut purgers = tokio::task::JoinSet::new();
    for number in 0..8 {
        let ports = if number % 2 == 0 { fixture.here.clone() } else { fixture.there.clone() };
        purgers.spawn(async move { purge(&ports, Leftover::Events, at(1), 10).await });
    }
    let mut removed: usize = purgers.join_all().await.into_iter().sum();
    assert_eq!(removed + fixture.event_count().await, RACERS);
    while removed < RACERS {
        let rows = purge(&fixture.here, Leftover::Events, at(1), 10).await;
        assert!(rows > 0, "some were left");
        removed += rows;
    }
    assert_eq!((removed, fixture.event_count().await), (RACERS, 0));
}

async fn purge(ports: &Ports, what: Leftover, before: Timestamp, most: usize) -> usize {
    ports.retention.purge(what, before, most).await.expect("rows are removed")
}

//! Grants and the generations of their refresh tokens.

use domain::changes::{SessionChange, UniqueKey};
use domain::ids::{GrantId, SessionId};
use domain::sessions::grant::Grant;
use domain::sessions::ports::{CredentialKey, HeldGrant};
use domain::sessions::session::{Channel, EndReason, Session};

use crate::fixture::{Fixture, Ports};
use crate::laws::sessions::{a_session, held};
use crate::outcome::{RACERS, expect_conflict, expect_stale};
use crate::samples::{at, grant, id, open, plan_of, session};

/// A grant comes with its session and its user.
pub async fn a_grant_reads_back_equal(fixture: Fixture) {
    let (user, session) = a_session(&fixture).await;
    for (generation, rotated_at) in [(0, at(0)), (1, at(-1)), (u32::MAX, at(1))] {
        let grant = Grant { generation, rotated_at, ..grant(&session) };
        fixture.here.write(plan_of(SessionChange::AddGrant { grant: grant.clone(), at: at(0) })).await;
        let held = by_grant(&fixture.there, grant.id).await;
        assert_eq!(held, Some(HeldGrant { grant, session: session.clone(), user: user.clone() }));
    }
}

/// A rotation notes the generation, when it was made, and that the session was used.
pub async fn a_rotation_moves_grant_and_session_on(fixture: Fixture) {
    let (session, grant) = a_grant(&fixture).await;
    for (from, to) in [(0, 1), (1, 2), (2, u32::MAX)] {
        let now = at(i64::from(to));
        fixture.here.write(plan_of(rotate(&grant, from, to))).await;
        let held = by_grant(&fixture.there, grant.id).await.expect("the grant is there");
        assert_eq!(held.grant, Grant { generation: to, rotated_at: now, ..grant.clone() });
        assert_eq!(held.session, Session { last_seen_at: now, ..session.clone() });
    }
}

/// Another generation, another session, an unknown grant and an ended session are stale.
pub async fn a_rotation_expects_generation_session_and_life(fixture: Fixture) {
    let (_, grant) = a_grant(&fixture).await;
    fixture.here.write(plan_of(rotate(&grant, 0, 5))).await;
    let before = by_grant(&fixture.here, grant.id).await.expect("the grant is there");
    let other = Session { id: SessionId::restore(id()), ..before.session.clone() };
    fixture.here.write(plan_of(open(&other))).await;
    let elsewhere = Grant { session: other.id, ..grant.clone() };
    let unknown = Grant { id: GrantId::restore(id()), ..grant.clone() };
    for change in [
        rotate(&grant, 0, 1),
        rotate(&grant, 4, 5),
        rotate(&grant, 6, 7),
        rotate(&elsewhere, 5, 6),
        rotate(&unknown, 5, 6),
    ] {
        expect_stale(fixture.there.apply(plan_of(change)).await);
    }
    assert_eq!(by_grant(&fixture.here, grant.id).await, Some(before));
    let still = held(&fixture.here, &CredentialKey::Session(other.id)).await.and_then(|holder| holder.session);
    assert_eq!(still, Some(other));
    fixture.here.write(plan_of(end(&grant))).await;
    expect_stale(fixture.there.apply(plan_of(rotate(&grant, 5, 6))).await);
    let after = by_grant(&fixture.here, grant.id).await.map(|held| held.grant.generation);
    assert_eq!(after, Some(5));
}

/// However many present one generation at once, the grant moves on by one.
pub async fn one_of_many_rotations_of_a_generation_wins(fixture: Fixture) {
    let (_, grant) = a_grant(&fixture).await;
    for generation in 0..3 {
        let plans = (0..RACERS).map(|_| plan_of(rotate(&grant, generation, generation + 1))).collect();
        for loser in fixture.race_for_one(plans).await {
            expect_stale(Err(loser));
        }
    }
    let held = by_grant(&fixture.there, grant.id).await.expect("the grant is there");
    assert_eq!(held.grant.generation, 3);
    assert_eq!(fixture.event_count().await, 5);
}

/// A logout among rotations: each that was written was written before it, and none comes after.
pub async fn a_session_that_ends_takes_its_rotations_along(fixture: Fixture) {
    let (_, grant) = a_grant(&fixture).await;
    let mut plans: Vec<_> = (0..RACERS).map(|_| plan_of(rotate(&grant, 0, 1))).collect();
    plans.insert(RACERS / 2, plan_of(end(&grant)));
    let answers = fixture.race(plans).await;
    for loser in answers.into_iter().filter_map(Result::err) {
        expect_stale(Err(loser));
    }
    let held = by_grant(&fixture.there, grant.id).await.expect("the grant is there");
    assert!(held.session.ended_at.is_some());
    expect_stale(fixture.there.apply(plan_of(rotate(&grant, held.grant.generation, 9))).await);
}

/// A grant of no session is refused, and so is one with the id of another.
pub async fn a_grant_needs_a_session_and_an_id_of_its_own(fixture: Fixture) {
    let (before, first) = a_grant(&fixture).await;
    let add = |grant: &Grant| plan_of(SessionChange::AddGrant { grant: grant.clone(), at: at(0) });
    expect_conflict(fixture.there.apply(add(&first)).await, UniqueKey::Random);
    let holder = held(&fixture.here, &CredentialKey::Session(before.id)).await.expect("the session is there");
    let orphan = grant(&session(&holder.user, Channel::Api));
    assert!(fixture.there.ledger.apply(add(&orphan)).await.is_err());
    assert_eq!(by_grant(&fixture.here, orphan.id).await, None);
}

async fn a_grant(fixture: &Fixture) -> (Session, Grant) {
    let (_, session) = a_session(fixture).await;
    let grant = grant(&session);
    fixture.here.write(plan_of(SessionChange::AddGrant { grant: grant.clone(), at: at(0) })).await;
    (session, grant)
}

async fn by_grant(ports: &Ports, grant: GrantId) -> Option<HeldGrant> {
    ports.sessions.by_grant(grant).await.expect("the grant is read")
}

fn rotate(grant: &Grant, from: u32, to: u32) -> SessionChange {
    SessionChange::Rotate { grant: grant.id, session: grant.session, from, to, at: at(i64::from(to)) }
}

fn end(grant: &Grant) -> SessionChange {
    SessionChange::End { session: grant.session, reason: EndReason::LoggedOut, at: at(9) }
}

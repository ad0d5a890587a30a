//! Plans that are carried out only while their actor may still do what they ask for.

use domain::accounts::user::{User, UserState};
use domain::changes::account::AccountChange;
use domain::changes::{Changes, DomainChange, Invariant, SessionChange};
use domain::domains::policy::BelongsTo;
use domain::ids::{SessionId, UserId};
use domain::sessions::ports::CredentialKey;
use domain::sessions::session::{Channel, EndReason, Session};

use crate::fixture::Fixture;
use crate::laws::sessions::{a_session, held};
use crate::outcome::{RACERS, expect_broken};
use crate::samples::{add, at, digest, hash, id, open, plan, plan_of, rule, session, user};

/// How many pairs of plans exclude each other.
const PAIRS: usize = 16;

/// The session is the user's own and has not ended.
pub async fn a_plan_requires_an_active_user_and_a_running_session_of_theirs(fixture: Fixture) {
    let (ada, of_ada) = a_session(&fixture).await;
    let ben = user("ben@example.org");
    let of_ben = session(&ben, Channel::Pages);
    fixture.here.write(plan_of(add(&ben)).with(open(&of_ben))).await;
    for (user, session) in [(ada.id, of_ada.id), (ben.id, of_ben.id)] {
        let rows = fixture.there.write(putting("a.example", Invariant::SessionStands(user, session))).await.rows;
        assert_eq!(rows, [0, 1]);
    }
    let end = SessionChange::End { session: of_ada.id, reason: EndReason::LoggedOut, at: at(5) };
    // It counts for the plan's own writes, too.
    let invariant = Invariant::SessionStands(ada.id, of_ada.id);
    expect_broken(
        fixture.here.apply(plan_of(end.clone()).with(invariant)).await,
        &Invariant::SessionStands(ada.id, of_ada.id),
    );
    fixture.here.write(plan_of(end)).await;
    for (user, session) in [
        (ada.id, of_ada.id),
        (ada.id, of_ben.id),
        (ada.id, SessionId::restore(id())),
        (UserId::restore(id()), of_ben.id),
    ] {
        expect_nothing(&fixture, Invariant::SessionStands(user, session)).await;
    }
}

/// The token is the one that the user has now.
pub async fn a_plan_requires_an_active_user_and_their_token(fixture: Fixture) {
    let (active, other) = (user("ada@example.org"), user("other@example.org"));
    let disabled = User { state: UserState::Disabled, ..user("disabled@example.org") };
    let leaving = User { state: UserState::Leaving, ..user("leaving@example.org") };
    let with_token = |user: &User| {
        let (user_token, user) = (Some(digest(user.email.as_str())), Box::new(user.clone()));
        AccountChange::Add { user, password: hash(), user_token }
    };
    fixture.here.write(plan().with_all([&active, &disabled, &leaving].map(with_token)).with(add(&other))).await;
    let stands = |user: &User, text: &str| Invariant::UserTokenStands(user.id, digest(text));
    fixture.there.write(putting("a.example", stands(&active, "ada@example.org"))).await;
    for refused in [
        stands(&disabled, "disabled@example.org"),
        stands(&leaving, "leaving@example.org"),
        stands(&active, "disabled@example.org"),
        stands(&other, "ada@example.org"),
        stands(&other, ""),
        stands(&user("nobody@example.org"), "ada@example.org"),
    ] {
        expect_nothing(&fixture, refused).await;
    }
    for (version, new) in [(1, Some(digest("new"))), (2, None)] {
        let set = AccountChange::SetUserToken { user: active.id, version, digest: new, expires_at: None, at: at(1) };
        fixture.here.write(plan_of(set)).await;
        expect_nothing(&fixture, stands(&active, "ada@example.org")).await;
    }
}

/// Nobody else is active.
pub async fn a_plan_requires_an_active_user(fixture: Fixture) {
    let active = user("ada@example.org");
    let disabled = User { state: UserState::Disabled, ..user("disabled@example.org") };
    let leaving = User { state: UserState::Leaving, ..user("leaving@example.org") };
    fixture.here.write(plan().with_all([&active, &disabled, &leaving].map(add))).await;
    fixture.there.write(putting("a.example", Invariant::Active(active.id))).await;
    for user in [disabled.id, leaving.id, UserId::restore(id())] {
        expect_nothing(&fixture, Invariant::Active(user)).await;
    }
}

/// The role is the one of now.
pub async fn a_plan_requires_an_administrator(fixture: Fixture) {
    let administrator = User { administrator: true, ..user("ada@example.org") };
    let other = user("other@example.org");
    fixture.here.write(plan_of(add(&administrator)).with(add(&other))).await;
    fixture.there.write(putting("a.example", Invariant::Administrator(administrator.id))).await;
    for user in [other.id, UserId::restore(id())] {
        expect_nothing(&fixture, Invariant::Administrator(user)).await;
    }
}

/// Two plans that each require the session that the other ends: whatever comes first, they never
/// both go through.
pub async fn no_plan_of_a_session_follows_its_end(fixture: Fixture) {
    let mut plans = Vec::new();
    let mut keys = Vec::new();
    for number in 0..PAIRS {
        let user = user(&format!("user{number}@example.org"));
        let (one, other) = (session(&user, Channel::Api), session(&user, Channel::Pages));
        fixture.here.write(plan_of(add(&user)).with(open(&one)).with(open(&other))).await;
        keys.push([CredentialKey::Session(one.id), CredentialKey::Session(other.id)]);
        plans.extend([ending(&user, &one, &other), ending(&user, &other, &one)]);
    }
    for loser in fixture.race(plans).await.into_iter().filter_map(Result::err) {
        assert!(format!("{loser:?}").starts_with("Broken"), "{loser:?}");
    }
    for pair in keys {
        let mut running = 0;
        for key in pair {
            let session = held(&fixture.there, &key).await.and_then(|holder| holder.session).expect("it is there");
            running += usize::from(session.ended_at.is_none());
        }
        assert_eq!(running, 1);
    }
}

/// What one user asks for at once does not stand in its own way.
pub async fn plans_that_require_the_same_all_go_through(fixture: Fixture) {
    let (ada, session) = a_session(&fixture).await;
    let plans =
        (0..RACERS).map(|number| putting(&format!("d{number}.example"), Invariant::SessionStands(ada.id, session.id)));
    for answer in fixture.race(plans.collect()).await {
        answer.expect("it goes through");
    }
    let rows = fixture.there.domain_rules.list(None, None, 100).await.expect("read");
    assert_eq!(rows.len(), RACERS);
}

/// Ends a session in the name of another one.
fn ending(user: &User, by: &Session, of: &Session) -> Changes {
    let end = SessionChange::End { session: of.id, reason: EndReason::LoggedOut, at: at(5) };
    plan_of(Invariant::SessionStands(user.id, by.id)).with(end)
}

/// Puts a domain, if something holds.
fn putting(name: &str, invariant: Invariant) -> Changes {
    plan_of(invariant).with(DomainChange::Put(rule(name, BelongsTo::Blocked)))
}

async fn expect_nothing(fixture: &Fixture, invariant: Invariant) {
    let before = fixture.event_count().await;
    expect_broken(fixture.there.apply(putting("never.example", invariant.clone())).await, &invariant);
    let row = fixture.here.domain_rules.of(&crate::samples::domain("never.example")).await.expect("read");
    assert_eq!((row, fixture.event_count().await), (None, before));
}

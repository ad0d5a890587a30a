//! Sessions and grants on both engines.

use domain::changes::{SessionChange, UniqueKey};
use domain::ids::{GrantId, SessionId};
use domain::ports::ledger::{Ledger as _, Rejected};
use domain::sessions::ports::{CredentialKey, HeldGrant, Holder, LastSeen as _, Sessions as _};
use domain::sessions::session::{Channel, EndReason, Session};
use persistence::database::Database;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use crate::fixture::{
    Place, adding, apply, at, digest, grant, hash, id, log_in, on_both_engines, opening, plan, race, session, user,
};
use crate::land::{adding_field, field};

on_both_engines!(
    a_holder_is_found_by_each_credential,
    a_holder_comes_with_the_first_fields,
    a_session_opens_for_the_password_that_was_verified,
    one_of_many_rotations_wins,
    an_ended_session_stays_as_it_is,
    last_seen_moves_on_and_never_back,
    ends_and_rotations_never_both_win,
    a_backlog_of_sessions_is_ended_part_by_part,
);

async fn a_holder_is_found_by_each_credential(place: &Place) {
    let database = place.open().await;
    let ada = user("ada@example.org");
    let (pages, api) = (session(&ada, Channel::Pages), session(&ada, Channel::Api));
    let opened = adding(&ada).with(opening(&pages, Some("secret"))).with(opening(&api, None));
    assert_eq!(database.apply(opened).await.expect("opened").rows, [1, 1, 1]);
    for (key, session) in [
        (CredentialKey::Session(pages.id), &pages),
        (CredentialKey::PageSecret(digest("secret")), &pages),
        (CredentialKey::Session(api.id), &api),
    ] {
        let holder = Holder { user: ada.clone(), session: Some(session.clone()) };
        assert_eq!(database.holder(&key).await.expect("read"), Some(holder.clone()));
        assert_eq!(database.holder_with_fields(&key, 5).await.expect("read"), Some((holder, Vec::new())));
    }
    for key in [
        CredentialKey::Session(SessionId::restore(id())),
        CredentialKey::PageSecret(digest("other")),
        CredentialKey::UserToken(digest("secret")),
    ] {
        assert_eq!(database.holder(&key).await.expect("read"), None);
        assert_eq!(database.holder_with_fields(&key, 5).await.expect("read"), None);
    }
    let twice = apply(&database, opening(&session(&ada, Channel::Pages), Some("secret"))).await;
    assert!(matches!(twice, Err(Rejected::Conflict(UniqueKey::Random))), "{twice:?}");
}

async fn a_holder_comes_with_the_first_fields(place: &Place) {
    let database = place.open().await;
    let (ada, bo) = (user("ada@example.org"), user("bo@example.org"));
    let session = session(&ada, Channel::Api);
    let fields = (0..4).map(|_| field(&ada)).collect::<Vec<_>>();
    let opened = adding(&ada).with_all(adding(&bo).list).with(opening(&session, None)).with(adding_field(&field(&bo)));
    database.apply(opened.with_all(fields.iter().rev().map(adding_field))).await.expect("written");
    let key = CredentialKey::Session(session.id);
    for limit in [0, 1, 3, 4, 9] {
        let (holder, found) = database.holder_with_fields(&key, limit).await.expect("read").expect("found");
        assert_eq!(holder, Holder { user: ada.clone(), session: Some(session.clone()) });
        assert_eq!(found, fields[..limit.min(4)], "{limit}");
    }
}

async fn a_session_opens_for_the_password_that_was_verified(place: &Place) {
    let database = place.open().await;
    let (ada, nobody) = (user("ada@example.org"), user("nobody@example.org"));
    database.apply(adding(&ada)).await.expect("added");
    let open = |session, verified| SessionChange::Open { session, page_secret: None, verified: hash(verified) };
    for change in [open(session(&ada, Channel::Api), "other"), open(session(&nobody, Channel::Api), "hash")] {
        let refused = apply(&database, change).await;
        assert!(matches!(refused, Err(Rejected::Stale)), "{refused:?}");
    }
    place.raw().await.execute_unprepared("UPDATE users SET state = 'leaving'").await.expect("set");
    let refused = apply(&database, open(session(&ada, Channel::Api), "hash")).await;
    assert!(matches!(refused, Err(Rejected::Stale)), "{refused:?}");
}

async fn one_of_many_rotations_wins(place: &Place) {
    let database = place.open().await;
    let held = held(&database).await;
    assert_eq!(database.by_grant(held.grant.id).await.expect("read"), Some(held.clone()));
    assert_eq!(database.by_grant(GrantId::restore(id())).await.expect("read"), None);
    let outcomes = race(&database, (0..64).map(|_| plan().with(rotating(&held, 0))).collect()).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes {
        assert!(matches!(outcome, Ok(_) | Err(Rejected::Stale)), "{outcome:?}");
    }
    let found = database.by_grant(held.grant.id).await.expect("read").expect("found");
    assert_eq!((found.grant.generation, found.grant.rotated_at), (1, at(9)));
    assert_eq!(found.session, Session { last_seen_at: at(9), ..held.session.clone() });
    let foreign =
        SessionChange::Rotate { grant: held.grant.id, session: SessionId::restore(id()), from: 1, to: 2, at: at(10) };
    assert!(matches!(apply(&database, foreign).await, Err(Rejected::Stale)));
}

async fn an_ended_session_stays_as_it_is(place: &Place) {
    let database = place.open().await;
    let held = held(&database).await;
    apply(&database, ending(&held, EndReason::ReuseDetected)).await.expect("ended");
    assert!(matches!(apply(&database, ending(&held, EndReason::LoggedOut)).await, Err(Rejected::Stale)));
    assert!(matches!(apply(&database, rotating(&held, 0)).await, Err(Rejected::Stale)));
    database.note(held.session.id, at(99)).await.expect("noted nowhere");
    let ended = Session { ended_at: Some(at(8)), ..held.session.clone() };
    let found = database.by_grant(held.grant.id).await.expect("read").expect("found");
    assert_eq!((found.session, found.grant), (ended, held.grant));
}

async fn last_seen_moves_on_and_never_back(place: &Place) {
    let database = place.open().await;
    let held = held(&database).await;
    // Whole and broken seconds are written with different lengths on SQLite.
    for (noted, seen) in [(5_000_000, 5_000_000), (4_999_999, 5_000_000), (5_000_001, 5_000_001), (0, 5_000_001)] {
        database.note(held.session.id, at(noted)).await.expect("noted");
        let found = database.by_grant(held.grant.id).await.expect("read").expect("found");
        assert_eq!(found.session.last_seen_at, at(seen));
    }
    database.note(SessionId::restore(id()), at(1)).await.expect("noted nowhere");
}

async fn ends_and_rotations_never_both_win(place: &Place) {
    let database = place.open().await;
    let held = held(&database).await;
    let plans = (0..32).map(|n| match n % 2 {
        0 => plan().with(ending(&held, EndReason::LoggedOut)),
        _ => plan().with(rotating(&held, 0)),
    });
    let outcomes = race(&database, plans.collect()).await;
    let won = |of: usize| outcomes.iter().skip(of).step_by(2).filter(|outcome| outcome.is_ok()).count();
    assert_eq!(won(0), 1);
    assert!(won(1) <= 1);
    for outcome in outcomes {
        assert!(matches!(outcome, Ok(_) | Err(Rejected::Stale)), "{outcome:?}");
    }
}

/// A user with a session and a grant.
async fn held(database: &Database) -> HeldGrant {
    let user = user("ada@example.org");
    let session = session(&user, Channel::Api);
    let grant = grant(&session);
    let change = SessionChange::AddGrant { grant: grant.clone(), at: at(0) };
    database.apply(adding(&user).with(opening(&session, None)).with(change)).await.expect("written");
    HeldGrant { grant, session, user }
}

fn rotating(held: &HeldGrant, from: u32) -> SessionChange {
    SessionChange::Rotate { grant: held.grant.id, session: held.session.id, from, to: from + 1, at: at(9) }
}

fn ending(held: &HeldGrant, reason: EndReason) -> SessionChange {
    SessionChange::End { session: held.session.id, reason, at: at(8) }
}

/// Of a time when there was no limit: no login, and no end of all, takes longer than the engine lets a statement take.
async fn a_backlog_of_sessions_is_ended_part_by_part(place: &Place) {
    let database = place.open().await;
    let ada = user("ada@example.org");
    database.apply(adding(&ada)).await.expect("added");
    let raw = place.raw().await;
    let id = match raw.get_database_backend() {
        DbBackend::Postgres => "CAST('ffffffff' || lpad(to_hex(n), 24, '0') AS uuid)",
        _ => "unhex(printf('ffffffff%024x', n))",
    };
    let backlog = format!(
        "INSERT INTO sessions (id, user_id, channel, auth_time, amr, last_seen_at, expires_at, created_at) \
         WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 12000) \
         SELECT {id}, u.id, 'api', u.created_at, 'pwd', u.created_at, u.created_at, u.created_at FROM users u, count"
    );
    raw.execute_unprepared(&backlog).await.expect("added");
    let standing = async || {
        let sql = "SELECT COUNT(*) AS number FROM sessions WHERE ended_at IS NULL";
        let row = raw.query_one_raw(Statement::from_string(raw.get_database_backend(), sql)).await.expect("asked");
        row.expect("a row").try_get::<i64>("", "number").expect("a number")
    };
    let (api, pages) = (session(&ada, Channel::Api), session(&ada, Channel::Pages));
    database.apply(log_in(&api, grant(&api))).await.expect("logged in");
    assert_eq!(standing().await, 12_000 - 500 + 1);
    apply(&database, opening(&pages, None)).await.expect("opened");
    assert_eq!(standing().await, 12_000 - 2 * 500 + 2);
    let end =
        SessionChange::EndAll { user: ada.id, except: Some(api.id), reason: EndReason::PasswordChanged, at: at(9) };
    let ended = apply(&database, end).await.expect("ended");
    assert_eq!((ended.rows, standing().await), (vec![12_000 - 2 * 500 + 1], 1));
}

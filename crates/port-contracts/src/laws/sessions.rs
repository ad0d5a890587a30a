//! Sessions.

use domain::accounts::password_hash::PasswordHash;
use domain::accounts::user::{User, UserState};
use domain::accounts::user_token::HeldUserToken;
use domain::changes::account::AccountChange;
use domain::changes::{AuthorityChange, SessionChange, UniqueKey};
use domain::ids::{SessionId, UserId};
use domain::land::field::Field;
use domain::origin::{ClientAddress, Device, Network, Origin};
use domain::ports::clock::Timestamp;
use domain::ports::secrets::SecretDigest;
use domain::sessions::arrival::Place;
use domain::sessions::grant::Grant;
use domain::sessions::ports::{CredentialKey, Holder};
use domain::sessions::session::{Channel, EndReason, MOST_SESSIONS, Session};

use crate::fixture::{Fixture, Ports};
use crate::outcome::{RACERS, expect_conflict, expect_stale};
use crate::samples::{
    add, at, authority_token, digest, domain, email, field, geo_id, grant, hash, id, open, plan, plan_of, session, user,
};

/// A session and its user are found by its id and by the secret of the pages.
pub async fn a_session_reads_back_equal(fixture: Fixture) {
    let user = user("Ada@example.org");
    let (api, pages) = (session(&user, Channel::Api), session(&user, Channel::Pages));
    let pages = Session { auth_time: at(-7), last_seen_at: at(1), expires_at: at(999), ..pages };
    let page_secret = Some(digest("page"));
    let open_pages = SessionChange::Open { session: pages.clone(), page_secret, verified: hash() };
    fixture.here.write(plan_of(add(&user)).with(open(&api)).with(open_pages)).await;
    let no_methods = Session { methods: Vec::new(), ..session(&user, Channel::Api) };
    fixture.here.write(plan_of(open(&no_methods))).await;
    for (key, session) in [
        (CredentialKey::Session(api.id), api),
        (CredentialKey::Session(pages.id), pages.clone()),
        (CredentialKey::PageSecret(digest("page")), pages),
        (CredentialKey::Session(no_methods.id), no_methods),
    ] {
        let holder = Holder { user: user.clone(), session: Some(session) };
        assert_eq!(held(&fixture.there, &key).await, Some(holder));
    }
}

/// A credential that is not there is no failure, and one kind is never found as another.
pub async fn absent_credentials_are_none(fixture: Fixture) {
    let user = user("ada@example.org");
    let (user_token, password) = (Some(digest("token")), hash());
    let add = AccountChange::Add { user: Box::new(user.clone()), password, user_token };
    let pages = session(&user, Channel::Pages);
    let open = SessionChange::Open { session: pages.clone(), page_secret: Some(digest("page")), verified: hash() };
    fixture.here.write(plan_of(add).with(open)).await;
    for key in [
        CredentialKey::Session(SessionId::restore(id())),
        CredentialKey::Session(SessionId::restore(user.id.uuid())),
        CredentialKey::PageSecret(digest("token")),
        CredentialKey::PageSecret(digest("")),
        CredentialKey::UserToken(digest("page")),
        CredentialKey::UserToken(digest("")),
    ] {
        assert_eq!(held(&fixture.here, &key).await, None, "{key:?}");
        let with_fields = fixture.here.sessions.holder_with_fields(&key, 10).await.expect("read");
        assert_eq!(with_fields, None, "{key:?}");
    }
    assert_eq!(fixture.here.sessions.by_grant(grant(&pages).id).await.expect("read"), None);
}

/// A login writes its session, its grant and its event, or nothing.
pub async fn a_login_is_written_whole(fixture: Fixture) {
    let user = user("ada@example.org");
    fixture.here.write(plan_of(add(&user))).await;
    let (first, second) = (session(&user, Channel::Api), session(&user, Channel::Api));
    let (one, two) = (grant(&first), grant(&second));
    let add_grant = |grant: &Grant| SessionChange::AddGrant { grant: grant.clone(), at: at(7) };
    let log_in = plan_of(open(&first)).with(add_grant(&one));
    assert_eq!(fixture.here.ledger.apply(log_in).await.expect("written").rows, [1, 1]);
    let found = fixture.there.sessions.by_grant(one.id).await.expect("read").expect("a grant");
    assert_eq!((found.grant, found.session), (one.clone(), first));
    assert_eq!(fixture.event_count().await, 2);
    let taken = Grant { id: one.id, ..two };
    expect_conflict(fixture.there.apply(plan_of(open(&second)).with(add_grant(&taken))).await, UniqueKey::Random);
    assert_eq!(held(&fixture.here, &CredentialKey::Session(second.id)).await, None);
    assert_eq!(fixture.event_count().await, 2);
    let pages = session(&user, Channel::Pages);
    assert_eq!(fixture.here.ledger.apply(plan_of(open(&pages))).await.expect("written").rows, [1]);
    assert_eq!(fixture.event_count().await, 3);
}

/// What was verified must still be the password when the session opens, and the user active.
pub async fn a_session_opens_for_active_users_with_the_verified_password_only(fixture: Fixture) {
    let active = user("ada@example.org");
    let disabled = User { state: UserState::Disabled, ..user("disabled@example.org") };
    let leaving = User { state: UserState::Leaving, ..user("leaving@example.org") };
    fixture.here.write(plan().with_all([&active, &disabled, &leaving].map(add))).await;
    let other = User { id: UserId::restore(id()), ..active.clone() };
    for user in [&disabled, &leaving, &other] {
        let session = session(user, Channel::Api);
        expect_stale(fixture.there.apply(plan_of(open(&session)).with(grant_of(&session))).await);
        assert_eq!(held(&fixture.here, &CredentialKey::Session(session.id)).await, None);
    }
    let session = session(&active, Channel::Api);
    let verified = PasswordHash::restore("another");
    expect_stale(
        fixture
            .there
            .apply(plan_of(SessionChange::Open { session: session.clone(), page_secret: None, verified }))
            .await,
    );
    assert_eq!(held(&fixture.here, &CredentialKey::Session(session.id)).await, None);
    assert_eq!(fixture.event_count().await, 1);
    fixture.there.write(plan_of(open(&session))).await;
}

/// A login that verified the old hash does not slip past the plan that replaces it.
pub async fn a_session_does_not_open_while_its_password_changes(fixture: Fixture) {
    let user = user("ada@example.org");
    fixture.here.write(plan_of(add(&user))).await;
    let to = PasswordHash::restore("new");
    let replace = AccountChange::Rehash { user: user.id, from: hash(), to: to.clone() };
    let sessions: Vec<_> = (0..RACERS).map(|_| session(&user, Channel::Api)).collect();
    let mut plans: Vec<_> = sessions.iter().map(|session| plan_of(open(session))).collect();
    plans.insert(RACERS / 2, plan_of(replace));
    let answers = fixture.race(plans).await;
    for loser in answers.into_iter().filter_map(Result::err) {
        expect_stale(Err(loser));
    }
    let late = session(&user, Channel::Api);
    expect_stale(fixture.here.apply(plan_of(open(&late))).await);
    fixture.here.write(plan_of(SessionChange::Open { session: late, page_secret: None, verified: to })).await;
}

/// Two sessions share neither an id nor a secret.
pub async fn ids_and_secrets_of_sessions_are_unique(fixture: Fixture) {
    let user = user("ada@example.org");
    let first = session(&user, Channel::Pages);
    let page = |session: &Session| {
        let (session, page_secret) = (session.clone(), Some(digest("page")));
        SessionChange::Open { session, page_secret, verified: hash() }
    };
    fixture.here.write(plan_of(add(&user)).with(page(&first))).await;
    expect_conflict(fixture.there.apply(plan_of(open(&first))).await, UniqueKey::Random);
    let second = session(&user, Channel::Pages);
    expect_conflict(fixture.there.apply(plan_of(page(&second))).await, UniqueKey::Random);
    assert_eq!(held(&fixture.here, &CredentialKey::Session(second.id)).await, None);
}

/// Of a user's sessions only the newest stand, whichever way the last one is opened.
pub async fn a_session_too_many_ends_the_oldest(fixture: Fixture) {
    let (user, other) = (user("ada@example.org"), user("bea@example.org"));
    let of_other = session(&other, Channel::Api);
    let sessions: Vec<_> = (0..MOST_SESSIONS).map(|_| session(&user, Channel::Api)).collect();
    let opened = plan().with_all([&user, &other].map(add)).with(open(&of_other)).with_all(sessions.iter().map(open));
    fixture.here.write(opened).await;
    // One that has ended takes no place.
    let [first, second, third, fourth, ..] = sessions.as_slice() else { panic!("there are more") };
    let end = SessionChange::End { session: first.id, reason: EndReason::LoggedOut, at: at(1) };
    fixture.here.write(plan_of(end)).await;
    let pages = Session { auth_time: at(7), ..session(&user, Channel::Pages) };
    fixture.here.write(plan_of(open(&pages))).await;
    assert_eq!(ended_at(&fixture, second).await, None, "so many may stand");
    let api = Session { auth_time: at(8), ..session(&user, Channel::Api) };
    fixture.here.write(plan_of(open(&api)).with(grant_of(&api))).await;
    assert_eq!(ended_at(&fixture, second).await, Some(at(8)), "by the newest, whose time it is");
    let pages = Session { auth_time: at(9), ..session(&user, Channel::Pages) };
    fixture.here.write(plan_of(open(&pages))).await;
    assert_eq!(ended_at(&fixture, third).await, Some(at(9)));
    // One that does not open ends none.
    let late = session(&user, Channel::Api);
    let verified = PasswordHash::restore("another");
    let stale = SessionChange::Open { session: late.clone(), page_secret: None, verified };
    expect_stale(fixture.here.apply(plan_of(stale).with(grant_of(&late))).await);
    for stands in [fourth, &pages, &api, &of_other] {
        assert_eq!(ended_at(&fixture, stands).await, None);
    }
    assert_eq!(ended_at(&fixture, first).await, Some(at(1)), "and it stays as it was");
}

async fn ended_at(fixture: &Fixture, session: &Session) -> Option<Timestamp> {
    let holder = held(&fixture.there, &CredentialKey::Session(session.id)).await.expect("it is there");
    holder.session.expect("a session").ended_at
}

/// An ended session stays readable as such; ending it again, or an unknown one, is stale.
pub async fn a_session_ends_once(fixture: Fixture) {
    let (_, api) = a_session(&fixture).await;
    let end = |session, reason, at| plan_of(SessionChange::End { session, reason, at });
    fixture.here.write(end(api.id, EndReason::LoggedOut, at(5))).await;
    let key = CredentialKey::Session(api.id);
    let ended = held(&fixture.there, &key).await.and_then(|holder| holder.session);
    let expected = Session { ended_at: Some(at(5)), ..api.clone() };
    assert_eq!(ended, Some(expected));
    expect_stale(fixture.there.apply(end(api.id, EndReason::ReuseDetected, at(6))).await);
    expect_stale(fixture.there.apply(end(SessionId::restore(id()), EndReason::LoggedOut, at(6))).await);
    let after = held(&fixture.there, &key).await.and_then(|holder| holder.session);
    assert_eq!(after.and_then(|session| session.ended_at), Some(at(5)));
}

/// However many end a session at once, it ends once, and one event tells of it.
pub async fn one_of_many_ends_of_a_session_wins(fixture: Fixture) {
    let (_, api) = a_session(&fixture).await;
    let before = fixture.event_count().await;
    let end = SessionChange::End { session: api.id, reason: EndReason::LoggedOut, at: at(5) };
    for loser in fixture.race_for_one((0..RACERS).map(|_| plan_of(end.clone())).collect()).await {
        expect_stale(Err(loser));
    }
    assert_eq!(fixture.event_count().await, before + 1);
}

/// Notes that arrive late do not move the time back.
pub async fn last_seen_moves_on_and_never_back(fixture: Fixture) {
    let (_, api) = a_session(&fixture).await;
    for (noted, shown) in [(1, 1), (7, 7), (3, 7), (7, 7), (-1, 7), (8, 8)] {
        note(&fixture.here, api.id, at(noted)).await;
        let session = held(&fixture.there, &CredentialKey::Session(api.id)).await.and_then(|holder| holder.session);
        assert_eq!(session, Some(Session { last_seen_at: at(shown), ..api.clone() }));
    }
}

/// An ended session is not seen any more; an unknown one is no failure.
pub async fn last_seen_of_ended_and_unknown_sessions_stays(fixture: Fixture) {
    let (_, api) = a_session(&fixture).await;
    let end = SessionChange::End { session: api.id, reason: EndReason::LoggedOut, at: at(5) };
    fixture.here.write(plan_of(end)).await;
    note(&fixture.here, api.id, at(6)).await;
    note(&fixture.here, SessionId::restore(id()), at(6)).await;
    let session = held(&fixture.there, &CredentialKey::Session(api.id)).await.and_then(|holder| holder.session);
    assert_eq!(session.map(|session| session.last_seen_at), Some(at(0)));
}

/// The fields are the user's own, in the order of their ids, and no more than asked for.
pub async fn a_holder_comes_with_their_first_fields(fixture: Fixture) {
    let (ada, api) = a_session(&fixture).await;
    let (ben, eve) = (user("ben@example.org"), user("eve@example.org"));
    let (of_ben, of_eve) = (session(&ben, Channel::Api), session(&eve, Channel::Api));
    let opened = [(&ben, &of_ben), (&eve, &of_eve)].map(|(user, session)| plan_of(add(user)).with(open(session)));
    for plan in opened {
        fixture.here.write(plan).await;
    }
    let fields: Vec<Field> = (0..3).map(|number| field(&ada, geo_id(number))).collect();
    let of_bens = field(&ben, geo_id(0));
    let all = fields.iter().rev().chain([&of_bens]).cloned();
    fixture.here.write(plan().with_all(all.map(domain::changes::LandChange::Add))).await;
    for (session, user, limit, expected) in [
        (&api, &ada, 100, &fields[..]),
        (&api, &ada, 2, &fields[..2]),
        (&of_ben, &ben, 100, std::slice::from_ref(&of_bens)),
        (&of_eve, &eve, 100, &[]),
    ] {
        let key = CredentialKey::Session(session.id);
        let found = fixture.there.sessions.holder_with_fields(&key, limit).await.expect("read");
        let (holder, fields) = found.expect("the holder is there");
        assert_eq!(holder, Holder { user: user.clone(), session: Some(session.clone()) });
        assert_eq!(fields, expected);
    }
}

/// A holder comes with the authority token of whichever domain is asked for, or without when it has none.
pub async fn a_holder_comes_with_the_token_of_a_domain(fixture: Fixture) {
    let (user, token) = (user("ada@example.org"), authority_token("example.com", "one"));
    let (user_token, password) = (Some(digest("token")), hash());
    let user = User { user_token: Some(HeldUserToken { expires_at: None, last_used_at: None }), ..user };
    let add = AccountChange::Add { user: Box::new(user.clone()), password, user_token };
    let pages = session(&user, Channel::Pages);
    let open = SessionChange::Open { session: pages.clone(), page_secret: Some(digest("page")), verified: hash() };
    fixture.here.write(plan_of(add).with(open).with(AuthorityChange::Issue(token.clone()))).await;
    for (key, session) in [
        (CredentialKey::Session(pages.id), Some(&pages)),
        (CredentialKey::PageSecret(digest("page")), Some(&pages)),
        (CredentialKey::UserToken(digest("token")), None),
    ] {
        let holder = Holder { user: user.clone(), session: session.cloned() };
        for (name, expected) in [("example.com", Some(&token)), ("example.org", None)] {
            let found = fixture.there.sessions.holder_with_authority_token(&key, &domain(name)).await;
            assert_eq!(found.expect("read"), Some((holder.clone(), expected.cloned())), "{key:?}, {name}");
        }
    }
    let nobody = CredentialKey::UserToken(digest("page"));
    let found = fixture.there.sessions.holder_with_authority_token(&nobody, &domain("example.com")).await;
    assert_eq!(found.expect("read"), None);
}

/// A user with an open session.
pub(crate) async fn a_session(fixture: &Fixture) -> (User, Session) {
    let user = user("ada@example.org");
    let session = session(&user, Channel::Api);
    fixture.here.write(plan_of(add(&user)).with(open(&session))).await;
    (user, session)
}

/// An owner ends one session, or all but one; another's stays.
pub async fn a_user_ends_own_sessions_one_by_one_or_all(fixture: Fixture) {
    let (ada, ben) = (user("ada@example.org"), user("ben@example.org"));
    let sessions = [&ada, &ada, &ada, &ben].map(|user| session(user, Channel::Api));
    fixture.here.write(plan().with_all([&ada, &ben].map(add)).with_all(sessions.iter().map(open))).await;
    let [first, second, third, others] = sessions;
    let end_own = |session: &Session, user: &User| {
        let (session, user) = (session.id, user.id);
        plan_of(SessionChange::EndOwn { session, user, reason: EndReason::EndedByOwner, at: at(1) })
    };
    expect_stale(fixture.there.apply(end_own(&others, &ada)).await);
    fixture.there.write(end_own(&first, &ada)).await;
    expect_stale(fixture.here.apply(end_own(&first, &ada)).await);
    let end_all = |except, time| {
        let (user, reason) = (ada.id, EndReason::PasswordChanged);
        plan_of(SessionChange::EndAll { user, except, reason, at: at(time) })
    };
    assert_eq!(fixture.there.write(end_all(Some(second.id), 2)).await.rows, [1]);
    assert_eq!(fixture.there.write(end_all(None, 3)).await.rows, [1]);
    assert_eq!(fixture.there.write(end_all(None, 4)).await.rows, [0]);
    for (session, ended_at) in [(first, Some(at(1))), (second, Some(at(3))), (third, Some(at(2))), (others, None)] {
        let holder = held(&fixture.here, &CredentialKey::Session(session.id)).await.expect("there");
        assert_eq!(holder.session.and_then(|session| session.ended_at), ended_at);
    }
}

/// The sessions of a user that run, the one used last first.
pub async fn sessions_of_a_user_list_the_one_used_last_first(fixture: Fixture) {
    let (ada, ben) = (user("ada@example.org"), user("ben@example.org"));
    let seen = |last_seen_at| Session { last_seen_at: at(last_seen_at), ..session(&ada, Channel::Pages) };
    let [early, late, same] = [seen(1), seen(9), seen(9)];
    let expired = Session { expires_at: at(50), ..seen(10) };
    let ended = Session { ended_at: Some(at(11)), ..seen(11) };
    let all = [&early, &late, &same, &expired, &ended, &session(&ben, Channel::Api)].map(open);
    fixture.here.write(plan().with_all([&ada, &ben].map(add)).with_all(all)).await;
    let list = async |limit| fixture.there.sessions.of_user(ada.id, at(50), limit).await.expect("read");
    assert_eq!(list(10).await, [same.clone(), late.clone(), early]);
    assert_eq!(list(2).await, [same, late]);
}

pub(crate) async fn held(ports: &Ports, key: &CredentialKey) -> Option<Holder> {
    ports.sessions.holder(key).await.expect("the holder is read")
}

async fn note(ports: &Ports, session: SessionId, at: Timestamp) {
    ports.last_seen.note(session, at).await.expect("it is noted");
}

fn grant_of(session: &Session) -> SessionChange {
    SessionChange::AddGrant { grant: grant(session), at: at(0) }
}

/// A place is known by any session of the user's there, also one that has ended, and by nobody else's.
pub async fn a_place_is_known_by_the_users_sessions(fixture: Fixture) {
    let Fixture { here, there, .. } = &fixture;
    let (ada, eve) = (user("Ada@example.org"), user("eve@example.org"));
    here.write(plan_of(add(&ada)).with(add(&eve))).await;
    let place = async |address: &str, ip: Option<&str>, device: Option<&str>| {
        let with_digest = |ip: &str| ClientAddress::with_digest(ip.parse().expect("good"), SecretDigest::restore(ip));
        let (address, device) = (email(address), device.map(Device::restore));
        let origin = Origin { address: ip.map(with_digest), device, ..Origin::default() };
        let arrival = there.arrivals.arrival(address.key(), &origin).await.expect("read");
        let account = there.accounts.by_email(address.key()).await.expect("read");
        assert_eq!(arrival.account, account, "{address}");
        arrival.place
    };
    let home = (Some("203.0.113.7"), Some("curl"));
    assert_eq!(place("ada@EXAMPLE.org", home.0, home.1).await, Place::First);
    let session_there = session(&ada, Channel::Api);
    let (network, device) = (Network::restore("203.0.113.0/24"), Device::restore("curl"));
    assert_eq!((session_there.network.as_ref(), session_there.device.as_ref()), (Some(&network), Some(&device)));
    here.write(plan_of(open(&session_there))).await;
    let end = SessionChange::End { session: session_there.id, reason: EndReason::LoggedOut, at: at(1) };
    here.write(plan_of(end)).await;
    for (address, ip, device, expected) in [
        ("ada@EXAMPLE.org", home.0, home.1, Place::Device),
        ("ada@example.org", Some("203.0.113.255"), home.1, Place::Device),
        ("ada@example.org", home.0, Some("Curl"), Place::Network),
        ("ada@example.org", home.0, None, Place::Network),
        ("ada@example.org", Some("203.0.112.7"), home.1, Place::New),
        ("ada@example.org", None, home.1, Place::New),
        ("ada@example.org", None, None, Place::New),
        ("eve@example.org", home.0, home.1, Place::First),
        ("nobody@example.org", home.0, home.1, Place::First),
    ] {
        assert_eq!(place(address, ip, device).await, expected, "{address} {ip:?} {device:?}");
    }
    let nowhere = Session { network: None, device: None, ..session(&eve, Channel::Pages) };
    here.write(plan_of(open(&nowhere))).await;
    assert_eq!(place("eve@example.org", home.0, home.1).await, Place::New);
    assert_eq!(place("eve@example.org", None, None).await, Place::New, "what is not known is the same as nothing");
}

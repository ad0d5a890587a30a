//! Rows to write.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::TimeDelta;
use domain::accounts::email::EmailAddress;
use domain::accounts::password_hash::PasswordHash;
use domain::accounts::user::{User, UserState};
use domain::authority::authority_token::StoredAuthorityToken;
use domain::changes::account::AccountChange;
use domain::changes::{Change, Changes, SessionChange};
use domain::domains::name::DomainName;
use domain::domains::policy::{BelongsTo, DomainRule};
use domain::events::{Event, EventActor, EventKind, EventSubject};
use domain::ids::{DomainRuleId, EventId, FieldId, GrantId, RequestId, SessionId, UserId};
use domain::land::boundary::{Boundary, Geometry, Position};
use domain::land::field::Field;
use domain::land::geo_id::GeoId;
use domain::origin::{ClientAddress, Origin};
use domain::ports::clock::Timestamp;
use domain::ports::secrets::{SealedSecret, SecretDigest};
use domain::sessions::grant::Grant;
use domain::sessions::session::{Channel, Session};
use uuid::Uuid;

/// An id that no other row has; each is greater than the one before.
pub(crate) fn id() -> Uuid {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    Uuid::from_u128(0x019b_0000_0000_7000_8000_0000_0000_0000 + u128::from(number))
}

/// A time with microseconds that differ from zero: so many microseconds after a moment of 2026.
pub(crate) fn at(microseconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + TimeDelta::microseconds(1_767_225_600_123_457 + microseconds)
}

/// A plan that so far only tells that somebody signed up.
pub(crate) fn plan() -> Changes {
    let subject = EventSubject::new("user", "somebody");
    let (id, kind) = (EventId::restore(id()), EventKind::UserSignedUp);
    Changes::new(Event {
        id,
        kind,
        actor: EventActor::Nobody,
        subject,
        user: None,
        origin: Origin::default(),
        at: at(0),
        data: Vec::new(),
    })
}

/// A plan of one write.
pub(crate) fn plan_of(change: impl Into<Change>) -> Changes {
    plan().with(change)
}

pub(crate) fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("the law's address is good")
}

/// A user with as little as there can be.
pub(crate) fn user(address: &str) -> User {
    User {
        id: UserId::restore(id()),
        email: email(address),
        email_verified_at: None,
        phone_number: None,
        discoverable: false,
        state: UserState::Active,
        administrator: false,
        locale: None,
        user_token: None,
        version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

/// A hash that [`add`] gives every user.
pub(crate) fn hash() -> PasswordHash {
    PasswordHash::restore("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA")
}

pub(crate) fn add(user: &User) -> AccountChange {
    AccountChange::Add { user: Box::new(user.clone()), password: hash(), user_token: None }
}

pub(crate) fn digest(text: &str) -> SecretDigest {
    SecretDigest::restore(format!("key.{text}"))
}

pub(crate) fn session(user: &User, channel: Channel) -> Session {
    Session::by_password(SessionId::restore(id()), user.id, channel, &origin(), at(0))
}

pub(crate) fn open(session: &Session) -> SessionChange {
    SessionChange::Open { session: session.clone(), page_secret: None, verified: hash() }
}

pub(crate) fn grant(session: &Session) -> Grant {
    Grant { id: GrantId::restore(id()), session: session.id, generation: 0, rotated_at: at(0) }
}

pub(crate) fn domain(text: &str) -> DomainName {
    DomainName::parse(text).expect("the law's domain is good")
}

pub(crate) fn rule(name: &str, belongs_to: BelongsTo) -> DomainRule {
    let (created_at, updated_at) = (at(0), at(0));
    DomainRule { id: DomainRuleId::restore(id()), domain: domain(name), belongs_to, created_at, updated_at }
}

pub(crate) fn authority_token(name: &str, digest: &str) -> StoredAuthorityToken {
    StoredAuthorityToken {
        domain: domain(name),
        sealed: SealedSecret::restore(format!("sealed.{digest}")),
        digest: self::digest(digest),
        issued_at: at(0),
    }
}

/// The GeoID of a number.
pub(crate) fn geo_id(number: usize) -> GeoId {
    GeoId::parse(&format!("{number:064x}")).expect("it is 64 hex digits")
}

/// A triangular field without a name.
pub(crate) fn field(user: &User, geo_id: GeoId) -> Field {
    let corner = |longitude, latitude| Position { longitude, latitude, altitude: None };
    let ring = vec![corner(0.0, 0.0), corner(1.0, 0.0), corner(0.0, 1.0), corner(0.0, 0.0)];
    let boundary = Boundary::new(Geometry::Polygon(vec![ring])).expect("it is a triangle");
    let (id, user) = (FieldId::restore(id()), user.id);
    Field { id, user, name: None, geo_id, boundary, created_at: at(0), updated_at: at(0) }
}

/// From where a request came.
pub(crate) fn origin() -> Origin {
    let ip = IpAddr::from([203, 0, 113, 7]);
    let address = Some(ClientAddress::with_digest(ip, digest("address")));
    Origin { request: Some(RequestId::restore(id())), address, ..Origin::default() }.with_fields(Some("curl/8"), None)
}

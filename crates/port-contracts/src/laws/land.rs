//! Land fields.

use domain::accounts::user::User;
use domain::changes::{Changes, Invariant, LandChange, UniqueKey};
use domain::ids::{FieldId, UserId};
use domain::land::boundary::{Boundary, Geometry, MAX_POSITIONS, Position, Ring};
use domain::land::field::{Field, FieldName, MAX_FIELDS, shown_at_a_time};
use domain::sessions::ports::CredentialKey;
use domain::sessions::session::Channel;
use uuid::Uuid;

use crate::fixture::{Fixture, Ports};
use crate::outcome::{RACERS, expect_broken, expect_conflict, expect_stale};
use crate::samples::{add, at, field, geo_id, id, open, plan, plan_of, session, user};

/// Whatever a field can hold is what another process reads.
pub async fn a_field_reads_back_equal(fixture: Fixture) {
    let ada = a_user(&fixture, "ada@example.org").await;
    let square = |x: f64, side: f64| ring(&[(x, x), (x + side, x), (x + side, x + side), (x, x + side), (x, x)]);
    let high = square(0.5, 1.0).into_iter().map(|at| Position { altitude: Some(-1.5), ..at }).collect();
    let named = FieldName::parse(" Acker \u{1f33e} \"n\u{f6}rdlich\" \\ 'x' ").ok();
    let samples = [
        field(&ada, geo_id(0)),
        Field { name: named, created_at: at(-1), updated_at: at(1), ..field(&ada, geo_id(1)) },
        with_geometry(&ada, 2, Geometry::Polygon(vec![square(0.0, 9.0), square(1.0, 1.0), square(4.0, 2.0)])),
        with_geometry(&ada, 3, Geometry::MultiPolygon(vec![vec![square(0.0, 1.0)], vec![square(5.0, 1.0)]])),
        with_geometry(&ada, 4, Geometry::MultiPolygon(vec![vec![square(0.0, 1.0)]])),
        with_geometry(&ada, 5, Geometry::Polygon(vec![high])),
    ];
    for field in &samples {
        fixture.here.write(plan_of(LandChange::Add(field.clone()))).await;
    }
    assert_eq!(list(&fixture.there, ada.id, None, 100).await, samples);
}

/// The numbers of a boundary are the client's: each reads back as the same bits, the sign of zero
/// included.
pub async fn numbers_read_back_bit_by_bit(fixture: Fixture) {
    let ada = a_user(&fixture, "ada@example.org").await;
    let odd = [
        -0.0,
        1e-7,
        0.1 + 0.2,
        5e-324,
        -f64::MIN_POSITIVE,
        1.0 / 3.0,
        51.248_178_375_505_404,
        -36.573_978_981_956_66,
        89.999_999_999_999_99,
    ];
    let mut bits = 0x9e37_79b9_7f4a_7c15_u64;
    let random = std::iter::repeat_with(move || {
        bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((bits >> 11) as f64 / (1_u64 << 53) as f64).mul_add(180.0, -90.0)
    });
    let numbers: Vec<f64> = odd.into_iter().chain(random.take(2_000)).collect();
    let position = |at: &f64| Position { longitude: *at, latitude: -at, altitude: Some(at * 1e10) };
    let mut ring: Ring = numbers.iter().map(position).collect();
    ring.push(ring[0]);
    // Such a ring is no boundary of land, but a row may hold it.
    let boundary = Boundary::restore(Geometry::Polygon(vec![ring])).expect("it is closed and on the globe");
    let field = Field { boundary, ..field(&ada, geo_id(0)) };
    fixture.here.write(plan_of(LandChange::Add(field.clone()))).await;
    let read = list(&fixture.there, ada.id, None, 1).await.remove(0);
    assert_eq!(bits_of(&read), bits_of(&field));
}

/// A user without fields is no failure, nor is an unknown one.
pub async fn absent_fields_are_none(fixture: Fixture) {
    let ada = a_user(&fixture, "ada@example.org").await;
    for user in [ada.id, UserId::restore(id())] {
        assert_eq!(list(&fixture.here, user, None, 10).await, []);
    }
}

/// A user has a GeoID once; another user may have it, too.
pub async fn a_geo_id_is_unique_per_user(fixture: Fixture) {
    let (ada, ben) = (a_user(&fixture, "ada@example.org").await, a_user(&fixture, "ben@example.org").await);
    let (first, second) = (field(&ada, geo_id(1)), field(&ada, geo_id(2)));
    fixture.here.write(plan().with_all([&first, &second].map(|field| LandChange::Add(field.clone())))).await;
    let taken = LandChange::Add(field(&ada, geo_id(1)));
    expect_conflict(fixture.there.apply(plan_of(taken)).await, UniqueKey::GeoId);
    fixture.there.write(plan_of(LandChange::Add(field(&ben, geo_id(1))))).await;
    let taken = LandChange::Replace(Field { geo_id: geo_id(1), ..second.clone() });
    expect_conflict(fixture.there.apply(plan_of(taken)).await, UniqueKey::GeoId);
    let same_id = LandChange::Add(Field { geo_id: geo_id(3), ..first.clone() });
    expect_conflict(fixture.there.apply(plan_of(same_id)).await, UniqueKey::Random);
    assert_eq!(list(&fixture.here, ada.id, None, 10).await, [first.clone(), second]);
    // A GeoID is free once its field is gone.
    let remove = LandChange::Remove { field: first.id, user: ada.id };
    fixture.here.write(plan_of(remove).with(LandChange::Add(field(&ada, geo_id(1))))).await;
}

/// However many add a GeoID at once, the user has it once.
pub async fn one_of_many_adds_of_a_geo_id_wins(fixture: Fixture) {
    let ada = a_user(&fixture, "ada@example.org").await;
    let plans = (0..RACERS).map(|_| adding(field(&ada, geo_id(1))));
    for loser in fixture.race_for_one(plans.collect()).await {
        expect_conflict(Err(loser), UniqueKey::GeoId);
    }
    assert_eq!(list(&fixture.there, ada.id, None, 10).await.len(), 1);
}

/// A replacement keeps id and creation; nobody replaces what is not theirs.
pub async fn a_field_is_replaced_by_its_owner_alone(fixture: Fixture) {
    let (ada, ben) = (a_user(&fixture, "ada@example.org").await, a_user(&fixture, "ben@example.org").await);
    let (before, other) = (field(&ada, geo_id(1)), field(&ada, geo_id(2)));
    fixture.here.write(plan().with_all([&before, &other].map(|field| LandChange::Add(field.clone())))).await;
    for stranger in [Field { user: ben.id, ..before.clone() }, field(&ada, geo_id(3))] {
        expect_stale(fixture.there.apply(plan_of(LandChange::Replace(stranger))).await);
    }
    let moved = ring(&[(5.0, 5.0), (6.0, 5.0), (5.0, 6.0), (5.0, 5.0)]);
    let after = Field {
        id: before.id,
        name: FieldName::parse("South").ok(),
        created_at: at(7),
        updated_at: at(8),
        ..with_geometry(&ada, 4, Geometry::Polygon(vec![moved]))
    };
    fixture.there.write(plan_of(LandChange::Replace(after.clone()))).await;
    let after = Field { created_at: before.created_at, ..after };
    assert_eq!(list(&fixture.here, ada.id, None, 10).await, [after.clone(), other.clone()]);
    // The name goes, and the GeoID may stay.
    let unnamed = Field { name: None, ..after };
    fixture.there.write(plan_of(LandChange::Replace(unnamed.clone()))).await;
    assert_eq!(list(&fixture.here, ada.id, None, 10).await, [unnamed, other]);
}

/// A field that is not there, or is another's, cannot be removed.
pub async fn a_field_is_removed_once_by_its_owner_alone(fixture: Fixture) {
    let (ada, ben) = (a_user(&fixture, "ada@example.org").await, a_user(&fixture, "ben@example.org").await);
    let (gone, kept) = (field(&ada, geo_id(1)), field(&ada, geo_id(2)));
    fixture.here.write(plan().with_all([&gone, &kept].map(|field| LandChange::Add(field.clone())))).await;
    let remove = |field, user| plan_of(LandChange::Remove { field, user });
    expect_stale(fixture.there.apply(remove(gone.id, ben.id)).await);
    fixture.there.write(remove(gone.id, ada.id)).await;
    expect_stale(fixture.there.apply(remove(gone.id, ada.id)).await);
    assert_eq!(list(&fixture.here, ada.id, None, 10).await, [kept]);
}

/// The order is that of the ids; a page begins after any id, also an unknown one or another user's.
pub async fn fields_list_in_the_order_of_their_ids(fixture: Fixture) {
    let (ada, ben) = (a_user(&fixture, "ada@example.org").await, a_user(&fixture, "ben@example.org").await);
    let mut fields: Vec<_> = (0..5).map(|number| field(&ada, geo_id(9 - number))).collect();
    let between = field(&ben, geo_id(0));
    fields.push(field(&ada, geo_id(0)));
    fields[0].id = FieldId::restore(Uuid::from_u128(1));
    for field in fields.iter().rev().chain([&between]) {
        fixture.here.write(plan_of(LandChange::Add(field.clone()))).await;
    }
    let ports = &fixture.there;
    assert_eq!(list(ports, ada.id, None, 10).await, fields);
    assert_eq!(list(ports, ada.id, None, 2).await, fields[..2]);
    assert_eq!(list(ports, ada.id, Some(fields[1].id), 2).await, fields[2..4]);
    assert_eq!(list(ports, ada.id, Some(between.id), 10).await, fields[5..]);
    assert_eq!(list(ports, ada.id, Some(fields[5].id), 10).await, []);
    assert_eq!(list(ports, ben.id, None, 10).await, [between]);
}

/// A field of nobody is refused.
pub async fn a_field_needs_a_user(fixture: Fixture) {
    let nobody = user("nobody@example.org");
    let answer = fixture.here.ledger.apply(plan_of(LandChange::Add(field(&nobody, geo_id(1))))).await;
    assert!(answer.is_err());
    assert_eq!(list(&fixture.here, nobody.id, None, 10).await, []);
    assert_eq!(fixture.event_count().await, 0);
}

/// The last field that fits goes in, the next one does not, and a plan that goes beyond by one
/// leaves nothing.
pub async fn a_user_has_at_most_so_many_fields(fixture: Fixture) {
    let (ada, ben) = (a_user(&fixture, "ada@example.org").await, a_user(&fixture, "ben@example.org").await);
    let limit = Invariant::FieldLimit(ada.id);
    let full = MAX_FIELDS as usize;
    expect_broken(fixture.here.apply(filling(&ada, 0..full + 1)).await, &limit);
    assert_eq!(list(&fixture.here, ada.id, None, 10).await, []);
    fixture.here.write(filling(&ada, 0..full)).await;
    expect_broken(fixture.there.apply(adding(field(&ada, geo_id(full)))).await, &limit);
    fixture.there.write(adding(field(&ben, geo_id(full)))).await;
    let last = list(&fixture.here, ada.id, None, full + 10).await;
    assert_eq!(last.len(), full);
    let remove = LandChange::Remove { field: last[0].id, user: ada.id };
    fixture.there.write(plan_of(remove)).await;
    fixture.there.write(adding(field(&ada, geo_id(full)))).await;
}

/// Many adds at once, with room for ten: ten go in.
pub async fn many_adds_never_exceed_the_limit(fixture: Fixture) {
    let ada = a_user(&fixture, "ada@example.org").await;
    let (full, room) = (MAX_FIELDS as usize, 10);
    fixture.here.write(filling(&ada, 0..full - room)).await;
    let plans = (0..RACERS).map(|number| adding(field(&ada, geo_id(full + number))));
    let answers = fixture.race(plans.collect()).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), room);
    for loser in answers.into_iter().filter_map(Result::err) {
        expect_broken(Err(loser), &Invariant::FieldLimit(ada.id));
    }
    assert_eq!(list(&fixture.there, ada.id, None, full * 2).await.len(), full);
}

/// Fields with large boundaries are read as far as there is use for them: one more than is shown.
pub async fn large_fields_are_read_as_far_as_they_are_shown(fixture: Fixture) {
    let ada = a_user(&fixture, "ada@example.org").await;
    let api = session(&ada, Channel::Api);
    let large = |number| Field { boundary: many_corners(), ..field(&ada, geo_id(number)) };
    let fields: Vec<_> = (0..6).map(large).collect();
    let shown = shown_at_a_time(&fields, 6);
    assert!((1..5).contains(&shown), "{shown} are shown");
    fixture.here.write(plan_of(open(&api)).with_all(fields.iter().cloned().map(LandChange::Add))).await;
    let found = list(&fixture.there, ada.id, None, 6).await;
    assert!(found.len() > shown && fields.starts_with(&found));
    let after = found[shown - 1].id;
    assert!(fields[shown..].starts_with(&list(&fixture.there, ada.id, Some(after), 3).await));
    assert_eq!(list(&fixture.there, ada.id, Some(after), 1).await, fields[shown..=shown]);
    let held = fixture.there.sessions.holder_with_fields(&CredentialKey::Session(api.id), 6).await.expect("read");
    let (_, found) = held.expect("the holder is there");
    assert!(found.len() > shown && fields.starts_with(&found));
    // Of small ones all are read, however many steps that takes.
    let bea = a_user(&fixture, "bea@example.org").await;
    let small: Vec<_> = (0..100).map(|number| field(&bea, geo_id(number))).collect();
    let api = session(&bea, Channel::Api);
    fixture.here.write(plan_of(open(&api)).with_all(small.iter().cloned().map(LandChange::Add))).await;
    for most in [31, 32, 33, 64, 99, 100, 101] {
        let key = CredentialKey::Session(api.id);
        let held = fixture.there.sessions.holder_with_fields(&key, most).await.expect("read");
        assert_eq!(held.expect("the holder is there").1, small[..most.min(100)], "{most}");
        assert_eq!(list(&fixture.there, bea.id, None, most).await, small[..most.min(100)], "{most}");
    }
}

/// A circle with as many corners as a boundary may have, whose text is long.
fn many_corners() -> Boundary {
    let corner = |number: usize| {
        let angle = std::f64::consts::TAU * number as f64 / (MAX_POSITIONS - 1) as f64;
        Position { longitude: angle.cos(), latitude: angle.sin(), altitude: Some(0.1 + 0.2) }
    };
    let mut ring: Vec<_> = (0..MAX_POSITIONS - 1).map(corner).collect();
    ring.push(ring[0]);
    Boundary::new(Geometry::Polygon(vec![ring])).expect("a circle is a boundary")
}

async fn a_user(fixture: &Fixture, address: &str) -> User {
    let user = user(address);
    fixture.here.write(plan_of(add(&user))).await;
    user
}

async fn list(ports: &Ports, user: UserId, after: Option<FieldId>, limit: usize) -> Vec<Field> {
    ports.fields.list(user, after, limit).await.expect("the fields are read")
}

fn adding(field: Field) -> Changes {
    let limit = Invariant::FieldLimit(field.user);
    plan_of(LandChange::Add(field)).with(limit)
}

fn filling(user: &User, numbers: std::ops::Range<usize>) -> Changes {
    let fields = numbers.map(|number| LandChange::Add(field(user, geo_id(number))));
    plan().with_all(fields).with(Invariant::FieldLimit(user.id))
}

fn with_geometry(user: &User, number: usize, geometry: Geometry) -> Field {
    Field { boundary: Boundary::new(geometry).expect("the law's boundary is good"), ..field(user, geo_id(number)) }
}

fn ring(positions: &[(f64, f64)]) -> Ring {
    positions.iter().map(|&(longitude, latitude)| Position { longitude, latitude, altitude: None }).collect()
}

fn bits_of(field: &Field) -> Vec<u64> {
    let positions = field.boundary.geometry().polygons().iter().flatten().flatten();
    positions
        .flat_map(|at| [Some(at.longitude), Some(at.latitude), at.altitude])
        .map(|number| number.map_or(u64::MAX, f64::to_bits))
        .collect()
}

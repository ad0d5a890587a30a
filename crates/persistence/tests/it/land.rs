//! Land fields on both engines.

use domain::accounts::user::User;
use domain::changes::{Change, Changes, Invariant, LandChange, UniqueKey};
use domain::ids::{FieldId, UserId};
use domain::land::boundary::{Boundary, Geometry, Position};
use domain::land::field::{Field, FieldName, MAX_FIELDS};
use domain::land::geo_id::GeoId;
use domain::land::ports::Fields as _;
use domain::ports::ledger::{Ledger as _, Rejected};

use crate::fixture::{Place, adding, apply, at, id, on_both_engines, plan, race, user};

on_both_engines!(
    fields_read_back_equal_in_the_order_of_their_ids,
    a_geo_id_is_unique_per_user,
    a_field_is_replaced_and_removed_by_its_user_only,
    the_limit_holds_when_many_are_added_at_once,
    a_field_needs_its_user,
);

async fn fields_read_back_equal_in_the_order_of_their_ids(place: &Place) {
    let database = place.open().await;
    let (ada, bo) = (user("ada@example.org"), user("bo@example.org"));
    let mut fields = (0..5).map(|_| field(&ada)).collect::<Vec<_>>();
    fields[1].name = Some(FieldName::parse("Acker n\u{f6}rdlich").expect("a name"));
    fields[2].boundary = Boundary::new(Geometry::MultiPolygon(vec![
        square(0.1 + 0.2, 1.0 / 3.0, Some(12.5)),
        square(20.000_000_000_000_004, -45.7, None),
    ]))
    .expect("a boundary");
    let added = adding(&ada).with_all(adding(&bo).list).with_all(fields.iter().rev().map(adding_field));
    database.apply(added.with(adding_field(&field(&bo)))).await.expect("added");
    assert_eq!(database.list(ada.id, None, 3).await.expect("read"), fields[..3]);
    assert_eq!(database.list(ada.id, Some(fields[2].id), 9).await.expect("read"), fields[3..]);
    assert_eq!(database.list(UserId::restore(id()), None, 9).await.expect("read"), []);
}

async fn a_geo_id_is_unique_per_user(place: &Place) {
    let database = place.open().await;
    let (ada, bo) = (user("ada@example.org"), user("bo@example.org"));
    database.apply(adding(&ada).with_all(adding(&bo).list)).await.expect("added");
    let first = field(&ada);
    let same = |user| Field { geo_id: first.geo_id.clone(), ..field(user) };
    let outcomes = race(&database, (0..32).map(|_| plan().with(adding_field(&same(&ada)))).collect()).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes {
        assert!(matches!(outcome, Ok(_) | Err(Rejected::Conflict(UniqueKey::GeoId))), "{outcome:?}");
    }
    apply(&database, adding_field(&same(&bo))).await.expect("another user's");
    let other = field(&ada);
    apply(&database, adding_field(&other)).await.expect("another");
    let replaced = apply(&database, LandChange::Replace(Field { geo_id: first.geo_id.clone(), ..other })).await;
    assert!(matches!(replaced, Err(Rejected::Conflict(UniqueKey::GeoId))), "{replaced:?}");
}

async fn a_field_is_replaced_and_removed_by_its_user_only(place: &Place) {
    let database = place.open().await;
    let (ada, bo) = (user("ada@example.org"), user("bo@example.org"));
    let old = field(&ada);
    database.apply(adding(&ada).with_all(adding(&bo).list).with(adding_field(&old))).await.expect("added");
    let new = Field { id: old.id, created_at: at(50), updated_at: at(60), ..field(&ada) };
    let foreign = LandChange::Replace(Field { user: bo.id, ..new.clone() });
    assert!(matches!(apply(&database, foreign).await, Err(Rejected::Stale)));
    apply(&database, LandChange::Replace(new.clone())).await.expect("replaced");
    let expected = Field { created_at: old.created_at, ..new };
    assert_eq!(database.list(ada.id, None, 9).await.expect("read"), [expected]);
    let remove = |user: &User| LandChange::Remove { field: old.id, user: user.id };
    assert!(matches!(apply(&database, remove(&bo)).await, Err(Rejected::Stale)));
    apply(&database, remove(&ada)).await.expect("removed");
    assert!(matches!(apply(&database, remove(&ada)).await, Err(Rejected::Stale)));
}

async fn the_limit_holds_when_many_are_added_at_once(place: &Place) {
    let database = place.open().await;
    let ada = user("ada@example.org");
    let fields = (0..MAX_FIELDS - 8).map(|_| adding_field(&field(&ada)));
    database.apply(adding(&ada).with_all(fields)).await.expect("added");
    let limited = || plan().with(adding_field(&field(&ada))).with(Invariant::FieldLimit(ada.id));
    let outcomes = race(&database, (0..24).map(|_| limited()).collect::<Vec<Changes>>()).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 8);
    for outcome in outcomes {
        assert!(matches!(outcome, Ok(_) | Err(Rejected::Broken(Invariant::FieldLimit(_)))), "{outcome:?}");
    }
    assert_eq!(database.list(ada.id, None, 9_999).await.expect("read").len(), MAX_FIELDS as usize);
}

async fn a_field_needs_its_user(place: &Place) {
    let database = place.open().await;
    let refused = apply(&database, adding_field(&field(&user("nobody@example.org")))).await;
    let Err(Rejected::Failed(failure)) = refused else { panic!("{refused:?}") };
    assert!(!failure.retryable());
    database.apply(adding(&user("ada@example.org"))).await.expect("the next plan is not touched");
}

/// A field of the user, unlike every other.
pub(crate) fn field(user: &User) -> Field {
    let id = id();
    Field {
        id: FieldId::restore(id),
        user: user.id,
        name: None,
        geo_id: GeoId::parse(&format!("{:064x}", id.as_u128())).expect("a GeoID"),
        boundary: Boundary::new(Geometry::Polygon(square(1.5, 2.25, None))).expect("a boundary"),
        created_at: at(3),
        updated_at: at(4),
    }
}

pub(crate) fn adding_field(field: &Field) -> Change {
    LandChange::Add(field.clone()).into()
}

fn square(x: f64, y: f64, altitude: Option<f64>) -> Vec<Vec<Position>> {
    let corner = |longitude, latitude| Position { longitude, latitude, altitude };
    vec![vec![corner(x, y), corner(x + 1.0, y), corner(x + 1.0, y + 1.0), corner(x, y + 1.0), corner(x, y)]]
}

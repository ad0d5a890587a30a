//! The fields of a user.

use domain::access::{Actor, Denied};
use domain::accounts::show_me::ShowMe;
use domain::ids::FieldId;
use domain::land::add_field::{AddField, AddFieldError};
use domain::land::boundary::{Boundary, Geometry, MAX_POSITIONS, Position};
use domain::land::field::{FieldName, MAX_FIELDS, SHOWN_POSITIONS};
use domain::land::field_form::CheckedField;
use domain::land::geo_id::GeoId;
use domain::land::list_fields::{ListFields, ListFieldsError};
use domain::land::remove_field::{RemoveField, RemoveFieldError};
use domain::land::replace_field::{ReplaceField, ReplaceFieldError};
use domain::origin::Origin;
use domain::page::{Cursor, PageError, PageLimit};
use domain::ports::clock::Clock as _;
use domain::sessions::authenticate::Shown;

use crate::world::{World, by_user_token};

/// A triangle whose GeoID is all of one hex digit.
pub(crate) fn checked_field(digit: char) -> CheckedField {
    with_geo_id(&digit.to_string().repeat(64))
}

fn with_geo_id(geo_id: &str) -> CheckedField {
    let corner = |longitude, latitude| Position { longitude, latitude, altitude: None };
    let ring = vec![corner(0.0, 0.0), corner(1.0, 0.0), corner(1.0, 1.0), corner(0.0, 0.0)];
    let boundary = Boundary::new(Geometry::Polygon(vec![ring])).expect("a triangle");
    CheckedField { name: None, geo_id: GeoId::parse(geo_id).expect("a GeoID"), boundary }
}

fn add(world: &World) -> AddField {
    AddField { ledger: world.memory.clone(), clock: world.clock.clone(), entropy: world.entropy.clone() }
}

fn replace(world: &World) -> ReplaceField {
    ReplaceField { ledger: world.memory.clone(), clock: world.clock.clone(), entropy: world.entropy.clone() }
}

fn remove(world: &World) -> RemoveField {
    RemoveField { ledger: world.memory.clone(), clock: world.clock.clone(), entropy: world.entropy.clone() }
}

async fn ids(world: &World, actor: &Actor) -> Vec<FieldId> {
    let list = ListFields { fields: world.memory.clone() };
    let page = list.run(actor, None, PageLimit::MOST).await.expect("a user may");
    page.items.iter().map(|field| field.id).collect()
}

#[tokio::test]
async fn a_field_is_added_replaced_and_removed() {
    let world = World::default();
    let ada = by_user_token(&world, &world.join("ada@example.org").await.0);
    let a = add(&world).run(&ada, checked_field('a')).await.expect("a new field");
    let b = add(&world).run(&ada, checked_field('b')).await.expect("a new field");
    let again = add(&world).run(&ada, checked_field('a')).await;
    assert!(matches!(again, Err(AddFieldError::SameGeoId)), "{again:?}");
    world.clock.advance(chrono::TimeDelta::minutes(1));
    let name = Some(FieldName::parse("Orchard").expect("a name"));
    let named = CheckedField { name, ..checked_field('a') };
    let replaced = replace(&world).run(&ada, a.id, named).await.expect("its own GeoID stays");
    assert_eq!((replaced.id, replaced.updated_at), (a.id, world.clock.now()));
    let clash = replace(&world).run(&ada, b.id, checked_field('a')).await;
    assert!(matches!(clash, Err(ReplaceFieldError::SameGeoId)), "{clash:?}");
    remove(&world).run(&ada, a.id).await.expect("it is there");
    assert_eq!(ids(&world, &ada).await, [b.id]);
    let gone = remove(&world).run(&ada, a.id).await;
    assert!(matches!(gone, Err(RemoveFieldError::NotFound)), "{gone:?}");
}

#[tokio::test]
async fn the_fields_of_others_are_out_of_reach() {
    let world = World::default();
    let ada = by_user_token(&world, &world.join("ada@example.org").await.0);
    let bea = by_user_token(&world, &world.join("bea@example.org").await.0);
    let field = add(&world).run(&ada, checked_field('a')).await.expect("a new field");
    add(&world).run(&bea, checked_field('a')).await.expect("a GeoID is unique per user");
    let replaced = replace(&world).run(&bea, field.id, checked_field('c')).await;
    assert!(matches!(replaced, Err(ReplaceFieldError::NotFound)), "{replaced:?}");
    let removed = remove(&world).run(&bea, field.id).await;
    assert!(matches!(removed, Err(RemoveFieldError::NotFound)), "{removed:?}");
    assert_eq!(ids(&world, &ada).await, [field.id]);
    for actor in [Actor::nobody(Origin::default()), Actor::system()] {
        let added = add(&world).run(&actor, checked_field('d')).await;
        assert!(matches!(added, Err(AddFieldError::Denied(Denied::Nobody))), "{added:?}");
        let removed = remove(&world).run(&actor, field.id).await;
        assert!(matches!(removed, Err(RemoveFieldError::Denied(Denied::Nobody))), "{removed:?}");
        let replaced = replace(&world).run(&actor, field.id, checked_field('d')).await;
        assert!(matches!(replaced, Err(ReplaceFieldError::Denied(Denied::Nobody))), "{replaced:?}");
    }
}

#[tokio::test]
async fn large_boundaries_make_pages_short_and_hide_no_field() {
    let world = World::default();
    let (ada, token) = world.join("ada@example.org").await;
    let ada = by_user_token(&world, &ada);
    let digits = "abcdef";
    for digit in digits.chars() {
        add(&world).run(&ada, CheckedField { boundary: circle(), ..checked_field(digit) }).await.expect("a new field");
        world.clock.advance(chrono::TimeDelta::seconds(1));
    }
    let list = ListFields { fields: world.memory.clone() };
    let (mut found, mut after) = (String::new(), None);
    loop {
        let page = list.run(&ada, after, PageLimit::MOST).await.expect("a user may");
        let positions = page.items.iter().map(|field| field.boundary.positions()).sum::<usize>();
        assert!((MAX_POSITIONS..=SHOWN_POSITIONS).contains(&positions), "{positions}");
        found.extend(page.items.iter().map(|field| &field.geo_id.as_str()[..1]));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found, digits);
    let show_me = ShowMe { authenticate: world.authenticate().into() };
    let (_, me) = show_me.run(Shown::Bearer(token.reveal()), Origin::default()).await.expect("the token is alive");
    let shown = SHOWN_POSITIONS / MAX_POSITIONS;
    assert_eq!((me.fields.len(), me.more_fields), (shown, true), "and so many beside the account");
    let few = list.run(&ada, None, PageLimit::parse(1).expect("a limit")).await.expect("a user may");
    assert_eq!((few.items.len(), few.next.is_some()), (1, true));
}

/// A circle with as many corners as a boundary may have.
fn circle() -> Boundary {
    let corner = |number: usize| {
        let angle = std::f64::consts::TAU * number as f64 / (MAX_POSITIONS - 1) as f64;
        Position { longitude: angle.cos(), latitude: angle.sin(), altitude: None }
    };
    let ring = (0..MAX_POSITIONS - 1).chain([0]).map(corner).collect();
    Boundary::new(Geometry::Polygon(vec![ring])).expect("a circle is a boundary")
}

#[tokio::test]
async fn fields_are_listed_by_pages() {
    let world = World::default();
    let ada = by_user_token(&world, &world.join("ada@example.org").await.0);
    for digit in ['a', 'b', 'c'] {
        add(&world).run(&ada, checked_field(digit)).await.expect("a new field");
        world.clock.advance(chrono::TimeDelta::seconds(1));
    }
    let list = ListFields { fields: world.memory.clone() };
    let two = PageLimit::parse(2).expect("a limit");
    let first = list.run(&ada, None, two).await.expect("a user may");
    let rest = list.run(&ada, first.next.clone(), two).await.expect("a user may");
    let digits = first.items.iter().chain(&rest.items).map(|field| &field.geo_id.as_str()[..1]);
    assert_eq!((digits.collect::<String>(), rest.next.is_none()), ("abc".into(), true));
    let foreign = list.run(&ada, Some(Cursor::after("a")), two).await;
    assert!(matches!(foreign, Err(ListFieldsError::Page(PageError::Cursor))), "{foreign:?}");
}

#[tokio::test]
async fn a_user_has_a_thousand_fields_at_most() {
    let world = World::default();
    let mut application = crate::world::application("ada@example.org");
    application.fields = (0..MAX_FIELDS).map(|at| with_geo_id(&format!("{at:064x}"))).collect();
    let sign_up = world.sign_up(domain::domains::policy::DefaultPolicy::Allow);
    let outcome = sign_up.run(&Actor::nobody(Origin::default()), application).await;
    let Ok(domain::accounts::sign_up::Outcome::SignedUp { id, .. }) = outcome else { panic!("{outcome:?}") };
    let ada = by_user_token(&world, &world.user(id).await);
    let one_more = add(&world).run(&ada, checked_field('a')).await;
    assert!(matches!(one_more, Err(AddFieldError::TooMany)), "{one_more:?}");
    let some = ids(&world, &ada).await;
    remove(&world).run(&ada, some[0]).await.expect("it is there");
    add(&world).run(&ada, checked_field('a')).await.expect("there is room again");
}

//! The check of boundaries against an oracle that shares no code and no method with it: whole
//! numbers, every edge against every other, and the number of faces that the edges make.

use std::collections::{BTreeMap, BTreeSet};

use domain::land::boundary::{Boundary, BoundaryError, Geometry, Position};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// A point of the grid.
type Spot = (i64, i64);
/// A closed ring on the grid.
type Loop = Vec<Spot>;

/// How many boundaries are judged.
const CASES: usize = 6_000;

#[test]
fn the_check_and_the_oracle_agree_on_small_grids() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = polygons();
    // Per number of rings, how many were refused and how many accepted.
    let mut judged: BTreeMap<usize, [usize; 2]> = BTreeMap::new();
    for _ in 0..CASES {
        let polygons = strategy.new_tree(&mut runner).expect("it filters nothing").current();
        let expected = oracle(&polygons);
        for (scale, shift) in [(1.0, 0.0), (0.125, -179.5)] {
            let found = Boundary::new(geometry(&polygons, scale, shift));
            if expected {
                assert!(found.is_ok(), "refused: {polygons:?}");
            } else {
                assert_eq!(found, Err(BoundaryError::Crossing), "accepted: {polygons:?}");
            }
        }
        let rings = polygons.iter().map(Vec::len).sum::<usize>();
        judged.entry(rings.min(4)).or_default()[usize::from(expected)] += 1;
    }
    for rings in 1..=4 {
        let [refused, accepted] = judged.get(&rings).copied().unwrap_or_default();
        assert!(refused > 50 && accepted > 50, "of {rings} rings, {refused} were refused and {accepted} accepted");
    }
}

#[test]
fn the_oracle_knows_what_the_standard_says() {
    let square = |x, y, side| vec![(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)];
    let diamond = vec![(2, 0), (4, 2), (2, 4), (0, 2), (2, 0)];
    for (polygons, expected) in [
        (vec![vec![square(0, 0, 4)]], true),
        (vec![vec![square(0, 0, 4), square(1, 1, 1)]], true),
        (vec![vec![square(0, 0, 4), square(0, 0, 4)]], false),
        (vec![vec![square(0, 0, 4), square(1, 1, 2), square(1, 1, 1)]], false),
        (vec![vec![square(0, 0, 4), square(5, 5, 1)]], false),
        (vec![vec![square(0, 0, 4), diamond]], false),
        (vec![vec![square(0, 0, 4), vec![(0, 0), (2, 1), (1, 2), (0, 0)]]], true),
        (vec![vec![square(0, 0, 2)], vec![square(2, 2, 2)]], true),
        (vec![vec![square(0, 0, 2)], vec![square(2, 0, 2)]], false),
        (vec![vec![square(0, 0, 4), square(1, 1, 2)], vec![vec![(1, 1), (3, 1), (3, 3), (1, 1)]]], false),
        (vec![vec![square(0, 0, 6), square(1, 1, 4)], vec![square(2, 2, 2)]], true),
        (vec![vec![square(0, 0, 6)], vec![square(2, 2, 2)]], false),
        (vec![vec![vec![(0, 0), (2, 2), (2, 0), (0, 2), (0, 0)]]], false),
        (vec![vec![vec![(0, 0), (4, 0), (2, 0), (2, 2), (0, 0)]]], false),
    ] {
        assert_eq!(oracle(&polygons), expected, "{polygons:?}");
    }
}

/// One to three polygons of one to four rings each, most of them near each other.
fn polygons() -> impl Strategy<Value = Vec<Vec<Loop>>> {
    let around = (Just((0, 0)), 5_i64..8).prop_map(|((x, y), side)| rectangle(x, y, side, side));
    let exterior = prop_oneof![3 => around, 2 => shape(6)];
    let polygon = (exterior, proptest::collection::vec(shape(6), 0..4))
        .prop_map(|(exterior, holes)| std::iter::once(exterior).chain(holes).collect::<Vec<_>>());
    let apart = proptest::collection::vec((shape(4), 0_i64..9, 0_i64..9), 1..4).prop_map(|shapes| {
        let moved =
            |(ring, x, y): (Loop, i64, i64)| vec![ring.into_iter().map(|spot| (spot.0 + x, spot.1 + y)).collect()];
        shapes.into_iter().map(moved).collect::<Vec<Vec<Loop>>>()
    });
    let islands = (polygon.clone(), proptest::collection::vec(shape(7), 1..3)).prop_map(|(polygon, islands)| {
        std::iter::once(polygon).chain(islands.into_iter().map(|ring| vec![ring])).collect::<Vec<_>>()
    });
    // Holes in cells side by side: they touch each other, and the exterior, but seldom overlap.
    let cells = (0..9).map(|cell| (3 * (cell % 3), 3 * (cell / 3))).collect::<Vec<Spot>>();
    let holes = (proptest::sample::subsequence(cells, 1..6), proptest::collection::vec(shape(3), 5));
    let touching = holes.prop_map(|(cells, shapes)| {
        let moved = |((x, y), ring): (Spot, Loop)| ring.into_iter().map(|spot| (spot.0 + x, spot.1 + y)).collect();
        let holes = cells.into_iter().zip(shapes).map(moved);
        vec![std::iter::once(rectangle(-1, 0, 11, 9)).chain(holes).collect::<Vec<Loop>>()]
    });
    prop_oneof![4 => polygon.prop_map(|polygon| vec![polygon]), 2 => apart, 2 => islands, 4 => touching]
}

/// A ring that lies between 0 and `size`, anywhere from regular to hopeless.
fn shape(size: i64) -> impl Strategy<Value = Loop> + Clone {
    let spot = move || (0..=size, 0..=size);
    let box_of = (spot(), 1..=size / 2, 1..=size / 2).prop_map(|((x, y), wide, high)| rectangle(x, y, wide, high));
    let triangle = [spot(), spot(), spot()].prop_map(|corners| closed(corners.to_vec()));
    let diamond = (spot(), 1_i64..=2)
        .prop_map(|((x, y), r)| closed(vec![(x + r, y), (x + 2 * r, y + r), (x + r, y + 2 * r), (x, y + r)]));
    let any_ring = proptest::collection::vec(spot(), 3..8).prop_map(closed);
    let ring = prop_oneof![4 => box_of, 4 => triangle, 2 => diamond, 2 => any_ring];
    (ring, any::<bool>(), 0_usize..8).prop_map(|(ring, reversed, start)| {
        let mut open = ring[1..].to_vec();
        let length = open.len();
        open.rotate_left(start % length);
        if reversed {
            open.reverse();
        }
        closed(open)
    })
}

fn rectangle(x: i64, y: i64, wide: i64, high: i64) -> Loop {
    closed(vec![(x, y), (x + wide, y), (x + wide, y + high), (x, y + high)])
}

fn closed(mut spots: Vec<Spot>) -> Loop {
    spots.push(spots[0]);
    spots
}

fn geometry(polygons: &[Vec<Loop>], scale: f64, shift: f64) -> Geometry {
    let position =
        |&(x, y): &Spot| Position { longitude: x as f64 * scale + shift, latitude: y as f64 * scale, altitude: None };
    let ring = |ring: &Loop| ring.iter().map(position).collect();
    let polygon = |rings: &Vec<Loop>| rings.iter().map(ring).collect();
    match polygons {
        [one] => Geometry::Polygon(polygon(one)),
        many => Geometry::MultiPolygon(many.iter().map(polygon).collect()),
    }
}

/// Whether polygons keep what Simple Features asks: simple rings that meet in single points at most
/// and do not cross, holes inside their exterior and apart, interiors that are apart and in one piece.
fn oracle(polygons: &[Vec<Loop>]) -> bool {
    let rings = polygons.iter().flatten().collect::<Vec<_>>();
    rings.iter().all(|ring| is_simple(ring))
        && pairs(rings.len()).all(|(one, other)| meet_in_points(rings[one], rings[other]))
        && pairs(rings.len())
            .all(|(one, other)| place(rings[one], rings[other]).is_some() && place(rings[other], rings[one]).is_some())
        && polygons.iter().all(|polygon| holes_are_well(polygon) && pieces(polygon) == 1)
        && pairs(polygons.len()).all(|(one, other)| are_apart(&polygons[one], &polygons[other]))
}

fn pairs(count: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..count).flat_map(move |other| (0..other).map(move |one| (one, other)))
}

fn edges(ring: &Loop) -> Vec<(Spot, Spot)> {
    ring.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

/// Neighbouring edges share their corner alone, others nothing, and no edge is a point.
fn is_simple(ring: &Loop) -> bool {
    let edges = edges(ring);
    edges.iter().all(|edge| edge.0 != edge.1)
        && pairs(edges.len()).all(|(one, other)| {
            let neighbours = other == one + 1 || (one == 0 && other == edges.len() - 1);
            match common(edges[one], edges[other]) {
                Common::Nothing => true,
                Common::Point(_) => neighbours,
                Common::More => false,
            }
        })
}

fn meet_in_points(one: &Loop, other: &Loop) -> bool {
    edges(one).iter().all(|&edge| edges(other).iter().all(|&against| !matches!(common(edge, against), Common::More)))
}

/// What two edges have in common.
enum Common {
    Nothing,
    /// A point that is an end of one of them.
    Point(Spot),
    /// A point inside of both, or a piece of a line.
    More,
}

fn common(one: (Spot, Spot), other: (Spot, Spot)) -> Common {
    let sides = |edge: (Spot, Spot), of: (Spot, Spot)| [turn(edge, of.0).signum(), turn(edge, of.1).signum()];
    let ends = [(one.0, other), (one.1, other), (other.0, one), (other.1, one)];
    let touching = ends.into_iter().filter(|&(spot, edge)| is_on(spot, edge)).map(|(spot, _)| spot);
    let touching = touching.collect::<BTreeSet<_>>();
    match touching.len() {
        0 if sides(one, other).iter().product::<i64>() < 0 && sides(other, one).iter().product::<i64>() < 0 => {
            Common::More
        }
        0 => Common::Nothing,
        1 => Common::Point(*touching.first().expect("there is one")),
        _ => Common::More,
    }
}

/// Twice the area of the triangle over an edge, positive to its left.
fn turn((from, to): (Spot, Spot), spot: Spot) -> i64 {
    (to.0 - from.0) * (spot.1 - from.1) - (to.1 - from.1) * (spot.0 - from.0)
}

fn is_on(spot: Spot, edge: (Spot, Spot)) -> bool {
    let between = |a: i64, b: i64, c: i64| a.min(b) <= c && c <= a.max(b);
    turn(edge, spot) == 0 && between(edge.0.0, edge.1.0, spot.0) && between(edge.0.1, edge.1.1, spot.1)
}

/// Where a ring lies to another one that it meets in points alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Inside,
    Outside,
}

/// Where all pieces of a ring lie between the points in which it meets the other; `None` when some
/// lie inside and others outside.
fn place(ring: &Loop, other: &Loop) -> Option<Place> {
    let mut places = edges(ring).into_iter().flat_map(|edge| cuts(edge, &[other])).map(|(from, to)| {
        // Twice the middle of a piece, against twice the other ring, so that it is on the grid.
        let middle = (from.0 + to.0, from.1 + to.1);
        let doubled = other.iter().map(|spot| (spot.0 * 2, spot.1 * 2)).collect::<Vec<_>>();
        if surrounds(&doubled, middle) { Place::Inside } else { Place::Outside }
    });
    let first = places.next().expect("a ring has edges");
    places.all(|place| place == first).then_some(first)
}

/// An edge, cut where rings touch it.
fn cuts(edge: (Spot, Spot), rings: &[&Loop]) -> Vec<(Spot, Spot)> {
    let mut at = BTreeSet::from([edge.0, edge.1]);
    for against in rings.iter().flat_map(|ring| edges(ring)) {
        if let Common::Point(spot) = common(edge, against) {
            at.insert(spot);
        }
    }
    // In the order of spots, which along one line is the order along the line.
    let at = at.into_iter().collect::<Vec<_>>();
    at.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

/// Whether a ring goes around a spot that is not on it: a ray to the east meets it an odd number of times.
fn surrounds(ring: &[Spot], spot: Spot) -> bool {
    let meets = |pair: &[Spot]| {
        let (low, high) = if pair[0].1 < pair[1].1 { (pair[0], pair[1]) } else { (pair[1], pair[0]) };
        low.1 <= spot.1 && spot.1 < high.1 && turn((low, high), spot) > 0
    };
    ring.windows(2).filter(|pair| meets(pair)).count() % 2 == 1
}

fn holes_are_well(polygon: &[Loop]) -> bool {
    let (exterior, holes) = polygon.split_first().expect("a polygon has a ring");
    holes
        .iter()
        .all(|hole| place(hole, exterior) == Some(Place::Inside) && place(exterior, hole) == Some(Place::Outside))
        && pairs(holes.len()).all(|(one, other)| {
            place(&holes[one], &holes[other]) == Some(Place::Outside)
                && place(&holes[other], &holes[one]) == Some(Place::Outside)
        })
}

/// Interiors have nothing in common: each polygon lies outside the other, or in one of its holes.
fn are_apart(one: &[Loop], other: &[Loop]) -> bool {
    let clear = |inner: &[Loop], outer: &[Loop]| {
        place(&inner[0], &outer[0]) == Some(Place::Outside)
            || outer[1..].iter().any(|hole| place(&inner[0], hole) == Some(Place::Inside))
    };
    clear(one, other) && clear(other, one)
}

/// Into how many pieces the rings of a polygon cut its interior, by Euler's formula: the faces of a
/// plane graph are its edges less its corners, and one more for each part that hangs together, and
/// one. Of these, one is around the exterior and one is in each hole.
fn pieces(polygon: &[Loop]) -> usize {
    let all = polygon.iter().collect::<Vec<_>>();
    let pieces = all.iter().flat_map(|ring| edges(ring)).flat_map(|edge| cuts(edge, &all)).collect::<Vec<_>>();
    let corners = pieces.iter().flat_map(|&(from, to)| [from, to]).collect::<BTreeSet<_>>();
    let mut parts = corners.iter().map(|&corner| (corner, corner)).collect::<BTreeMap<_, _>>();
    for &(from, to) in &pieces {
        let (from, to) = (parts[&from], parts[&to]);
        parts.values_mut().filter(|part| **part == from).for_each(|part| *part = to);
    }
    let parts = parts.into_values().collect::<BTreeSet<_>>().len();
    let faces = pieces.len() + parts + 1 - corners.len();
    faces - polygon.len()
}

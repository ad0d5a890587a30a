//! What the rings of a boundary keep to: the simple features of OGC 06-103r4, section 6.1.11.

use std::collections::{BTreeMap, BTreeSet};

use super::outline::Outline;
use super::plane::{Meeting, Point};
use super::sweep::pairs_pass;
use super::{Geometry, Rings};

/// Whether no ring crosses or touches itself or another, save that different rings may touch in
/// single points; holes lie in their exterior and not in each other; no part overlaps another; and
/// the inside of each part is in one piece.
pub(super) fn hold(geometry: &Geometry) -> bool {
    let outlines = |rings: &Rings| rings.iter().map(Outline::of).collect::<Option<Vec<_>>>();
    let Some(parts) = geometry.polygons().iter().map(outlines).collect::<Option<Vec<_>>>() else { return false };
    rings_are_apart(&parts) && parts.iter().all(|part| holes_lie_well(part)) && parts_are_apart(&parts)
}

/// A segment, by the part, the ring in it and the index in that.
#[derive(Clone, Copy)]
struct Place {
    part: usize,
    ring: usize,
    index: usize,
}

fn rings_are_apart(parts: &[Vec<Outline>]) -> bool {
    let places = parts.iter().enumerate().flat_map(|(part, rings)| {
        let of_ring =
            move |(ring, outline): (usize, &Outline)| (0..outline.len()).map(move |index| Place { part, ring, index });
        rings.iter().enumerate().flat_map(of_ring)
    });
    let places = places.collect::<Vec<_>>();
    let outline = |place: Place| &parts[place.part][place.ring];
    let segments = places.iter().map(|&place| outline(place).segment(place.index)).collect::<Vec<_>>();
    let bounds = segments.iter().map(|segment| segment.bounds()).collect::<Vec<_>>();
    let mut touches = Touches::default();
    let apart = pairs_pass(&bounds, |a, b| match segments[a].meeting(&segments[b]) {
        Meeting::Apart => true,
        Meeting::Across | Meeting::Along => false,
        Meeting::At(point) => {
            let (a, b) = (places[a], places[b]);
            if (a.part, a.ring) == (b.part, b.ring) {
                return outline(a).are_neighbours(a.index, b.index);
            }
            if a.part == b.part {
                touches.note(a.part, [a.ring, b.ring], point);
            }
            !outline(a).corner(a.index, point).is_crossed_by(&outline(b).corner(b.index, point))
        }
    });
    apart && touches.leave_parts_whole()
}

/// `part` is the exterior and its holes.
fn holes_lie_well(part: &[Outline]) -> bool {
    let Some((exterior, holes)) = part.split_first() else { return false };
    let in_another = |at: usize, hole: &Outline| {
        holes.iter().enumerate().any(|(other, outline)| other != at && hole.is_inside(outline))
    };
    holes.iter().enumerate().all(|(at, hole)| hole.is_inside(exterior) && !in_another(at, hole))
}

/// A part may lie in a hole of another, but not in its inside.
fn parts_are_apart(parts: &[Vec<Outline>]) -> bool {
    let overlaps = |part: &[Outline], other: &[Outline]| {
        let in_hole = || other[1..].iter().any(|hole| part[0].is_inside(hole));
        part[0].is_inside(&other[0]) && !in_hole()
    };
    parts
        .iter()
        .enumerate()
        .all(|(at, part)| parts.iter().enumerate().all(|(other_at, other)| other_at == at || !overlaps(part, other)))
}

/// Where the rings of one part touch each other.
#[derive(Default)]
struct Touches(BTreeSet<(usize, usize, PointKey)>);

/// The bits of a point's coordinates.
type PointKey = [u64; 2];

impl Touches {
    fn note(&mut self, part: usize, rings: [usize; 2], point: Point) {
        let key = [point.x, point.y].map(f64::to_bits);
        self.0.extend(rings.map(|ring| (part, ring, key)));
    }

    /// Rings that hang together in a circle cut off a piece of the inside; rings and the points they
    /// touch in are therefore a forest.
    fn leave_parts_whole(&self) -> bool {
        let mut nodes = BTreeMap::new();
        let mut leaders = Vec::new();
        self.0.iter().all(|&(part, ring, point)| {
            let mut leader = |node| {
                let next = leaders.len();
                let at = *nodes.entry(node).or_insert(next);
                if at == next {
                    leaders.push(next);
                }
                find(&mut leaders, at)
            };
            let (a, b) = (leader((part, Ok(ring))), leader((part, Err(point))));
            leaders[a] = b;
            a != b
        })
    }
}

/// The leader of a node's tree; the way there is halved for the next time.
fn find(leaders: &mut [usize], mut node: usize) -> usize {
    while leaders[node] != node {
        leaders[node] = leaders[leaders[node]];
        node = leaders[node];
    }
    node
}

//! Points and edges on the plane of longitude and latitude, judged exactly.

use std::cmp::Ordering;

use robust::{Coord, orient2d};

use crate::land::boundary::Position;

/// What is nearer to zero than this counts as zero. It is far below anything on the ground, and it
/// keeps the predicates exact: they are as long as no product of theirs underflows.
const NOTHING: f64 = 1e-100;

/// A point of the plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    x: f64,
    y: f64,
}

impl Point {
    /// Where a position is, whatever its altitude.
    pub(super) fn of(position: &Position) -> Self {
        let flush = |value: f64| if value.abs() < NOTHING { 0.0 } else { value };
        Self { x: flush(position.longitude), y: flush(position.latitude) }
    }

    /// From west to east, and from south to north on one meridian.
    pub(super) fn order(self, other: Self) -> Ordering {
        self.x.total_cmp(&other.x).then(self.y.total_cmp(&other.y))
    }
}

/// `Greater` when `point` is left of the line from `from` to `to`, `Equal` when it is on it.
pub(super) fn turn(from: Point, to: Point, point: Point) -> Ordering {
    let coord = |point: Point| Coord { x: point.x, y: point.y };
    orient2d(coord(from), coord(to), coord(point)).partial_cmp(&0.0).unwrap_or(Ordering::Equal)
}

/// A straight edge of a ring.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    /// The end that comes first in the order of points.
    pub(super) first: Point,
    /// The other end.
    pub(super) last: Point,
    /// The ring.
    pub(super) ring: usize,
    /// Whether the ring runs from the first end to the last.
    pub(super) forward: bool,
}

impl Edge {
    /// The edge that a ring has from one point to the next, which is another.
    pub(super) fn new(from: Point, to: Point, ring: usize) -> Self {
        let forward = from.order(to).is_lt();
        let (first, last) = if forward { (from, to) } else { (to, from) };
        Self { first, last, ring, forward }
    }

    /// Both ends.
    pub(super) const fn ends(&self) -> [Point; 2] {
        [self.first, self.last]
    }

    /// Where a point that is neither before the first end nor after the last stands: `Greater` above
    /// the edge, which is west of one on a meridian, and `Equal` on it.
    pub(super) fn side(&self, point: Point) -> Ordering {
        // Most points are told apart by latitude alone.
        if point.y > self.first.y && point.y > self.last.y {
            Ordering::Greater
        } else if point.y < self.first.y && point.y < self.last.y {
            Ordering::Less
        } else {
            turn(self.first, self.last, point)
        }
    }

    /// Whether two edges cross each other at a point that is an end of neither.
    pub(super) fn crosses(&self, other: &Self) -> bool {
        let parts = |edge: &Self, other: &Self| {
            let sides = [other.first, other.last].map(|end| turn(edge.first, edge.last, end));
            matches!(sides, [Ordering::Less, Ordering::Greater] | [Ordering::Greater, Ordering::Less])
        };
        parts(self, other) && parts(other, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(longitude: f64, latitude: f64) -> Point {
        Point::of(&Position { longitude, latitude, altitude: None })
    }

    #[test]
    fn sides_are_exact() {
        let edge = Edge::new(point(0.7, 0.7), point(0.1, 0.1), 0);
        assert!(!edge.forward);
        assert!(edge.side(point(0.3, 0.3)).is_eq());
        // A product of rounded numbers would call this point one of the line.
        assert!(edge.side(point(0.3, 0.3 + f64::EPSILON / 4.0)).is_gt());
        assert!(edge.side(point(0.5, 0.1)).is_lt());
    }

    #[test]
    fn only_edges_with_a_point_inside_of_both_cross() {
        let edge = |[x0, y0, x1, y1]: [f64; 4]| Edge::new(point(x0, y0), point(x1, y1), 0);
        let diagonal = edge([0., 0., 2., 2.]);
        assert!(diagonal.crosses(&edge([0., 2., 2., 0.])));
        for other in [[1., 1., 2., 0.], [2., 2., 3., 0.], [1., 1., 3., 3.], [0., 1., 1., 2.], [0., 0., 2., 2.]] {
            assert!(!diagonal.crosses(&edge(other)), "{other:?}");
        }
    }

    #[test]
    fn what_is_next_to_nothing_is_nothing() {
        assert_eq!(point(-0.0, 1e-200), point(0.0, 0.0));
        assert!(point(1e-99, 0.0) != point(0.0, 0.0));
    }
}

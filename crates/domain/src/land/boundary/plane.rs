//! Exact geometry on the plane of longitude and latitude, where RFC 7946 draws its straight lines.

use std::cmp::Ordering;

use robust::{Coord, orient2d};

/// A place on the plane, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    /// Longitude.
    pub x: f64,
    /// Latitude.
    pub y: f64,
}

/// A straight line from one point to another one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    /// Where it begins.
    pub from: Point,
    /// Where it ends.
    pub to: Point,
}

impl Segment {
    /// How two segments meet.
    pub(super) fn meeting(&self, other: &Self) -> Meeting {
        let theirs = (self.side_of(other.from), self.side_of(other.to));
        let ours = (other.side_of(self.from), other.side_of(self.to));
        if theirs == (Ordering::Equal, Ordering::Equal) {
            return self.meeting_on_one_line(other);
        }
        let parted = |(from, to): (Ordering, Ordering)| from.is_ne() && to == from.reverse();
        if parted(theirs) && parted(ours) {
            return Meeting::Across;
        }
        self.shared_ends(other).next().map_or(Meeting::Apart, Meeting::At)
    }

    /// Whether the point lies on the segment, its ends included.
    pub(super) fn holds(&self, point: Point) -> bool {
        self.bounds().hold(point) && self.side_of(point).is_eq()
    }

    /// The smallest box around the segment.
    pub(super) fn bounds(&self) -> Bounds {
        Bounds::of([self.from, self.to])
    }

    /// `Greater` when the point is to the left of the line, `Less` to the right, `Equal` on it.
    pub(super) fn side_of(&self, point: Point) -> Ordering {
        turn(self.from, self.to, point)
    }

    fn meeting_on_one_line(&self, other: &Self) -> Meeting {
        let mut shared = self.shared_ends(other);
        match shared.next() {
            None => Meeting::Apart,
            Some(first) if shared.all(|point| point == first) => Meeting::At(first),
            Some(_) => Meeting::Along,
        }
    }

    /// The ends of each that lie on the other.
    fn shared_ends(&self, other: &Self) -> impl Iterator<Item = Point> {
        let on_other = [self.from, self.to].into_iter().filter(|point| other.holds(*point));
        on_other.chain([other.from, other.to].into_iter().filter(|point| self.holds(*point)))
    }
}

/// How two segments meet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meeting {
    /// Not at all.
    Apart,
    /// In one point, which is an end of at least one of them.
    At(Point),
    /// In one point between the ends of both.
    Across,
    /// In more than one point.
    Along,
}

/// Two segments of a ring that follow each other, or one that is cut in two at a point of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Corner {
    /// The point before.
    pub before: Point,
    /// The corner.
    pub at: Point,
    /// The point after.
    pub after: Point,
}

impl Corner {
    /// Whether somebody who walks around the corner has the way to `point` at the left.
    pub(super) fn has_at_left(&self, point: Point) -> bool {
        let left_of_arrival = turn(self.before, self.at, point).is_gt();
        let left_of_departure = turn(self.at, self.after, point).is_gt();
        if self.turns_right() { left_of_arrival || left_of_departure } else { left_of_arrival && left_of_departure }
    }

    /// Whether the other corner, at the same point, leads from one side of this one to the other.
    pub(super) fn is_crossed_by(&self, other: &Self) -> bool {
        self.has_at_left(other.before) != self.has_at_left(other.after)
    }

    /// Whether the way bends to the right here.
    pub(super) fn turns_right(&self) -> bool {
        turn(self.before, self.at, self.after).is_lt()
    }
}

/// A box with sides along the axes: first longitude, then latitude.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// The least of each axis.
    pub low: [f64; 2],
    /// The most of each axis.
    pub high: [f64; 2],
}

impl Bounds {
    /// The smallest box around all points.
    pub(super) fn of(points: impl IntoIterator<Item = Point>) -> Self {
        let none = Self { low: [f64::INFINITY; 2], high: [f64::NEG_INFINITY; 2] };
        points.into_iter().fold(none, |bounds, Point { x, y }| Self {
            low: [bounds.low[0].min(x), bounds.low[1].min(y)],
            high: [bounds.high[0].max(x), bounds.high[1].max(y)],
        })
    }

    /// Whether the point lies in the box or on its sides.
    pub(super) fn hold(&self, point: Point) -> bool {
        self.hold_all(&Self { low: [point.x, point.y], high: [point.x, point.y] })
    }

    /// Whether the other box lies in this one.
    pub(super) fn hold_all(&self, other: &Self) -> bool {
        (0..2).all(|axis| self.low[axis] <= other.low[axis] && other.high[axis] <= self.high[axis])
    }

    /// Whether both have something in common along one axis.
    pub(super) fn overlap(&self, other: &Self, axis: usize) -> bool {
        self.low[axis] <= other.high[axis] && other.low[axis] <= self.high[axis]
    }
}

/// Which way the path from `a` over `b` to `c` turns: `Greater` is left. The answer is exact.
fn turn(a: Point, b: Point, c: Point) -> Ordering {
    let coord = |point: Point| Coord { x: point.x, y: point.y };
    orient2d(coord(a), coord(b), coord(c)).partial_cmp(&0.0).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn point(x: f64, y: f64) -> Point {
        Point { x, y }
    }

    fn meeting(a: [f64; 4], b: [f64; 4]) -> Meeting {
        let segment = |[x0, y0, x1, y1]: [f64; 4]| Segment { from: point(x0, y0), to: point(x1, y1) };
        let found = segment(a).meeting(&segment(b));
        assert_eq!(found, segment(b).meeting(&segment(a)), "it does not matter which comes first");
        found
    }

    #[test]
    fn two_segments_meet_in_four_ways() {
        assert_eq!(meeting([0., 0., 2., 2.], [0., 2., 2., 0.]), Meeting::Across);
        assert_eq!(meeting([0., 0., 2., 2.], [1., 1., 2., 0.]), Meeting::At(point(1., 1.)));
        assert_eq!(meeting([0., 0., 2., 2.], [2., 2., 3., 0.]), Meeting::At(point(2., 2.)));
        assert_eq!(meeting([0., 0., 2., 2.], [2., 2., 3., 3.]), Meeting::At(point(2., 2.)));
        assert_eq!(meeting([0., 0., 2., 2.], [1., 1., 3., 3.]), Meeting::Along);
        assert_eq!(meeting([0., 0., 3., 3.], [1., 1., 2., 2.]), Meeting::Along);
        assert_eq!(meeting([0., 0., 2., 2.], [3., 3., 4., 4.]), Meeting::Apart);
        assert_eq!(meeting([0., 0., 2., 2.], [0., 1., 1., 2.]), Meeting::Apart);
        assert_eq!(meeting([0., 0., 2., 2.], [3., 0., 0., 2.5]), Meeting::Across);
        // A product of rounded numbers would call these three points collinear.
        assert_eq!(meeting([0.1, 0.1, 0.7, 0.7], [0.3, 0.3 + f64::EPSILON / 4.0, 0.5, 0.9]), Meeting::Apart);
    }

    #[test]
    fn a_corner_knows_its_left() {
        let left = Corner { before: point(1., 0.), at: point(0., 0.), after: point(0., -1.) };
        assert!(left.has_at_left(point(1., -1.)) && !left.has_at_left(point(-1., 1.)));
        let right = Corner { before: point(-1., 0.), at: point(0., 0.), after: point(0., -1.) };
        assert!(right.turns_right() && right.has_at_left(point(1., 1.)) && !right.has_at_left(point(-1., -1.)));
        let straight = Corner { before: point(-1., 0.), at: point(0., 0.), after: point(1., 0.) };
        assert!(straight.has_at_left(point(0., 1.)) && !straight.has_at_left(point(0., -1.)));
        assert!(straight.is_crossed_by(&Corner { before: point(-1., 1.), at: point(0., 0.), after: point(1., -1.) }));
        assert!(!straight.is_crossed_by(&Corner { before: point(-1., 1.), at: point(0., 0.), after: point(1., 1.) }));
    }
}

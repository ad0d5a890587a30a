//! One ring on the plane.

use super::plane::{Bounds, Corner, Point, Segment};
use super::{Position, Ring};

/// A closed path. Its last segment leads back to its first point, which is not repeated.
#[derive(Debug)]
pub(super) struct Outline {
    points: Vec<Point>,
    bounds: Bounds,
}

impl Outline {
    /// The path of a ring that is known to be closed. `None` when a position follows itself.
    pub(super) fn of(ring: &Ring) -> Option<Self> {
        // The sum has one zero only, so that equal points are also sorted as equals.
        let point = |at: &Position| Point { x: at.longitude + 0.0, y: at.latitude + 0.0 };
        let closed = ring.iter().map(point).collect::<Vec<_>>();
        if closed.windows(2).any(|pair| pair[0] == pair[1]) {
            return None;
        }
        let points = closed[..closed.len() - 1].to_vec();
        let bounds = Bounds::of(points.iter().copied());
        Some(Self { points, bounds })
    }

    /// How many segments it has, and as many points.
    pub(super) fn len(&self) -> usize {
        self.points.len()
    }

    /// The segment with this index; indexes go around.
    pub(super) fn segment(&self, index: usize) -> Segment {
        Segment { from: self.point(index), to: self.point(index + 1) }
    }

    /// Whether two segments follow each other.
    pub(super) fn are_neighbours(&self, a: usize, b: usize) -> bool {
        (a + 1) % self.len() == b || (b + 1) % self.len() == a
    }

    /// How the path comes to a point of a segment, and how it goes on.
    pub(super) fn corner(&self, segment: usize, at: Point) -> Corner {
        let Segment { from, to } = self.segment(segment);
        if at == from {
            Corner { before: self.point(segment + self.len() - 1), at, after: to }
        } else if at == to {
            Corner { before: from, at, after: self.point(segment + 2) }
        } else {
            Corner { before: from, at, after: to }
        }
    }

    /// Whether this path lies within the other one. Both are simple and do not cross.
    pub(super) fn is_inside(&self, other: &Self) -> bool {
        if !other.bounds.hold_all(&self.bounds) {
            return false;
        }
        let places = self.points.iter().map(|point| other.place_of(*point));
        let decided = places.into_iter().find(|place| !matches!(place, Place::On(_)));
        match decided.unwrap_or_else(|| other.place_of(self.points[0])) {
            Place::Inside => true,
            Place::Outside => false,
            // Every point lies on the other path: the way to the second one tells the side.
            Place::On(segment) => {
                let corner = other.corner(segment, self.points[0]);
                corner.has_at_left(self.points[1]) != other.is_clockwise()
            }
        }
    }

    /// Where a point lies: a ray from it to the east is cut an odd number of times from inside.
    fn place_of(&self, point: Point) -> Place {
        let mut inside = false;
        for index in 0..self.len() {
            let segment = self.segment(index);
            if segment.holds(point) {
                return Place::On(index);
            }
            let (from_above, to_above) = (segment.from.y > point.y, segment.to.y > point.y);
            if from_above != to_above && segment.side_of(point).is_gt() == to_above {
                inside = !inside;
            }
        }
        if inside { Place::Inside } else { Place::Outside }
    }

    /// At the westernmost of its points (the southernmost of those) a path bends as it goes around.
    fn is_clockwise(&self) -> bool {
        let order = |a: &Point, b: &Point| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y));
        let first = (0..self.len()).min_by(|&a, &b| order(&self.points[a], &self.points[b])).unwrap_or(0);
        self.corner(first, self.points[first]).turns_right()
    }

    fn point(&self, index: usize) -> Point {
        self.points[index % self.len()]
    }
}

/// Where a point lies with regard to a path.
enum Place {
    Inside,
    Outside,
    /// On the segment with this index.
    On(usize),
}

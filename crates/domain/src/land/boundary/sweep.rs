//! How the rings of a boundary lie to each other.
//!
//! A line sweeps over the plane from west to east (Shamos and Hoey, 1976) and keeps the edges that it
//! cuts, from south to north. Two edges can only cross when they are neighbours at some time, so only
//! neighbours are compared. Every point where rings meet is an end of an edge; there the edges around
//! the point tell whether the rings touch or cross. Each judgement is exact.

use std::cmp::Ordering;

use crate::land::boundary::plane::{Edge, Point, turn};

/// How rings lie to each other that neither cross nor touch themselves nor share a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Arrangement {
    /// Per ring, the innermost ring around it.
    pub(super) around: Vec<Option<usize>>,
    /// Per point where rings touch each other, the rings, counter-clockwise around it.
    pub(super) contacts: Vec<Vec<usize>>,
}

/// Sweeps over closed rings without repeated points. `None` when a ring touches or crosses itself, or
/// when two rings cross or share more than points.
pub(super) fn arrange(rings: &[Vec<Point>]) -> Option<Arrangement> {
    let mut sweep = Sweep::over(rings);
    let mut order: Vec<usize> = (0..sweep.corners.len()).collect();
    order.sort_unstable_by(|&one, &other| {
        let (one, other) = (&sweep.corners[one], &sweep.corners[other]);
        one.point.order(other.point).then(one.ring.cmp(&other.ring))
    });
    let mut rest = &order[..];
    while let Some(&corner) = rest.first() {
        let here = sweep.corners[corner].point;
        let count = rest.iter().take_while(|&&corner| sweep.corners[corner].point == here).count();
        let (corners, later) = rest.split_at(count);
        sweep.pass(here, corners)?;
        rest = later;
    }
    let around = sweep.seen.iter().map(|seen| seen.and_then(|seen| seen.around)).collect();
    Some(Arrangement { around, contacts: sweep.contacts })
}

struct Sweep {
    /// The corner of each number; the edge of the same number leads from it to the next.
    corners: Vec<Corner>,
    edges: Vec<Edge>,
    /// The edges that the line cuts, from south to north. An ordered tree would insert faster, but
    /// with so few edges as a boundary may have, moving their numbers is cheaper than comparing them.
    cut: Vec<usize>,
    /// What is known of each ring that the line has met.
    seen: Vec<Option<Seen>>,
    contacts: Vec<Vec<usize>>,
}

struct Corner {
    point: Point,
    ring: usize,
    /// The edge that leads to it.
    edge_before: usize,
}

#[derive(Clone, Copy)]
struct Seen {
    /// Whether the ring runs counter-clockwise.
    counter_clockwise: bool,
    around: Option<usize>,
}

/// A piece of an edge, as it leaves a point.
#[derive(Clone, Copy)]
struct Ray {
    to: Point,
    edge: usize,
    ring: usize,
    /// Whether it leads east, or north on the meridian: the line has yet to pass over it.
    ahead: bool,
}

impl Sweep {
    fn over(rings: &[Vec<Point>]) -> Self {
        let (mut corners, mut edges) = (Vec::new(), Vec::new());
        for (ring, points) in rings.iter().enumerate() {
            let start = corners.len();
            for (number, pair) in points.windows(2).enumerate() {
                let last = start + points.len() - 2;
                let edge_before = if number == 0 { last } else { start + number - 1 };
                corners.push(Corner { point: pair[0], ring, edge_before });
                edges.push(Edge::new(pair[0], pair[1], ring));
            }
        }
        Self { corners, edges, cut: Vec::new(), seen: vec![None; rings.len()], contacts: Vec::new() }
    }

    /// Passes over a point and the corners that are there, in the order of their rings.
    fn pass(&mut self, here: Point, corners: &[usize]) -> Option<()> {
        if corners.windows(2).any(|pair| self.corners[pair[0]].ring == self.corners[pair[1]].ring) {
            return None;
        }
        let from = self.cut.partition_point(|&edge| self.edges[edge].side(here).is_gt());
        let met = self.cut[from..].iter().take_while(|&&edge| self.edges[edge].side(here).is_eq()).count();
        let rays = self.rays(here, corners, from..from + met)?;
        // Each edge that ends here, and each that passes through, was met as one.
        if rays.iter().filter(|ray| !ray.ahead).count() != met {
            return None;
        }
        let ahead = rays.iter().filter(|ray| ray.ahead).map(|ray| ray.edge);
        let count = ahead.clone().count();
        self.cut.splice(from..from + met, ahead);
        self.meet(from, count);
        let crossed = |south: usize, north: usize| match (self.cut.get(south), self.cut.get(north)) {
            (Some(&south), Some(&north)) => self.edges[south].crosses(&self.edges[north]),
            _ => false,
        };
        let south = from.checked_sub(1);
        let crosses =
            south.is_some_and(|south| crossed(south, from)) || count > 0 && crossed(from + count - 1, from + count);
        if crosses { None } else { Some(()) }
    }

    /// The pieces of edges around a point, counter-clockwise from due south. `None` when rings cross
    /// there, or two pieces lead the same way.
    fn rays(&mut self, here: Point, corners: &[usize], met: std::ops::Range<usize>) -> Option<Vec<Ray>> {
        let mut rays = Vec::with_capacity(corners.len() * 2 + 2);
        for &corner in corners {
            for edge in [self.corners[corner].edge_before, corner] {
                rays.extend(
                    self.edges[edge].ends().into_iter().filter(|&to| to != here).map(|to| self.ray(here, to, edge)),
                );
            }
        }
        let mut through = self.cut[met].iter().copied().filter(|&edge| self.edges[edge].last != here);
        let passing = through.next();
        // Two edges through one point cross, or lie on each other.
        if through.next().is_some() {
            return None;
        }
        if let Some(edge) = passing {
            let ring = self.edges[edge].ring;
            if corners.iter().any(|&corner| self.corners[corner].ring == ring) {
                return None;
            }
            rays.extend(self.edges[edge].ends().map(|to| self.ray(here, to, edge)));
        }
        rays.sort_unstable_by(|one, other| {
            one.ahead.cmp(&other.ahead).reverse().then_with(|| turn(here, other.to, one.to))
        });
        if rays.windows(2).any(|pair| pair[0].ahead == pair[1].ahead && turn(here, pair[0].to, pair[1].to).is_eq()) {
            return None;
        }
        if rays.len() > 2 {
            self.contacts.push(nested(&rays)?);
        }
        Some(rays)
    }

    fn ray(&self, here: Point, to: Point, edge: usize) -> Ray {
        Ray { to, edge, ring: self.edges[edge].ring, ahead: here.order(to) == Ordering::Less }
    }

    /// Notes the rings that the line meets for the first time, at `count` edges from `from` on. The
    /// edge to the south of such a ring tells in which ring it lies.
    fn meet(&mut self, from: usize, count: usize) {
        for at in from..from + count {
            let edge = self.edges[self.cut[at]];
            if self.seen[edge.ring].is_some() {
                continue;
            }
            let south = at.checked_sub(1).map(|south| self.edges[self.cut[south]]);
            let around = south.and_then(|south| {
                let seen = self.seen[south.ring]?;
                if south.forward == seen.counter_clockwise { Some(south.ring) } else { seen.around }
            });
            // It is the southern one of the two edges at the ring's first corner.
            self.seen[edge.ring] = Some(Seen { counter_clockwise: edge.forward, around });
        }
    }
}

/// The rings around a point, each once, if none of them crosses another there: each comes back before
/// those around it do, like brackets.
fn nested(rays: &[Ray]) -> Option<Vec<usize>> {
    let (mut open, mut rings) = (Vec::new(), Vec::new());
    for ray in rays {
        if open.last() == Some(&ray.ring) {
            open.pop();
        } else {
            open.push(ray.ring);
            rings.push(ray.ring);
        }
    }
    // A ring that comes back too late was put down twice, and its brackets stay open.
    if open.is_empty() { Some(rings) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::land::boundary::Position;

    fn ring(positions: &[(f64, f64)]) -> Vec<Point> {
        let point = |&(longitude, latitude)| Point::of(&Position { longitude, latitude, altitude: None });
        positions.iter().map(point).collect()
    }

    fn square(x: f64, y: f64, side: f64) -> Vec<Point> {
        ring(&[(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)])
    }

    #[test]
    fn each_ring_knows_the_innermost_ring_around_it() {
        let rings = [square(1.0, 1.0, 1.0), square(0.0, 0.0, 9.0), square(20.0, 0.0, 1.0), square(4.0, 1.0, 3.0)];
        let inner = ring(&[(5.0, 2.0), (5.0, 3.0), (6.0, 2.0), (5.0, 2.0)]);
        let around = arrange(&[&rings[..], &[inner]].concat()).map(|found| found.around);
        assert_eq!(around, Some(vec![Some(1), None, None, Some(1), Some(3)]));
    }

    #[test]
    fn rings_that_touch_are_named_and_rings_that_cross_are_none() {
        let touching = arrange(&[square(0.0, 0.0, 4.0), ring(&[(0.0, 2.0), (1.0, 3.0), (1.0, 1.0), (0.0, 2.0)])]);
        let expected = Arrangement { around: vec![None, Some(0)], contacts: vec![vec![1, 0]] };
        assert_eq!(touching, Some(expected));
        // Corner on corner: beside each other, then through each other.
        let beside = ring(&[(4.0, 4.0), (5.0, 4.0), (5.0, 5.0), (4.0, 4.0)]);
        assert!(arrange(&[square(0.0, 0.0, 4.0), beside]).is_some());
        let through = ring(&[(4.0, 4.0), (1.0, 2.0), (-1.0, 9.0), (6.0, 5.0), (4.0, 4.0)]);
        assert_eq!(arrange(&[square(0.0, 0.0, 4.0), through]), None);
    }

    /// Teeth side by side, all of them slanting: the boxes around any two edges overlap.
    #[test]
    fn slanting_teeth_are_not_compared_pair_by_pair() {
        let at = |along: f64, across: f64| (along * 50.0 + across * 0.005, along * 50.0 - across * 0.005);
        let tooth = |number: usize| {
            let across = number as f64;
            [at(0.0, across), at(0.0, across + 0.25), at(1.0, across + 0.25), at(1.0, across + 0.75)]
        };
        let mut comb: Vec<_> = (0..2_400).flat_map(tooth).collect();
        comb.extend([at(0.0, 2_400.0), at(-1.0, 2_400.0), at(-1.0, -1.0), comb[0]]);
        assert!(arrange(&[ring(&comb)]).is_some());
    }
}

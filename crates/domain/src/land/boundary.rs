//! The boundary of a field: a `Polygon` or `MultiPolygon` of RFC 7946, in WGS 84.

mod plane;
mod rules;
mod sweep;

use thiserror::Error;

use crate::form::Refusal;
use plane::Point;
use rules::Role;

/// The most positions a boundary may have, all rings together.
pub const MAX_POSITIONS: usize = 10_000;

/// A position: longitude and latitude in degrees, and an altitude in metres where it was given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    /// Longitude, -180 to 180.
    pub longitude: f64,
    /// Latitude, -90 to 90.
    pub latitude: f64,
    /// Altitude, if it was given.
    pub altitude: Option<f64>,
}

/// A ring: it ends where it begins.
pub type Ring = Vec<Position>;

/// The rings of a polygon: the exterior first, then the holes.
pub type Rings = Vec<Ring>;

/// The geometry of a boundary, as it was given.
#[derive(Clone, Debug, PartialEq)]
pub enum Geometry {
    /// One polygon.
    Polygon(Rings),
    /// Several polygons that do not overlap.
    MultiPolygon(Vec<Rings>),
}

impl Geometry {
    /// The polygons.
    #[must_use]
    pub fn polygons(&self) -> &[Rings] {
        match self {
            Self::Polygon(rings) => std::slice::from_ref(rings),
            Self::MultiPolygon(polygons) => polygons,
        }
    }
}

/// A boundary that keeps every rule. It reads back equal to what was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Boundary(Geometry);

impl Boundary {
    /// Checks a geometry: closed rings of at least four positions, longitude and latitude in range,
    /// at most [`MAX_POSITIONS`] positions; no ring repeats a position or meets itself; different
    /// rings meet in single points at most; holes lie inside and apart, and so do parts.
    ///
    /// # Errors
    /// The first rule that does not hold.
    pub fn new(geometry: Geometry) -> Result<Self, BoundaryError> {
        let rings = || geometry.polygons().iter().flatten();
        if geometry.polygons().is_empty() || geometry.polygons().iter().any(Vec::is_empty) {
            return Err(BoundaryError::Empty);
        }
        if rings().map(Vec::len).sum::<usize>() > MAX_POSITIONS {
            return Err(BoundaryError::TooManyPositions);
        }
        rings().try_for_each(|ring| check_ring(ring))?;
        let planar: Vec<_> = rings().map(|ring| ring.iter().map(Point::of).collect::<Vec<_>>()).collect();
        if planar.iter().any(|ring| ring.windows(2).any(|pair| pair[0] == pair[1])) {
            return Err(BoundaryError::Crossing);
        }
        let arrangement = sweep::arrange(&planar).ok_or(BoundaryError::Crossing)?;
        if rules::keeps_rules(&roles(&geometry), &arrangement) {
            Ok(Self(geometry))
        } else {
            Err(BoundaryError::Crossing)
        }
    }

    /// The boundary that a row holds: it was checked before it was written.
    ///
    /// # Errors
    /// When it is not even a geometry with closed rings in range.
    pub fn restore(geometry: Geometry) -> Result<Self, BoundaryError> {
        geometry.polygons().iter().flatten().try_for_each(|ring| check_ring(ring))?;
        Ok(Self(geometry))
    }

    /// How many positions it has, all rings together.
    #[must_use]
    pub fn positions(&self) -> usize {
        self.0.polygons().iter().flatten().map(Vec::len).sum()
    }

    /// The geometry, as it was given, for whoever keeps it.
    #[must_use]
    pub fn into_geometry(self) -> Geometry {
        self.0
    }

    /// The geometry, as it was given.
    #[must_use]
    pub const fn geometry(&self) -> &Geometry {
        &self.0
    }
}

/// Why a geometry is no boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BoundaryError {
    /// It has no polygon, or a polygon without a ring.
    #[error("A boundary has at least one polygon, and each polygon a ring.")]
    Empty,
    /// It has more positions than are kept.
    #[error("A boundary has at most 10000 positions.")]
    TooManyPositions,
    /// A ring has too few positions.
    #[error("Each ring has at least four positions.")]
    ShortRing,
    /// A ring does not end where it begins.
    #[error("Each ring ends with the position that it begins with.")]
    OpenRing,
    /// A position is off the globe.
    #[error("Each position is a longitude of -180 to 180 and a latitude of -90 to 90.")]
    OffTheGlobe,
    /// Rings cross themselves or each other, a hole is outside, or parts overlap.
    #[error("The rings of a boundary neither cross nor overlap, and its holes lie inside.")]
    Crossing,
}

impl Refusal for BoundaryError {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty-boundary",
            Self::TooManyPositions => "too-many-positions",
            Self::ShortRing => "short-ring",
            Self::OpenRing => "open-ring",
            Self::OffTheGlobe => "position-out-of-range",
            Self::Crossing => "crossing-rings",
        }
    }
}

fn check_ring(ring: &[Position]) -> Result<(), BoundaryError> {
    if ring.len() < 4 {
        return Err(BoundaryError::ShortRing);
    }
    let on_the_globe = |position: &Position| {
        (-180.0..=180.0).contains(&position.longitude)
            && (-90.0..=90.0).contains(&position.latitude)
            && position.altitude.is_none_or(f64::is_finite)
    };
    if !ring.iter().all(on_the_globe) {
        return Err(BoundaryError::OffTheGlobe);
    }
    if ring.first() != ring.last() {
        return Err(BoundaryError::OpenRing);
    }
    Ok(())
}

/// What each ring is, in the order of all rings.
fn roles(geometry: &Geometry) -> Vec<Role> {
    let mut roles = Vec::new();
    for rings in geometry.polygons() {
        let exterior = roles.len();
        roles.extend(rings.iter().map(|_| Role { exterior }));
    }
    roles
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(positions: &[(f64, f64)]) -> Ring {
        positions.iter().map(|&(longitude, latitude)| Position { longitude, latitude, altitude: None }).collect()
    }

    fn square(x: f64, y: f64, side: f64) -> Ring {
        ring(&[(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)])
    }

    fn circle(positions: usize) -> Ring {
        let angle = |at: usize| std::f64::consts::TAU * at as f64 / (positions - 1) as f64;
        let mut ring =
            (0..positions - 1).map(|at| (angle(at).cos() * 10.0, angle(at).sin() * 10.0)).collect::<Vec<_>>();
        ring.push(ring[0]);
        self::ring(&ring)
    }

    #[test]
    fn good_boundaries_read_back_equal() {
        let high = Position { longitude: 0.0, latitude: 0.0, altitude: Some(12.5) };
        let mut with_altitude = square(0.0, 0.0, 1.0);
        with_altitude[0] = high;
        with_altitude[4] = high;
        for geometry in [
            Geometry::Polygon(vec![square(0.0, 0.0, 1.0)]),
            Geometry::Polygon(vec![square(0.0, 0.0, 9.0), square(1.0, 1.0, 1.0), square(4.0, 4.0, 2.0)]),
            Geometry::Polygon(vec![square(-180.0, -90.0, 180.0)]),
            Geometry::Polygon(vec![with_altitude]),
            Geometry::Polygon(vec![circle(MAX_POSITIONS)]),
            Geometry::MultiPolygon(vec![vec![square(0.0, 0.0, 1.0)], vec![square(5.0, 5.0, 1.0)]]),
            // Clockwise rings are accepted, as RFC 7946 asks of readers.
            Geometry::Polygon(vec![square(0.0, 0.0, 1.0).into_iter().rev().collect()]),
        ] {
            assert_eq!(Boundary::new(geometry.clone()).map(|boundary| boundary.0), Ok(geometry));
        }
    }

    #[test]
    fn bad_boundaries_are_named() {
        use BoundaryError::{Crossing, Empty, OffTheGlobe, OpenRing, ShortRing, TooManyPositions};
        let bow_tie = ring(&[(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)]);
        for (geometry, error) in [
            (Geometry::Polygon(vec![]), Empty),
            (Geometry::MultiPolygon(vec![]), Empty),
            (Geometry::MultiPolygon(vec![vec![square(0.0, 0.0, 1.0)], vec![]]), Empty),
            (Geometry::Polygon(vec![ring(&[])]), ShortRing),
            (Geometry::Polygon(vec![ring(&[(0.0, 0.0), (1.0, 0.0), (0.0, 0.0)])]), ShortRing),
            (Geometry::Polygon(vec![ring(&[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)])]), OpenRing),
            (Geometry::Polygon(vec![square(179.5, 0.0, 1.0)]), OffTheGlobe),
            (Geometry::Polygon(vec![square(0.0, 89.5, 1.0)]), OffTheGlobe),
            (Geometry::Polygon(vec![square(f64::NAN, 0.0, 1.0)]), OffTheGlobe),
            (Geometry::Polygon(vec![square(f64::INFINITY, 0.0, 1.0)]), OffTheGlobe),
            (Geometry::Polygon(vec![circle(MAX_POSITIONS + 1)]), TooManyPositions),
            (Geometry::Polygon(vec![bow_tie]), Crossing),
            (Geometry::Polygon(vec![square(0.0, 0.0, 1.0), square(5.0, 5.0, 1.0)]), Crossing),
            (Geometry::Polygon(vec![square(0.0, 0.0, 2.0), square(1.0, 1.0, 2.0)]), Crossing),
            (Geometry::Polygon(vec![square(0.0, 0.0, 9.0), square(1.0, 1.0, 2.0), square(2.0, 2.0, 2.0)]), Crossing),
            (Geometry::MultiPolygon(vec![vec![square(0.0, 0.0, 2.0)], vec![square(1.0, 1.0, 2.0)]]), Crossing),
        ] {
            assert_eq!(Boundary::new(geometry.clone()), Err(error), "{geometry:?}");
        }
    }

    #[test]
    fn rings_may_touch_in_single_points() {
        let diamond = ring(&[(2.0, 0.0), (4.0, 2.0), (2.0, 4.0), (0.0, 2.0), (2.0, 0.0)]);
        let touching_hole = ring(&[(0.0, 2.0), (1.0, 3.0), (1.0, 1.0), (0.0, 2.0)]);
        let corner_hole = ring(&[(0.0, 0.0), (1.0, 2.0), (2.0, 1.0), (0.0, 0.0)]);
        let (east, north) = (square(2.0, 2.0, 1.0), square(1.0, 3.0, 1.0));
        let frame = vec![square(0.0, 0.0, 4.0), diamond.clone().into_iter().rev().collect()];
        for geometry in [
            Geometry::Polygon(vec![square(0.0, 0.0, 4.0), touching_hole]),
            Geometry::Polygon(vec![square(0.0, 0.0, 4.0), corner_hole]),
            Geometry::Polygon(vec![square(0.0, 0.0, 9.0), east.clone(), north.clone()]),
            Geometry::MultiPolygon(vec![vec![east], vec![north]]),
            Geometry::MultiPolygon(vec![
                vec![square(0.0, 0.0, 9.0), square(1.0, 1.0, 4.0)],
                vec![square(2.0, 2.0, 1.0)],
            ]),
            // Four triangles around a diamond that touches each of them, each corner in one point.
            Geometry::MultiPolygon(vec![
                vec![ring(&[(-1.0, 2.0), (-1.0, 3.0), (0.0, 2.0), (-1.0, 2.0)])],
                vec![diamond.clone()],
                vec![ring(&[(4.0, 2.0), (5.0, 3.0), (5.0, 2.0), (4.0, 2.0)])],
            ]),
        ] {
            assert!(Boundary::new(geometry.clone()).is_ok(), "{geometry:?}");
        }
        for geometry in [
            // The hole touches its exterior four times, so that four corners are left of the inside.
            Geometry::Polygon(frame),
            Geometry::MultiPolygon(vec![vec![square(0.0, 0.0, 4.0)], vec![diamond.clone()]]),
            Geometry::MultiPolygon(vec![vec![diamond.clone()], vec![square(0.0, 0.0, 4.0)]]),
            Geometry::MultiPolygon(vec![vec![diamond.clone()], vec![diamond]]),
            // Four holes in a circle cut off what lies between them.
            Geometry::Polygon(vec![
                square(0.0, 0.0, 9.0),
                square(3.0, 2.0, 1.0),
                square(2.0, 3.0, 1.0),
                square(3.0, 4.0, 1.0),
                square(4.0, 3.0, 1.0),
            ]),
        ] {
            assert_eq!(Boundary::new(geometry.clone()), Err(BoundaryError::Crossing), "{geometry:?}");
        }
    }

    #[test]
    fn rings_are_simple() {
        for positions in [
            // On one line.
            &[(0.0, 0.0), (1.0, 1.0), (2.0, 2.0), (0.0, 0.0)][..],
            // A position twice in a row, and its first one.
            &[(0.0, 0.0), (1.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0)],
            &[(0.0, 0.0), (0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0)],
            &[(1.0, 1.0), (1.0, 1.0), (1.0, 1.0), (1.0, 1.0)],
            // A spike, outwards and inwards.
            &[(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (4.0, 2.0), (2.0, 2.0), (0.0, 2.0), (0.0, 0.0)],
            &[(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (1.0, 2.0), (1.0, 1.0), (1.0, 2.0), (0.0, 2.0), (0.0, 0.0)],
            // Touching itself: corner on corner, corner on side, side on side.
            &[(0.0, 0.0), (1.0, 1.0), (2.0, 0.0), (2.0, 2.0), (1.0, 1.0), (0.0, 2.0), (0.0, 0.0)],
            &[(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (2.0, 0.0), (0.0, 4.0), (0.0, 0.0)],
            &[(0.0, 0.0), (3.0, 0.0), (3.0, 2.0), (2.0, 0.0), (1.0, 0.0), (0.0, 2.0), (0.0, 0.0)],
            // The same way twice.
            &[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0)],
        ] {
            let geometry = Geometry::Polygon(vec![ring(positions)]);
            assert_eq!(Boundary::new(geometry), Err(BoundaryError::Crossing), "{positions:?}");
        }
    }

    #[test]
    fn holes_neither_cross_at_a_corner_nor_leave() {
        let outside = ring(&[(0.0, 0.0), (-1.0, -2.0), (-2.0, -1.0), (0.0, 0.0)]);
        let through_corners = ring(&[(1.0, 1.0), (4.0, 4.0), (5.0, 6.0), (1.0, 1.0)]);
        let along_side = ring(&[(1.0, 0.0), (2.0, 0.0), (1.0, 1.0), (1.0, 0.0)]);
        for hole in [outside, through_corners, along_side, square(0.0, 0.0, 4.0), square(-1.0, -1.0, 9.0)] {
            let geometry = Geometry::Polygon(vec![square(0.0, 0.0, 4.0), hole]);
            assert_eq!(Boundary::new(geometry.clone()), Err(BoundaryError::Crossing), "{geometry:?}");
        }
    }
}

//! Boundaries whose verdict is known, and the worst shapes of as many positions as there may be.

use domain::land::boundary::{Boundary, BoundaryError, Geometry, MAX_POSITIONS, Position, Ring};

#[test]
fn the_examples_of_rfc_7946_are_boundaries() {
    for geometry in [
        // Appendix A.3, without and with a hole.
        Geometry::Polygon(vec![ring(&[(100.0, 0.0), (101.0, 0.0), (101.0, 1.0), (100.0, 1.0)])]),
        Geometry::Polygon(vec![
            ring(&[(100.0, 0.0), (101.0, 0.0), (101.0, 1.0), (100.0, 1.0)]),
            ring(&[(100.8, 0.8), (100.8, 0.2), (100.2, 0.2), (100.2, 0.8)]),
        ]),
        // Appendix A.6.
        Geometry::MultiPolygon(vec![
            vec![ring(&[(102.0, 2.0), (103.0, 2.0), (103.0, 3.0), (102.0, 3.0)])],
            vec![
                ring(&[(100.0, 0.0), (101.0, 0.0), (101.0, 1.0), (100.0, 1.0)]),
                ring(&[(100.2, 0.2), (100.2, 0.8), (100.8, 0.8), (100.8, 0.2)]),
            ],
        ]),
        // Section 3.1.9: cut along the antimeridian.
        Geometry::MultiPolygon(vec![
            vec![ring(&[(180.0, 40.0), (180.0, 50.0), (170.0, 50.0), (170.0, 40.0)])],
            vec![ring(&[(-170.0, 40.0), (-170.0, 50.0), (-180.0, 50.0), (-180.0, 40.0)])],
        ]),
        // Section 5.3: around a pole, and from pole to pole.
        Geometry::Polygon(vec![ring(&[(-180.0, -90.0), (180.0, -90.0), (180.0, -60.0), (-180.0, -60.0)])]),
        Geometry::Polygon(vec![ring(&[(-180.0, 60.0), (180.0, 60.0), (180.0, 90.0), (-180.0, 90.0)])]),
        Geometry::Polygon(vec![ring(&[(-180.0, -90.0), (180.0, -90.0), (180.0, 90.0), (-180.0, 90.0)])]),
    ] {
        assert_eq!(Boundary::new(geometry.clone()).map(|boundary| boundary.geometry().clone()), Ok(geometry));
    }
}

#[test]
fn what_goes_past_the_antimeridian_or_a_pole_is_off_the_globe() {
    for positions in [
        [(170.0, 40.0), (190.0, 40.0), (190.0, 50.0), (170.0, 50.0)],
        [(-170.0, 40.0), (-190.0, 40.0), (-190.0, 50.0), (-170.0, 50.0)],
        [(0.0, 80.0), (10.0, 80.0), (10.0, 90.000_000_000_000_02), (0.0, 90.0)],
        [(0.0, -80.0), (10.0, -80.0), (10.0, -91.0), (0.0, -90.0)],
        [(180.000_000_000_000_03, 0.0), (170.0, 0.0), (170.0, 1.0), (175.0, 1.0)],
    ] {
        let geometry = Geometry::Polygon(vec![ring(&positions)]);
        assert_eq!(Boundary::new(geometry), Err(BoundaryError::OffTheGlobe), "{positions:?}");
    }
}

#[test]
fn the_worst_shapes_are_judged() {
    let most = MAX_POSITIONS as i64;
    let teeth = |height: f64| -> Vec<(f64, f64)> {
        let tooth = |at: i64| (at as f64 / 64.0, if at % 2 == 0 { 0.0 } else { height });
        (0..most - 3).map(tooth).chain([((most - 3) as f64 / 64.0, -1.0), (0.0, -1.0)]).collect()
    };
    let star = |rays: i64| -> Vec<(f64, f64)> {
        let angle = |at: i64| std::f64::consts::TAU * at as f64 / rays as f64;
        let ray = |at: i64| if at % 2 == 0 { 80.0 } else { 0.5 };
        (0..rays).map(|at| (angle(at).cos() * ray(at), angle(at).sin() * ray(at))).collect()
    };
    let pentagram = |points: i64| -> Vec<(f64, f64)> {
        let angle = |at: i64| std::f64::consts::TAU * (at * (points / 2)) as f64 / points as f64;
        (0..points).map(|at| (angle(at).cos() * 80.0, angle(at).sin() * 80.0)).collect()
    };
    let around = ring(&[(-1.0, -1.0), (60.0, -1.0), (60.0, 60.0), (-1.0, 60.0)]);
    let holes = std::iter::once(around).chain(tiles(44, 0.5)).collect::<Vec<_>>();
    for (name, geometry, expected) in [
        ("a comb", Geometry::Polygon(vec![ring(&teeth(60.0))]), Ok(())),
        (
            "a comb whose teeth reach its back",
            Geometry::Polygon(vec![ring(&teeth(-1.0))]),
            Err(BoundaryError::Crossing),
        ),
        ("a star", Geometry::Polygon(vec![ring(&star(most - 2))]), Ok(())),
        (
            "chords, all of which cross",
            Geometry::Polygon(vec![ring(&pentagram(most - 1))]),
            Err(BoundaryError::Crossing),
        ),
        ("many holes apart", Geometry::Polygon(holes), Ok(())),
        (
            "many parts that touch at corners",
            Geometry::MultiPolygon(tiles(44, 1.0).map(|tile| vec![tile]).collect()),
            Err(BoundaryError::Crossing),
        ),
        ("a chessboard", Geometry::MultiPolygon(chessboard(62)), Ok(())),
        ("rings around each other", Geometry::MultiPolygon(nested(false)), Ok(())),
        ("rings around each other, none a hole", Geometry::MultiPolygon(nested(true)), Err(BoundaryError::Crossing)),
    ] {
        let positions = geometry.polygons().iter().flatten().map(Vec::len).sum::<usize>();
        assert!((9_000..=MAX_POSITIONS).contains(&positions), "{name}: {positions}");
        assert_eq!(Boundary::new(geometry).map(|_| ()), expected, "{name}");
    }
}

/// So many rows of as many squares with sides of this length, at whole numbers.
fn tiles(rows: i64, side: f64) -> impl Iterator<Item = Ring> {
    (0..rows * rows).map(move |at| square((at % rows) as f64, (at / rows) as f64, side))
}

/// The black squares: they touch at their corners.
fn chessboard(rows: i64) -> Vec<Vec<Ring>> {
    let black = (0..rows * rows).map(|at| (at % rows, at / rows)).filter(|(x, y)| (x + y) % 2 == 0);
    black.map(|(x, y)| vec![square(x as f64, y as f64, 1.0)]).collect()
}

/// Squares around each other: each a polygon with a hole in which the next lies, or all without.
fn nested(full: bool) -> Vec<Vec<Ring>> {
    let around = |at: i64| square(at as f64 / 64.0, at as f64 / 64.0, 80.0 - at as f64 / 32.0);
    let rings = (0..1_998).map(around).collect::<Vec<_>>();
    rings.chunks(if full { 1 } else { 2 }).map(<[Ring]>::to_vec).collect()
}

fn square(x: f64, y: f64, side: f64) -> Ring {
    ring(&[(x, y), (x + side, y), (x + side, y + side), (x, y + side)])
}

/// The ring of these corners.
fn ring(corners: &[(f64, f64)]) -> Ring {
    let position = |&(longitude, latitude): &(f64, f64)| Position { longitude, latitude, altitude: None };
    corners.iter().chain(corners.first()).map(position).collect()
}

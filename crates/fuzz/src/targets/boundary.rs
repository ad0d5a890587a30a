//! The boundaries of fields.

use domain::land::boundary::{Boundary, Geometry, MAX_POSITIONS, Position, Ring, Rings};

/// No verdict depends on where a ring begins, on which way round it goes, on the order of polygons and holes, or
/// on how the plane is turned; and what is a boundary reads back.
pub(super) fn boundary(data: &[u8]) {
    let Some(geometry) = geometry(data) else { return };
    let verdict = Boundary::new(geometry.clone());
    if let Ok(boundary) = &verdict {
        assert_eq!(*boundary.geometry(), geometry);
        assert_eq!(Boundary::restore(geometry.clone()).as_ref(), Ok(boundary));
        assert!(geometry.polygons().iter().flatten().map(Vec::len).sum::<usize>() <= MAX_POSITIONS);
    }
    for (change, changed) in [
        ("ways turned round", each_ring(&geometry, |ring| ring.iter().rev().copied().collect())),
        ("other beginnings", each_ring(&geometry, begun_elsewhere)),
        ("the plane turned by half", each_position(&geometry, |x, y| (-x, -y))),
        ("the plane mirrored", each_position(&geometry, |x, y| (x, -y))),
        ("the parts in another order", reordered(&geometry)),
    ] {
        // Of several faults the first one is told, so that only their being there is compared.
        assert_eq!(Boundary::new(changed).is_ok(), verdict.is_ok(), "{change}: {geometry:?}");
    }
}

/// The first byte says what the others are: bit 0, several polygons; bit 1, floating-point numbers, not points on
/// a small grid, where most things touch; bit 2, rings that are left open.
fn geometry(data: &[u8]) -> Option<Geometry> {
    let (kind, rest) = data.split_first()?;
    let positions = if kind & 2 == 0 { on_grid(rest) } else { anywhere(rest) };
    let close = |mut ring: Ring| {
        ring.extend(ring.first().copied().filter(|_| kind & 4 == 0));
        ring
    };
    let rings = |part: &[Option<Mark>]| -> Rings {
        let rings = part.split(|mark| *mark == Some(Mark::Ring));
        rings.map(|ring| close(ring.iter().filter_map(at).collect())).collect()
    };
    let polygons = positions.split(|mark| *mark == Some(Mark::Polygon));
    let mut polygons: Vec<_> = polygons.map(rings).collect();
    Some(if kind & 1 == 0 { Geometry::Polygon(polygons.swap_remove(0)) } else { Geometry::MultiPolygon(polygons) })
}

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    At(f64, f64),
    Ring,
    Polygon,
}

fn at(mark: &Option<Mark>) -> Option<Position> {
    let Some(Mark::At(longitude, latitude)) = *mark else { return None };
    Some(Position { longitude, latitude, altitude: None })
}

fn on_grid(data: &[u8]) -> Vec<Option<Mark>> {
    let mark = |byte: &u8| match byte {
        0xff => Mark::Polygon,
        0xf0..=0xfe => Mark::Ring,
        _ => Mark::At(f64::from(byte >> 4), f64::from(byte & 15)),
    };
    data.iter().map(|byte| Some(mark(byte))).collect()
}

fn anywhere(data: &[u8]) -> Vec<Option<Mark>> {
    let (pairs, _) = data.as_chunks::<8>();
    let mark = |[a, b, c, d, e, f, g, h]: &[u8; 8]| match *a {
        0xff => Mark::Polygon,
        0xfe => Mark::Ring,
        a => Mark::At(f32::from_be_bytes([a, *b, *c, *d]).into(), f32::from_be_bytes([*e, *f, *g, *h]).into()),
    };
    pairs.iter().map(|pair| Some(mark(pair))).collect()
}

fn each_ring(geometry: &Geometry, change: impl Fn(&Ring) -> Ring) -> Geometry {
    each_polygon(geometry, |rings| rings.iter().map(&change).collect())
}

fn each_position(geometry: &Geometry, change: impl Fn(f64, f64) -> (f64, f64)) -> Geometry {
    let moved = |position: &Position| {
        let (longitude, latitude) = change(position.longitude, position.latitude);
        Position { longitude, latitude, ..*position }
    };
    each_ring(geometry, |ring| ring.iter().map(moved).collect())
}

fn each_polygon(geometry: &Geometry, change: impl Fn(&Rings) -> Rings) -> Geometry {
    match geometry {
        Geometry::Polygon(rings) => Geometry::Polygon(change(rings)),
        Geometry::MultiPolygon(polygons) => Geometry::MultiPolygon(polygons.iter().map(change).collect()),
    }
}

/// A ring that is closed begins at its second position; another stays, for it has a beginning.
fn begun_elsewhere(ring: &Ring) -> Ring {
    match ring.split_first() {
        Some((first, [rest @ .., last])) if first == last && !rest.is_empty() => {
            rest.iter().chain([first, &rest[0]]).copied().collect()
        }
        _ => ring.clone(),
    }
}

fn reordered(geometry: &Geometry) -> Geometry {
    let holes_turned = each_polygon(geometry, |rings| {
        let (exterior, holes) = rings.split_at(rings.len().min(1));
        exterior.iter().chain(holes.iter().rev()).cloned().collect()
    });
    match holes_turned {
        Geometry::MultiPolygon(polygons) => Geometry::MultiPolygon(polygons.into_iter().rev().collect()),
        polygon => polygon,
    }
}

//! Geometries as the text of `GeoJSON` (RFC 7946), to the last bit of each number.

use domain::land::boundary::{Geometry, Position, Ring, Rings};
use serde_json::Value;

/// The text of a geometry.
pub(crate) fn write(geometry: &Geometry) -> String {
    let (kind, coordinates) = match geometry {
        Geometry::Polygon(rings) => ("Polygon", polygon(rings)),
        Geometry::MultiPolygon(polygons) => ("MultiPolygon", polygons.iter().map(polygon).collect()),
    };
    let members = [("type", kind.into()), ("coordinates", coordinates)];
    members.into_iter().collect::<Value>().to_string()
}

/// The geometry of a text; `None` when it is none.
pub(crate) fn read(text: &str) -> Option<Geometry> {
    let value = serde_json::from_str::<Value>(text).ok()?;
    let coordinates = value.get("coordinates")?;
    match value.get("type")?.as_str()? {
        "Polygon" => read_polygon(coordinates).map(Geometry::Polygon),
        "MultiPolygon" => each(coordinates, read_polygon).map(Geometry::MultiPolygon),
        _ => None,
    }
}

fn polygon(rings: &Rings) -> Value {
    let ring = |ring: &Ring| ring.iter().map(position).collect::<Value>();
    rings.iter().map(ring).collect()
}

fn position(position: &Position) -> Value {
    let degrees = [position.longitude, position.latitude];
    degrees.into_iter().chain(position.altitude).collect()
}

fn read_polygon(value: &Value) -> Option<Rings> {
    each(value, |ring| each(ring, read_position))
}

fn read_position(value: &Value) -> Option<Position> {
    let numbers = each(value, Value::as_f64)?;
    match numbers[..] {
        [longitude, latitude] => Some(Position { longitude, latitude, altitude: None }),
        [longitude, latitude, altitude] => Some(Position { longitude, latitude, altitude: Some(altitude) }),
        _ => None,
    }
}

fn each<T>(value: &Value, read: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    value.as_array()?.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_geometry_reads_back_to_the_last_bit() {
        let corner = |longitude, latitude| Position { longitude, latitude, altitude: None };
        let high = Position { longitude: -0.0, latitude: 5e-324, altitude: Some(1.797_693_134_862_315_7e308) };
        let ring = vec![high, corner(0.1 + 0.2, 1.0 / 3.0), corner(179.999_999_999_999_97, 89.0), high];
        for geometry in [
            Geometry::Polygon(vec![ring.clone()]),
            Geometry::MultiPolygon(vec![vec![ring.clone(), ring.clone()], vec![ring]]),
        ] {
            let text = write(&geometry);
            assert_eq!(read(&text), Some(geometry), "{text}");
        }
    }

    #[test]
    fn what_is_no_geometry_is_none() {
        for text in [
            "",
            "{}",
            r#"{"type":"Point","coordinates":[1,2]}"#,
            r#"{"type":"Polygon","coordinates":[[[1]]]}"#,
            r#"{"type":"Polygon","coordinates":[[["1","2"]]]}"#,
            r#"{"type":"Polygon","coordinates":[[[1,2,3,4]]]}"#,
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}

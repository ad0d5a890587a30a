//! Boundaries as people paste them: GeoJSON (RFC 7946) as text.

use domain::form::Refusal;
use domain::land::boundary::{Geometry, Position, Ring, Rings};
use serde_json::Value;
use thiserror::Error;

/// Why a text is no geometry of a boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum BoundaryTextError {
    /// There is none.
    #[error("Paste the boundary as GeoJSON.")]
    Missing,
    /// It is no JSON.
    #[error("This is not JSON.")]
    NotJson,
    /// It is JSON of something else.
    #[error("A boundary is a GeoJSON Polygon or MultiPolygon.")]
    NotAPolygon,
}

impl Refusal for BoundaryTextError {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::NotJson => "not-json",
            Self::NotAPolygon => "not-a-polygon",
        }
    }
}

/// The geometry in a text: a `Polygon`, a `MultiPolygon`, or the `Feature` of one, as map tools
/// export it.
pub(crate) fn read(text: &str) -> Result<Geometry, BoundaryTextError> {
    if text.is_empty() {
        return Err(BoundaryTextError::Missing);
    }
    let value: Value = serde_json::from_str(text).map_err(|_| BoundaryTextError::NotJson)?;
    geometry(only_feature(&value)).ok_or(BoundaryTextError::NotAPolygon)
}

/// The geometry of a feature, or of the only feature of a collection; another value as it is.
fn only_feature(value: &Value) -> &Value {
    let inner = match value["type"].as_str() {
        Some("Feature") => value.get("geometry"),
        Some("FeatureCollection") => match value["features"].as_array().map(Vec::as_slice) {
            Some([feature]) => feature.get("geometry"),
            _ => None,
        },
        _ => None,
    };
    inner.unwrap_or(value)
}

fn geometry(value: &Value) -> Option<Geometry> {
    let coordinates = &value["coordinates"];
    match value["type"].as_str()? {
        "Polygon" => rings(coordinates).map(Geometry::Polygon),
        "MultiPolygon" => each(coordinates, rings).map(Geometry::MultiPolygon),
        _ => None,
    }
}

fn rings(value: &Value) -> Option<Rings> {
    each(value, ring)
}

fn ring(value: &Value) -> Option<Ring> {
    each(value, position)
}

fn position(value: &Value) -> Option<Position> {
    match *each(value, Value::as_f64)?.as_slice() {
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

    const SQUARE: &str = "[[[0,0],[1,0,5.5],[1,1],[0,0]]]";

    #[test]
    fn polygons_are_read_bare_and_as_a_feature() {
        let polygon = format!(r#"{{"type":"Polygon","coordinates":{SQUARE}}}"#);
        let feature = format!(r#"{{"type":"Feature","properties":{{}},"geometry":{polygon}}}"#);
        let collection = format!(r#"{{"type":"FeatureCollection","features":[{feature}]}}"#);
        let bare = read(&polygon).expect("a polygon");
        let Geometry::Polygon(rings) = &bare else { panic!("a polygon") };
        assert_eq!(rings[0][1], Position { longitude: 1.0, latitude: 0.0, altitude: Some(5.5) });
        assert_eq!(read(&feature), Ok(bare.clone()));
        assert_eq!(read(&collection), Ok(bare));
        let several = format!(r#"{{"type":"MultiPolygon","coordinates":[{SQUARE}]}}"#);
        assert!(matches!(read(&several), Ok(Geometry::MultiPolygon(polygons)) if polygons.len() == 1));
    }

    #[test]
    fn what_is_no_polygon_is_named() {
        let two = r#"{"type":"FeatureCollection","features":[{},{}]}"#;
        for (text, error) in [
            ("", BoundaryTextError::Missing),
            ("{", BoundaryTextError::NotJson),
            ("0 0, 1 1", BoundaryTextError::NotJson),
            ("[]", BoundaryTextError::NotAPolygon),
            ("null", BoundaryTextError::NotAPolygon),
            (r#"{"type":"Point","coordinates":[0,0]}"#, BoundaryTextError::NotAPolygon),
            (r#"{"type":"Polygon"}"#, BoundaryTextError::NotAPolygon),
            (r#"{"type":"Polygon","coordinates":[[["0",0]]]}"#, BoundaryTextError::NotAPolygon),
            (r#"{"type":"Polygon","coordinates":[[[0,0,0,0]]]}"#, BoundaryTextError::NotAPolygon),
            (r#"{"type":"Feature","geometry":null}"#, BoundaryTextError::NotAPolygon),
            (two, BoundaryTextError::NotAPolygon),
            (&"[".repeat(1000), BoundaryTextError::NotJson),
        ] {
            assert_eq!(read(text), Err(error), "{text}");
        }
    }
}

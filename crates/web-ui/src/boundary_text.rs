//! Boundaries as people paste them: GeoJSON (RFC 7946) as text.

use domain::form::Refusal;
use domain::land::boundary::{Geometry, Position, Ring, Rings};
use thiserror::Error;

use crate::tree::Tree;

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
    /// It has a member that is unknown here, or one twice.
    #[error("This GeoJSON has a member that is unknown here, or given more than once.")]
    StrayMember,
}

impl Refusal for BoundaryTextError {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::NotJson => "not-json",
            Self::NotAPolygon => "not-a-polygon",
            Self::StrayMember => "stray-member",
        }
    }
}

/// The members of each kind (RFC 7946). What a feature says beside its geometry is left where it is.
const GEOMETRY: &[&str] = &["type", "coordinates"];
const FEATURE: &[&str] = &["type", "geometry", "properties", "id", "bbox"];
const COLLECTION: &[&str] = &["type", "features", "bbox"];

/// The geometry in a text: a `Polygon`, a `MultiPolygon`, or the `Feature` of one, as map tools
/// export it. As in the API, members that are doubled or unknown are refused: one of them may say that
/// the coordinates mean something else (`crs`).
pub(crate) fn read(text: &str) -> Result<Geometry, BoundaryTextError> {
    if text.is_empty() {
        return Err(BoundaryTextError::Missing);
    }
    let tree: Tree = serde_json::from_str(text).map_err(|_| BoundaryTextError::NotJson)?;
    geometry(only_feature(&tree)?)
}

/// The geometry of a feature, or of the only feature of a collection; another value as it is.
fn only_feature(tree: &Tree) -> Result<&Tree, BoundaryTextError> {
    match kind(tree) {
        Some("Feature") => {
            expect_only(tree, FEATURE)?;
            tree.member("geometry").ok_or(BoundaryTextError::NotAPolygon)
        }
        Some("FeatureCollection") => {
            expect_only(tree, COLLECTION)?;
            match tree.member("features") {
                Some(Tree::List(features)) if features.len() == 1 && kind(&features[0]) == Some("Feature") => {
                    only_feature(&features[0])
                }
                _ => Err(BoundaryTextError::NotAPolygon),
            }
        }
        _ => Ok(tree),
    }
}

fn geometry(tree: &Tree) -> Result<Geometry, BoundaryTextError> {
    let kind = kind(tree).filter(|kind| ["Polygon", "MultiPolygon"].contains(kind));
    let kind = kind.ok_or(BoundaryTextError::NotAPolygon)?;
    expect_only(tree, GEOMETRY)?;
    let coordinates = tree.member("coordinates").ok_or(BoundaryTextError::NotAPolygon)?;
    let geometry = if kind == "Polygon" {
        rings(coordinates).map(Geometry::Polygon)
    } else {
        each(coordinates, rings).map(Geometry::MultiPolygon)
    };
    geometry.ok_or(BoundaryTextError::NotAPolygon)
}

fn kind(tree: &Tree) -> Option<&str> {
    if let Some(Tree::Text(kind)) = tree.member("type") { Some(kind) } else { None }
}

fn expect_only(tree: &Tree, names: &[&str]) -> Result<(), BoundaryTextError> {
    if tree.has_only(names) { Ok(()) } else { Err(BoundaryTextError::StrayMember) }
}

fn rings(tree: &Tree) -> Option<Rings> {
    each(tree, ring)
}

fn ring(tree: &Tree) -> Option<Ring> {
    each(tree, position)
}

fn position(tree: &Tree) -> Option<Position> {
    match *each(tree, number)?.as_slice() {
        [longitude, latitude] => Some(Position { longitude, latitude, altitude: None }),
        [longitude, latitude, altitude] => Some(Position { longitude, latitude, altitude: Some(altitude) }),
        _ => None,
    }
}

fn number(tree: &Tree) -> Option<f64> {
    if let Tree::Number(value) = tree { Some(*value) } else { None }
}

fn each<T>(tree: &Tree, read: impl Fn(&Tree) -> Option<T>) -> Option<Vec<T>> {
    if let Tree::List(items) = tree { items.iter().map(read).collect() } else { None }
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
    #[test]
    fn members_that_the_api_refuses_are_refused_on_the_page() {
        let feature = |more: &str, inner: &str| {
            format!(
                r#"{{"type":"Feature","id":7,"bbox":[0,0,1,1],"properties":{{"a":1,"a":2}}{more},
                "geometry":{{"type":"Polygon"{inner},"coordinates":{SQUARE}}}}}"#
            )
        };
        assert!(read(&feature("", "")).is_ok(), "what a feature tells beside its geometry is not ours");
        let stray = Err(BoundaryTextError::StrayMember);
        for (more, inner) in [
            ("", r#","bbox":[0,0,1,1]"#),
            ("", r#","crs":{"type":"name"}"#),
            ("", r#","coordinates":[]"#),
            ("", r#","type":"MultiPolygon""#),
            (r#","geometry":null"#, ""),
            (r#","type":"Feature""#, ""),
            (r#","coordinates":[]"#, ""),
        ] {
            let feature = feature(more, inner);
            let collection = format!(r#"{{"type":"FeatureCollection","features":[{feature}]}}"#);
            assert_eq!(read(&feature), stray, "{feature}");
            assert_eq!(read(&collection), stray, "{collection}");
        }
        let feature = feature("", "");
        for collection in [
            format!(r#"{{"type":"FeatureCollection","crs":null,"features":[{feature}]}}"#),
            format!(r#"{{"type":"FeatureCollection","features":[],"features":[{feature}]}}"#),
        ] {
            assert_eq!(read(&collection), stray, "{collection}");
        }
    }

    #[test]
    fn a_collection_in_a_collection_is_no_polygon() {
        let depth = 100;
        let text = r#"{"type":"FeatureCollection","features":["#.repeat(depth) + &"]}".repeat(depth);
        assert_eq!(read(&text), Err(BoundaryTextError::NotJson), "deeper than JSON is read");
        let text = r#"{"type":"FeatureCollection","features":["#.repeat(2) + &"]}".repeat(2);
        assert_eq!(read(&text), Err(BoundaryTextError::NotAPolygon));
    }
}

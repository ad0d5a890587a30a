//! Boundaries as GeoJSON (RFC 7946).

use std::borrow::Cow;

use domain::form::FormErrors;
use domain::land::boundary::{Geometry, Position, Ring, Rings};
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde_json::Value;

use crate::json::{Reader, Shape, Tree, number, text};

/// A geometry as it is read and written. In the OpenAPI document it is a schema of its own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GeoJson(pub(crate) Geometry);

impl GeoJson {
    /// A square, for examples.
    pub(crate) fn square() -> Self {
        let at = |longitude, latitude| Position { longitude, latitude, altitude: None };
        Self(Geometry::Polygon(vec![vec![
            at(13.1, 52.3),
            at(13.2, 52.3),
            at(13.2, 52.4),
            at(13.1, 52.4),
            at(13.1, 52.3),
        ]]))
    }

    /// Reads a geometry; what is wrong with its shape is noted, and nothing stands in its place.
    pub(crate) fn read(tree: &Tree, path: &str, errors: &mut FormErrors) -> Self {
        let before = Self(Geometry::Polygon(Vec::new()));
        let Some(mut reader) = Reader::of(tree, &format!("{path}."), errors) else { return before };
        let kind = reader.required("type", "a text", text);
        let coordinates = reader.take("coordinates");
        if coordinates.is_none() {
            reader.note("coordinates", Shape::Required);
        }
        let geometry = match (kind.as_deref(), coordinates) {
            (Some("Polygon"), Some(tree)) => Some(rings(tree).map(Geometry::Polygon)),
            (Some("MultiPolygon"), Some(tree)) => Some(list(tree, rings).map(Geometry::MultiPolygon)),
            (Some(_), Some(_)) => {
                reader.note("type", Shape::Not("Polygon or MultiPolygon"));
                None
            }
            _ => None,
        };
        if geometry == Some(None) {
            reader.note("coordinates", Shape::Not("a list of rings of positions"));
        }
        reader.finish();
        geometry.flatten().map_or(before, Self)
    }

    pub(crate) fn value(&self) -> Value {
        let (kind, coordinates) = match &self.0 {
            Geometry::Polygon(polygon) => ("Polygon", rings_value(polygon)),
            Geometry::MultiPolygon(polygons) => {
                ("MultiPolygon", polygons.iter().map(|rings| rings_value(rings)).collect())
            }
        };
        [("type", kind.into()), ("coordinates", coordinates)].into_iter().collect()
    }
}

fn list<T>(tree: &Tree, item: fn(&Tree) -> Option<T>) -> Option<Vec<T>> {
    if let Tree::List(items) = tree { items.iter().map(item).collect() } else { None }
}

fn rings(tree: &Tree) -> Option<Rings> {
    list(tree, ring)
}

fn ring(tree: &Tree) -> Option<Ring> {
    list(tree, position)
}

fn position(tree: &Tree) -> Option<Position> {
    match list(tree, number)?.as_slice() {
        [longitude, latitude] => Some(Position { longitude: *longitude, latitude: *latitude, altitude: None }),
        [longitude, latitude, altitude] => {
            Some(Position { longitude: *longitude, latitude: *latitude, altitude: Some(*altitude) })
        }
        _ => None,
    }
}

fn rings_value(rings: &[Ring]) -> Value {
    let position = |at: &Position| [at.longitude, at.latitude].into_iter().chain(at.altitude).collect::<Value>();
    rings.iter().map(|ring| Value::Array(ring.iter().map(position).collect())).collect()
}

impl Type for GeoJson {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "Boundary".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference("Boundary".into())
    }

    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>("Boundary".into(), |_| MetaSchema {
            description: Some(
                "A GeoJSON (RFC 7946) Polygon or MultiPolygon in WGS 84: closed rings of at least four positions \
                 (longitude, latitude, and optionally altitude) that do not cross, holes inside, at most 10,000 positions.",
            ),
            required: vec!["type", "coordinates"],
            properties: vec![
                (
                    "type",
                    MetaSchemaRef::Inline(Box::new(MetaSchema {
                        enum_items: vec!["Polygon".into(), "MultiPolygon".into()],
                        ..MetaSchema::new("string")
                    })),
                ),
                (
                    "coordinates",
                    MetaSchemaRef::Inline(Box::new(MetaSchema {
                        description: Some("The rings of the polygon, or the polygons."),
                        items: Some(Box::new(MetaSchemaRef::Inline(Box::new(MetaSchema {
                            items: Some(Box::new(MetaSchemaRef::Inline(Box::new(MetaSchema::ANY)))),
                            ..MetaSchema::new("array")
                        })))),
                        ..MetaSchema::new("array")
                    })),
                ),
            ],
            example: Some(Self::square().value()),
            ..MetaSchema::new("object")
        });
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ToJSON for GeoJson {
    fn to_json(&self) -> Option<Value> {
        Some(self.value())
    }
}

impl ParseFromJSON for GeoJson {
    /// Bodies are read by [`Self::read`] alone.
    fn parse_from_json(_: Option<Value>) -> ParseResult<Self> {
        Err(ParseError::custom("a boundary is read with the body that it stands in"))
    }
}

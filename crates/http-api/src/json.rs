//! JSON (RFC 8259) that keeps what `serde_json` forgives: duplicate members, unknown ones.

use std::collections::HashSet;
use std::fmt;

use domain::form::{FieldError, FormErrors, Refusal};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A JSON value in which an object keeps all its members, in their order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Whole(i64),
    Number(f64),
    Text(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

/// Why a text cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is not JSON in UTF-8.
    NotJson,
    /// It is, and goes beyond a limit that RFC 8259 (sections 6, 8.2 and 9) leaves to its reader.
    BeyondLimits,
}

impl Tree {
    /// Reads a text. What a parser would tell of it may hold a secret of the caller, so that is left out.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Unreadable> {
        let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::NotJson)?;
        // What is passed over is parsed without those limits.
        let why =
            |_| serde_json::from_str::<IgnoredAny>(text).map_or(Unreadable::NotJson, |_| Unreadable::BeyondLimits);
        serde_json::from_str(text).map_err(why)
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Whole(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        #[expect(clippy::cast_precision_loss, reason = "beyond 63 bits a number is no whole number to us")]
        Ok(i64::try_from(value).map_or(Tree::Number(value as f64), Tree::Whole))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = sequence.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Tree::Object(members))
    }
}

/// What is wrong with the shape of a member.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    Required,
    /// It, or the member that is named here.
    RequiredOr(&'static str),
    Unknown,
    Duplicate,
    BeyondLimits,
    /// It is not what is named here.
    Not(&'static str),
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Required => f.write_str("This is required."),
            Self::RequiredOr(other) => write!(f, "This is required, or {other}."),
            Self::Unknown => f.write_str("This is not known here."),
            Self::Duplicate => f.write_str("This is given more than once."),
            Self::BeyondLimits => {
                f.write_str("A number is out of range, a text is no Unicode, or lists stand in lists too often.")
            }
            Self::Not(kind) => write!(f, "This is not {kind}."),
        }
    }
}

impl Refusal for Shape {
    fn code(&self) -> &'static str {
        match self {
            Self::Required | Self::RequiredOr(_) => "required",
            Self::Unknown => "unknown",
            Self::Duplicate => "duplicate",
            Self::BeyondLimits => "beyond-limits",
            Self::Not(_) => "wrong-type",
        }
    }
}

/// Reads the members of an object, and notes all that is wrong with its shape.
pub(crate) struct Reader<'a> {
    path: String,
    members: Vec<(&'a str, &'a Tree)>,
    errors: &'a mut FormErrors,
}

impl<'a> Reader<'a> {
    /// Reads an object; `None`, and noted, when it is none.
    pub(crate) fn of(tree: &'a Tree, path: &str, errors: &'a mut FormErrors) -> Option<Self> {
        let Tree::Object(members) = tree else {
            errors.add(path.trim_end_matches('.'), &Shape::Not("an object"));
            return None;
        };
        let (mut seen, mut first) = (HashSet::with_capacity(members.len()), Vec::with_capacity(members.len()));
        for (name, value) in members {
            if seen.insert(name.as_str()) {
                first.push((name.as_str(), value));
            } else {
                errors.add(&format!("{path}{}", shown(name)), &Shape::Duplicate);
            }
        }
        Some(Self { path: path.into(), members: first, errors })
    }

    /// The member of this name; each is asked for once.
    pub(crate) fn take(&mut self, name: &str) -> Option<&'a Tree> {
        let at = self.members.iter().position(|(member, _)| *member == name)?;
        Some(self.members.swap_remove(at).1)
    }

    /// Notes what is wrong with a member.
    pub(crate) fn note(&mut self, name: &str, shape: Shape) {
        self.errors.add(&format!("{}{name}", self.path), &shape);
    }

    /// The path of a member, and where to note what is wrong below it.
    pub(crate) fn below(&mut self, name: &str) -> (String, &mut FormErrors) {
        (format!("{}{name}", self.path), self.errors)
    }

    /// A required member, read by `read`.
    pub(crate) fn required<T>(&mut self, name: &str, kind: &'static str, read: fn(&Tree) -> Option<T>) -> Option<T> {
        let value = self.take(name);
        if value.is_none() {
            self.note(name, Shape::Required);
        }
        self.typed(name, value?, kind, read)
    }

    /// A member that may be left out, read by `read`.
    pub(crate) fn optional<T>(&mut self, name: &str, kind: &'static str, read: fn(&Tree) -> Option<T>) -> Option<T> {
        let value = self.take(name)?;
        self.typed(name, value, kind, read)
    }

    /// A member that may be left out or `null`.
    pub(crate) fn nullable<T>(&mut self, name: &str, kind: &'static str, read: fn(&Tree) -> Option<T>) -> Option<T> {
        let value = self.take(name).filter(|value| **value != Tree::Null)?;
        self.typed(name, value, kind, read)
    }

    /// The value of a member, read by `read`.
    pub(crate) fn typed<T>(
        &mut self,
        name: &str,
        value: &Tree,
        kind: &'static str,
        read: fn(&Tree) -> Option<T>,
    ) -> Option<T> {
        let read = read(value);
        if read.is_none() {
            self.note(name, Shape::Not(kind));
        }
        read
    }

    /// Notes the members that nobody asked for. The order in which they came does not matter.
    pub(crate) fn finish(mut self) {
        self.members.sort_unstable_by_key(|(name, _)| *name);
        for (name, _) in std::mem::take(&mut self.members) {
            self.note(shown(name), Shape::Unknown);
        }
    }
}

/// The name of an unknown member, where it looks like a name; else it may be a secret in the wrong place.
pub(crate) fn shown(name: &str) -> &str {
    let like_a_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if like_a_name && name.len() <= 40 { name } else { "?" }
}

/// A text.
pub(crate) fn text(tree: &Tree) -> Option<String> {
    if let Tree::Text(text) = tree { Some(text.clone()) } else { None }
}

/// True or false.
pub(crate) fn boolean(tree: &Tree) -> Option<bool> {
    if let Tree::Bool(value) = tree { Some(*value) } else { None }
}

/// A whole number.
pub(crate) fn whole(tree: &Tree) -> Option<i64> {
    if let Tree::Whole(value) = tree { Some(*value) } else { None }
}

/// Any number.
#[expect(clippy::cast_precision_loss, reason = "a coordinate is a floating-point number, however it is written")]
pub(crate) fn number(tree: &Tree) -> Option<f64> {
    match tree {
        Tree::Whole(value) => Some(*value as f64),
        Tree::Number(value) => Some(*value),
        _ => None,
    }
}

/// The errors of the shape and those of the values: where the shape is wrong, nothing is said of the
/// value that stands in its place.
pub(crate) fn joined(mut shape: Vec<FieldError>, values: Vec<FieldError>) -> Vec<FieldError> {
    // A value is silenced by an error at its own place, above it, and below it.
    let places = shape.iter().map(|error| error.field.clone()).collect::<HashSet<_>>();
    let above = places.iter().flat_map(|place| ancestors(place)).map(str::to_owned).collect::<HashSet<_>>();
    let told = |field: &str| {
        places.contains(field) || above.contains(field) || ancestors(field).any(|place| places.contains(place))
    };
    shape.extend(values.into_iter().filter(|error| !told(&error.field)));
    shape
}

/// The places that a place lies in: of `fields[0].name`, `fields[0]` and `fields`.
fn ancestors(place: &str) -> impl Iterator<Item = &str> {
    place.rmatch_indices(['.', '[']).map(|(at, _)| &place[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_json_and_what_is_beyond_our_limits() {
        for not_json in [&b""[..], b"{", b"{} {}", b"01", b"[1,]", b"\"\x01\"", b"\"\xff\"", b"\"\\x\"", b"nul"] {
            assert_eq!(Tree::parse(not_json), Err(Unreadable::NotJson), "{not_json:?}");
        }
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for beyond in [deep.as_str(), "1e400", "[-1e999]", &"9".repeat(400), "\"\\ud800\""] {
            assert_eq!(Tree::parse(beyond.as_bytes()), Err(Unreadable::BeyondLimits), "{beyond}");
        }
        assert_eq!(Tree::parse(br#""a\u0000""#), Ok(Tree::Text("a\0".into())));
    }

    #[test]
    fn a_wrong_shape_silences_what_stands_in_its_place() {
        let errors = |fields: &[&str]| {
            let error = |field: &&str| FieldError { field: (*field).into(), code: "x", message: String::new() };
            fields.iter().map(error).collect::<Vec<_>>()
        };
        let shape = ["fields[1].boundary.type", "fields[10]", "email"];
        let values =
            ["fields[1].boundary", "fields[1].name", "fields[10].geo_id", "fields[11].geo_id", "email", "emails"];
        let all = joined(errors(&shape), errors(&values));
        let left = all[shape.len()..].iter().map(|error| error.field.as_str()).collect::<Vec<_>>();
        assert_eq!(left, ["fields[1].name", "fields[11].geo_id", "emails"]);
    }
}

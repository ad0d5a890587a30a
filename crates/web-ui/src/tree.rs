//! JSON (RFC 8259) in which an object keeps all its members, as `serde_json` alone does not: of two
//! members of one name it drops the first.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Tree>),
    /// An object, with its members in their order.
    Object(Vec<(String, Tree)>),
    /// `null`, true or false.
    Other,
}

impl Tree {
    /// The member of this name, the first if there are several.
    pub(crate) fn member(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find_map(|(found, value)| (found == name).then_some(value))
    }

    /// Whether it has no member but these, and none twice.
    pub(crate) fn has_only(&self, names: &[&str]) -> bool {
        let Self::Object(members) = self else { return false };
        let count = |name: &str| members.iter().filter(|(found, _)| found == name).count();
        names.iter().all(|name| count(name) <= 1) && members.iter().all(|(found, _)| names.contains(&&**found))
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
        Ok(Tree::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Tree, E> {
        Ok(Tree::Other)
    }

    #[expect(clippy::cast_precision_loss, reason = "a coordinate is a floating-point number, however it is written")]
    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Number(value as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "a coordinate is a floating-point number, however it is written")]
    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Number(value as f64))
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

#[cfg(test)]
mod tests {
    use super::Tree;

    #[test]
    fn an_object_keeps_every_member() {
        let tree: Tree = serde_json::from_str(r#"{"a":1,"b":[null,true,"x",-2,0.5],"a":{}}"#).expect("JSON");
        let list = vec![Tree::Other, Tree::Other, Tree::Text("x".into()), Tree::Number(-2.0), Tree::Number(0.5)];
        assert_eq!(tree.member("a"), Some(&Tree::Number(1.0)));
        assert_eq!(tree.member("b"), Some(&Tree::List(list)));
        assert_eq!(tree.member("c"), None);
        assert!(!tree.has_only(&["a", "b"]), "one is doubled");
    }

    #[test]
    fn only_the_named_members_are_allowed() {
        let tree: Tree = serde_json::from_str(r#"{"a":1,"b":2}"#).expect("JSON");
        assert!(tree.has_only(&["b", "a"]) && tree.has_only(&["a", "b", "c"]));
        assert!(!tree.has_only(&["a"]) && !tree.has_only(&[]));
        assert!(!Tree::Other.has_only(&["a"]));
    }
}

//! A text of the operator with placeholders, such as `{{link}}`.

use askama::filters::Escaper as _;
use thiserror::Error;

/// A text with placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Value(&'static str),
}

impl Pattern {
    /// Reads a text whose placeholders are among `known`.
    pub(crate) fn parse(text: &str, known: &[&'static str]) -> Result<Self, PatternError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, behind) = after.split_once("}}").ok_or(PatternError::Open)?;
            let name = name.trim();
            let known = known.iter().find(|known| **known == name);
            pieces.push(Piece::Text(before.into()));
            pieces.push(Piece::Value(known.ok_or_else(|| PatternError::Unknown(name.into()))?));
            rest = behind;
        }
        pieces.push(Piece::Text(rest.into()));
        Ok(Self(pieces))
    }

    /// Whether it names this value.
    pub(crate) fn names(&self, name: &str) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Value(value) if *value == name))
    }

    /// The text with its values, as they are.
    pub(crate) fn plain(&self, value: impl Fn(&str) -> String) -> String {
        self.filled(value)
    }

    /// The text with its values, safe within HTML and its quoted attributes.
    pub(crate) fn html(&self, value: impl Fn(&str) -> String) -> String {
        self.filled(|name| {
            let mut escaped = String::new();
            let written = askama::filters::Html.write_escaped_str(&mut escaped, &value(name));
            written.expect("writing into a text does not fail");
            escaped
        })
    }

    fn filled(&self, value: impl Fn(&str) -> String) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Value(name) => value(name),
        };
        self.0.iter().map(piece).collect()
    }
}

/// Why a text with placeholders does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum PatternError {
    /// A placeholder has no end.
    #[error("has a {{{{ without its }}}}")]
    Open,
    /// A placeholder is none that is there.
    #[error("names the unknown placeholder {{{{{0}}}}}")]
    Unknown(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_and_what_else_is_braced_stays() {
        let pattern = Pattern::parse("a { color: red } {{ link }}<{{host}}>", &["link", "host"]).unwrap();
        let value = |name: &str| format!("\"{name}&{{{{host}}}}\"");
        assert_eq!(pattern.plain(value), "a { color: red } \"link&{{host}}\"<\"host&{{host}}\">");
        let html = pattern.html(value);
        assert!(html.starts_with("a { color: red } &") && !html[17..].contains('"') && html.contains("host&#38;"));
        assert!(pattern.names("link") && !pattern.names("address"));
    }

    #[test]
    fn a_wrong_placeholder_is_named() {
        let wrong = |text| Pattern::parse(text, &["link"]).unwrap_err().to_string();
        assert_eq!(wrong("{{lnk}}"), "names the unknown placeholder {{lnk}}");
        assert_eq!(wrong("{{link}} {{link"), "has a {{ without its }}");
    }
}

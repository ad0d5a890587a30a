//! A land field.

use std::fmt;

use thiserror::Error;

use crate::form::Refusal;
use crate::ids::{FieldId, UserId};
use crate::land::boundary::{Boundary, MAX_POSITIONS};
use crate::land::geo_id::GeoId;
use crate::ports::clock::Timestamp;

/// The most fields a user may have.
pub const MAX_FIELDS: u32 = 1_000;

/// A land field of a user.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The id.
    pub id: FieldId,
    /// Whose it is.
    pub user: UserId,
    /// What its owner calls it.
    pub name: Option<FieldName>,
    /// Its GeoID, unique per user.
    pub geo_id: GeoId,
    /// Its boundary.
    pub boundary: Boundary,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// How many positions the boundaries of the fields have together that are shown at a time: what an answer takes while it
/// is made does not grow with what its user keeps. Each field alone fits.
pub const SHOWN_POSITIONS: usize = 2 * MAX_POSITIONS;

/// How many of these fields are shown at a time: `most`, or fewer that have [`SHOWN_POSITIONS`].
#[must_use]
pub fn shown_at_a_time(fields: &[Field], most: usize) -> usize {
    let mut positions = 0;
    let fits = fields.iter().take(most).take_while(|field| {
        positions += field.boundary.positions();
        positions <= SHOWN_POSITIONS
    });
    fits.count()
}

/// What an owner calls a field: 1 to 100 characters, none of them a control character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldName(String);

impl FieldName {
    /// Reads a name.
    ///
    /// # Errors
    /// When it is blank, too long, or holds control characters.
    pub fn parse(text: &str) -> Result<Self, FieldNameError> {
        if text.trim().is_empty() {
            return Err(FieldNameError::Blank);
        }
        if text.chars().count() > 100 {
            return Err(FieldNameError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(FieldNameError::ControlCharacter);
        }
        Ok(Self(text.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no name of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FieldNameError {
    /// It has nothing to see.
    #[error("A name has something in it; leave it out for a field without a name.")]
    Blank,
    /// It is longer than 100 characters.
    #[error("A name has at most 100 characters.")]
    TooLong,
    /// It has control characters.
    #[error("A name has no control characters.")]
    ControlCharacter,
}

impl Refusal for FieldNameError {
    fn code(&self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::TooLong => "too-long",
            Self::ControlCharacter => "control-character",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_or_refused() {
        for text in ["North", " Acker n\u{f6}rdlich ", &"\u{e4}".repeat(100)] {
            assert_eq!(FieldName::parse(text).map(|name| name.0), Ok(text.into()));
        }
        for (text, error) in [
            ("", FieldNameError::Blank),
            (" \t ", FieldNameError::Blank),
            ("a\nb", FieldNameError::ControlCharacter),
            (&"x".repeat(101), FieldNameError::TooLong),
        ] {
            assert_eq!(FieldName::parse(text), Err(error));
        }
    }
}

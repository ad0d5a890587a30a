//! `AgStack`'s GeoID.

use std::fmt;

use thiserror::Error;

use crate::form::Refusal;

/// A GeoID: 64 lower-case hex digits, given by the client.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GeoId(String);

impl GeoId {
    /// Reads a GeoID.
    ///
    /// # Errors
    /// When it is anything but 64 lower-case hex digits.
    pub fn parse(text: &str) -> Result<Self, GeoIdError> {
        let holds = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if holds { Ok(Self(text.into())) } else { Err(GeoIdError::NotAGeoId) }
    }

    /// The GeoID as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GeoId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no GeoID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum GeoIdError {
    /// It is none.
    #[error("A GeoID is 64 lower-case hex digits.")]
    NotAGeoId,
}

impl Refusal for GeoIdError {
    fn code(&self) -> &'static str {
        "not-a-geo-id"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_geo_id_is_64_lower_case_hex_digits() {
        assert!(GeoId::parse(&"0a".repeat(32)).is_ok());
        for text in ["", "0a", &"0A".repeat(32), &"0a".repeat(33), &"0g".repeat(32), &"\u{661}".repeat(32)] {
            assert_eq!(GeoId::parse(text), Err(GeoIdError::NotAGeoId), "{text}");
        }
    }
}

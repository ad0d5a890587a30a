//! A land field as somebody enters it.

use thiserror::Error;

use crate::form::{FormErrors, Refusal};
use crate::ids::{FieldId, UserId};
use crate::land::boundary::{Boundary, BoundaryError, Geometry};
use crate::land::field::{Field, FieldName};
use crate::land::geo_id::GeoId;
use crate::ports::clock::Timestamp;

/// A field as it is entered.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldForm {
    /// The name, if one was given.
    pub name: Option<String>,
    /// The GeoID.
    pub geo_id: String,
    /// The geometry of the boundary.
    pub boundary: Geometry,
}

/// A field whose every value was checked, before it is anybody's.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedField {
    /// The name.
    pub name: Option<FieldName>,
    /// The GeoID.
    pub geo_id: GeoId,
    /// The boundary.
    pub boundary: Boundary,
}

impl FieldForm {
    /// Checks every value. `path` stands before the names of wrong fields, as in `fields[0].`.
    pub fn check(self, path: &str, errors: &mut FormErrors) -> Option<CheckedField> {
        let name = self.name.as_deref().map(FieldName::parse).transpose();
        let name = errors.take(&format!("{path}name"), name);
        let geo_id = errors.take(&format!("{path}geo_id"), GeoId::parse(&self.geo_id));
        let boundary: Result<Boundary, BoundaryError> = Boundary::new(self.boundary);
        let boundary = errors.take(&format!("{path}boundary"), boundary);
        Some(CheckedField { name: name?, geo_id: geo_id?, boundary: boundary? })
    }
}

impl CheckedField {
    /// The field of a user.
    #[must_use]
    pub fn of(self, id: FieldId, user: UserId, now: Timestamp) -> Field {
        let Self { name, geo_id, boundary } = self;
        Field { id, user, name, geo_id, boundary, created_at: now, updated_at: now }
    }
}

/// A rule over several fields of one form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FieldListError {
    /// Two fields of the form have one GeoID.
    #[error("Another field of yours has this GeoID.")]
    SameGeoId,
    /// There are more than a user may have.
    #[error("A user has at most 1000 fields.")]
    TooMany,
}

impl Refusal for FieldListError {
    fn code(&self) -> &'static str {
        match self {
            Self::SameGeoId => "same-geo-id",
            Self::TooMany => "too-many-fields",
        }
    }
}

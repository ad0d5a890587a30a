//! The land fields of users: GeoID, boundary and polygon.

pub mod boundary;
pub mod field;
pub mod field_form;
pub mod geo_id;
pub mod ports;

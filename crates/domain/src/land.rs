//! The land fields of users: GeoID, boundary and polygon.

pub mod add_field;
pub mod boundary;
pub mod field;
pub mod field_form;
pub mod geo_id;
pub mod list_fields;
pub mod ports;
pub mod remove_field;
pub mod replace_field;

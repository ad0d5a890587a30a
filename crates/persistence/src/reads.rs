//! What the ports read, room by room: each statement beside the rows that it gives.

pub(crate) mod accounts;
mod columns;
pub(crate) mod domains;
pub(crate) mod events;
pub(crate) mod keys;
pub(crate) mod land;
pub(crate) mod mail;
pub(crate) mod sessions;

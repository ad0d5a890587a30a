//! What the ports read, room by room: each statement beside the rows that it gives.

mod accounts;
mod domains;
mod keys;
mod land;
mod sessions;

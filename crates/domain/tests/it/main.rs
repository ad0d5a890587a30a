//! The use cases, carried out on storage in memory.

mod accounts;
mod address_changes;
mod answers;
mod authority;
mod boundary_oracle;
mod boundary_shapes;
mod clock_jumps;
mod domains;
mod keys;
mod known_browsers;
mod land;
mod letters_to_strangers;
mod limits;
mod log_in;
mod mail;
mod overtaken;
mod passwords;
mod refresh;
mod rewrap;
mod secrets;
mod sessions;
mod sign_up;
mod throttles;
mod world;

//! The use cases, carried out on storage in memory.

mod accounts;
mod authority;
mod boundary_oracle;
mod boundary_shapes;
mod domains;
mod land;
mod log_in;
mod overtaken;
mod refresh;
mod sign_up;
mod world;

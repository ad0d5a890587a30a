//! The storage ports on `SQLite` and on `PostgreSQL`.
//!
//! [`database::Database`] implements all of them. A plan of writes is one transaction; every guard
//! stands in the statement that writes, so both engines decide races the same way. On `SQLite` one
//! task writes, and commits the plans that wait once for all of them; on `PostgreSQL` each plan has
//! a transaction and a task of its own. What counts for the throttles has connections, and on `SQLite` a file, of
//! its own: it needs to be neither durable nor in order with other writes.

mod counters;
pub mod database;
mod failure;
mod geometry;
mod letters;
mod lock;
mod open;
pub mod open_error;
pub mod options;
mod pool;
mod postgres;
mod reads;
mod sql;
mod sqlite;
pub mod statements;
mod told;
mod transaction;
mod writes;

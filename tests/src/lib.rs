//! What the journeys share: the real program on a database of its own, and a client that speaks to it.

pub mod database;
pub mod mailbox;
pub mod program;
pub mod workspace;

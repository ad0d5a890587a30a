//! SeaORM.

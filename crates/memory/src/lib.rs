//! An in-memory adapter.

//! The laws hold for the engine in memory, and every law is stamped.

mod complete;
mod memory_engine;

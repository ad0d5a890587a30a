//! What secrets leave behind in memory.

mod freed_memory;
mod root_secret;

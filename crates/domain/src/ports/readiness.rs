//! Whether requests can be answered.

use async_trait::async_trait;

use crate::ports::failure::PortFailure;

/// Tells whether this process can answer requests now.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Readiness: Send + Sync {
    /// Reads a little from the database. An adapter MUST give up after a few seconds, and MUST NOT
    /// write or lock anything. Every failure is a passing one: whoever asks is to ask again.
    async fn check(&self) -> Result<(), PortFailure>;
}

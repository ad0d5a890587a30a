//! The ports of the land fields.

use async_trait::async_trait;

use crate::ids::{FieldId, UserId};
use crate::land::field::Field;
use crate::ports::failure::PortFailure;

/// Reads land fields.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Fields: Send + Sync {
    /// At most `limit` fields of a user in the order of their ids, those after `after`. It may leave off once they have
    /// more than [`SHOWN_POSITIONS`](crate::land::field::SHOWN_POSITIONS).
    async fn list(&self, user: UserId, after: Option<FieldId>, limit: usize) -> Result<Vec<Field>, PortFailure>;
}

//! How a port fails.

use std::error::Error;
use std::fmt;

/// An adapter could not do its work: the database is away, a row is corrupt.
///
/// It is opaque: no rule depends on what went wrong, only on whether the same call may go through
/// a little later. The source is for the log of operators and never for a caller.
#[derive(Debug)]
pub struct PortFailure {
    retryable: bool,
    source: Box<dyn Error + Send + Sync>,
}

impl PortFailure {
    /// A failure that may pass: overload, a lost connection, a time-out.
    pub fn passing(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { retryable: true, source: source.into() }
    }

    /// A failure that stays until somebody mends it: a corrupt row, a wrong schema.
    pub fn lasting(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { retryable: false, source: source.into() }
    }

    /// Whether the same call may go through a little later.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        self.retryable
    }
}

impl fmt::Display for PortFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl Error for PortFailure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

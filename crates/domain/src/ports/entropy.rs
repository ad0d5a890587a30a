//! Randomness.

/// Gives random bytes.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait Entropy: Send + Sync {
    /// Fills `bytes`. An adapter MUST take them from the operating system's generator, or from one
    /// that is seeded by it and fit for secrets.
    fn fill(&self, bytes: &mut [u8]);
}

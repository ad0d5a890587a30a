//! Answers that do not tell by their time what was done.

use std::time::Duration;

/// Answers leave at the ends of slices of this length, counted from the beginning of their request: longer than
/// any of the cases takes by far, so that all end in the same one.
pub const SLICE: Duration = Duration::from_millis(100);

/// How long an answer waits that was ready after this time.
#[must_use]
pub fn rest(elapsed: Duration) -> Duration {
    let into = elapsed.as_nanos() % SLICE.as_nanos();
    SLICE.saturating_sub(Duration::from_nanos(u64::try_from(into).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_leave_at_the_end_of_a_slice() {
        for (elapsed, waits) in [(0, 100), (1, 99), (99, 1), (100, 100), (1_234, 66)] {
            assert_eq!(rest(Duration::from_millis(elapsed)), Duration::from_millis(waits), "{elapsed}");
        }
    }
}

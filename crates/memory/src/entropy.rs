//! Random-looking bytes from a seed.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::ports::entropy::Entropy;

use crate::bits::mix;

/// Bytes that are the same in every run and never repeat: each eight of them are another number.
#[derive(Debug)]
pub struct SeededEntropy {
    seed: u64,
    drawn: AtomicU64,
}

impl SeededEntropy {
    /// The bytes of this seed. Two seeds give two sequences.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed: mix(seed), drawn: AtomicU64::new(0) }
    }
}

impl Default for SeededEntropy {
    fn default() -> Self {
        Self::new(1)
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(8) {
            let number = mix(self.seed.wrapping_add(self.drawn.fetch_add(1, Ordering::Relaxed)));
            part.copy_from_slice(&number.to_be_bytes()[..part.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn draw(entropy: &SeededEntropy) -> [u8; 10] {
        let mut bytes = [0; 10];
        entropy.fill(&mut bytes);
        bytes
    }

    #[test]
    fn a_seed_repeats_in_the_next_run_and_never_within_one() {
        let (one, again, other) = (SeededEntropy::new(7), SeededEntropy::new(7), SeededEntropy::new(8));
        let drawn: Vec<_> = (0..10_000).map(|_| draw(&one)).collect();
        assert!(drawn.iter().all(|bytes| *bytes == draw(&again)));
        let distinct: HashSet<_> = drawn.iter().collect();
        assert_eq!(distinct.len(), 10_000);
        assert!(!distinct.contains(&draw(&other)));
    }
}

//! Remembering good signatures.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use domain::sessions::claims::ShownSession;
use quick_cache::sync::Cache;

use crate::access_token::Validity;

/// How many tokens are remembered. An entry takes about 120 bytes and the tables grow by doubling:
/// 8 MiB when it is full, next to nothing as long as it is empty.
const CAPACITY: usize = 32 * 1024;

/// What the tokens said whose signatures were good.
///
/// Only a good signature may be remembered: so much is true for ever. Whether the token holds now, and
/// whether its key still counts, is asked each time.
pub(crate) struct Remembered(Cache<TokenDigest, Genuine>);

/// Which token it is: the SHA-256 of its text, so that no token lies about in memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TokenDigest([u8; 32]);

/// What a token says, signed by one of our keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Genuine {
    pub(crate) shown: ShownSession,
    pub(crate) validity: Validity,
    pub(crate) key: KeyMark,
}

/// Tells our own signing keys apart in little space: by the first 96 bits of their thumbprints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyMark([u8; 16]);

impl Remembered {
    pub(crate) fn new() -> Self {
        Self(Cache::new(CAPACITY))
    }

    pub(crate) fn get(&self, token: &TokenDigest) -> Option<Genuine> {
        self.0.get(token)
    }

    pub(crate) fn put(&self, token: TokenDigest, genuine: Genuine) {
        self.0.insert(token, genuine);
    }
}

impl fmt::Debug for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Remembered({})", self.0.len())
    }
}

impl TokenDigest {
    pub(crate) fn of(token: &str) -> Self {
        let hash = digest(&SHA256, token.as_bytes());
        Self(hash.as_ref().try_into().expect("SHA-256 gives 32 bytes"))
    }
}

impl KeyMark {
    pub(crate) fn of(kid: &str) -> Self {
        let mut mark = [0; 16];
        let length = kid.len().min(mark.len());
        mark[..length].copy_from_slice(&kid.as_bytes()[..length]);
        Self(mark)
    }
}

#[cfg(test)]
mod tests {
    use super::{CAPACITY, Genuine, KeyMark, Remembered, TokenDigest};
    use crate::access_token::Validity;
    use domain::ids::{SessionId, UserId};
    use domain::sessions::claims::ShownSession;
    use uuid::Uuid;

    fn genuine(key: &str) -> Genuine {
        Genuine {
            shown: ShownSession { user: UserId::restore(Uuid::nil()), session: SessionId::restore(Uuid::nil()) },
            validity: Validity { from: 0, until: 1 },
            key: KeyMark::of(key),
        }
    }

    #[test]
    fn what_a_token_said_is_remembered_for_that_token() {
        let remembered = Remembered::new();
        for kid in ["one", "other"] {
            assert_eq!(remembered.get(&TokenDigest::of(kid)), None);
            remembered.put(TokenDigest::of(kid), genuine(kid));
        }
        for kid in ["one", "other"] {
            assert_eq!(remembered.get(&TokenDigest::of(kid)), Some(genuine(kid)));
        }
        assert_ne!(genuine("one"), genuine("other"));
        assert_eq!(format!("{remembered:?}"), "Remembered(2)", "no token and nobody's name");
    }

    /// The idle process has little memory to spare, the busy one not without end.
    #[test]
    fn its_memory_is_bounded_and_not_taken_beforehand() {
        let remembered = Remembered::new();
        assert!(remembered.0.memory_used().total() < 64 * 1024);
        for number in 0..CAPACITY * 3 {
            remembered.put(TokenDigest::of(&number.to_string()), genuine("kid"));
        }
        assert!((30_000..=CAPACITY).contains(&remembered.0.len()), "{}", remembered.0.len());
        let used = remembered.0.memory_used().total();
        assert!(used < 9 * 1024 * 1024, "{used}");
    }
}

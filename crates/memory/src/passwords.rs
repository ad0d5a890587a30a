//! Hashes of passwords that cost nothing.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use domain::accounts::password::Password;
use domain::accounts::password_hash::PasswordHash;
use domain::accounts::ports::{CommonPasswords, HashFailure, PasswordHashing, Turn, Verdict};

use crate::bits::fnv;

const CURRENT: &str = "cheap";
const OLD: &str = "cheap-old";

/// Hashes that anyone can reverse by trying: no salt, no cost. For tests only.
#[derive(Debug, Default)]
pub struct CheapHashing {
    hashed: AtomicUsize,
    verified: AtomicUsize,
    refusing: AtomicUsize,
    full: AtomicBool,
}

impl CheapHashing {
    /// The hash of a password, as [`PasswordHashing::hash`] gives it, without counting.
    #[must_use]
    pub fn hash_of(password: &Password) -> PasswordHash {
        cheap(CURRENT, password.as_bytes())
    }

    /// A hash of the password that is outdated once it is verified.
    #[must_use]
    pub fn outdated_hash_of(password: &Password) -> PasswordHash {
        cheap(OLD, password.as_bytes())
    }

    /// Refuses the next `calls`, as a pool does that is full.
    pub fn refuse_next(&self, calls: usize) {
        self.refusing.store(calls, Ordering::SeqCst);
    }

    /// Admits nothing from now on, or all again.
    pub fn fill(&self, full: bool) {
        self.full.store(full, Ordering::SeqCst);
    }

    /// How many passwords were hashed.
    #[must_use]
    pub fn hashed(&self) -> usize {
        self.hashed.load(Ordering::SeqCst)
    }

    /// How many passwords were compared with a hash, or with that of an unknown user.
    #[must_use]
    pub fn verified(&self) -> usize {
        self.verified.load(Ordering::SeqCst)
    }

    fn admit(&self) -> Result<(), HashFailure> {
        let refused = self.refusing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        match refused {
            Ok(_) => Err(HashFailure::Overloaded { retry_after: Duration::from_secs(1) }),
            Err(_) => Ok(()),
        }
    }
}

#[async_trait]
impl PasswordHashing for CheapHashing {
    fn keep_place(&self, turn: Turn) -> Result<Turn, HashFailure> {
        if self.full.load(Ordering::SeqCst) {
            return Err(HashFailure::Overloaded { retry_after: Duration::from_secs(1) });
        }
        Ok(turn)
    }

    async fn hash(&self, password: Password, _turn: Turn) -> Result<PasswordHash, HashFailure> {
        self.admit()?;
        self.hashed.fetch_add(1, Ordering::SeqCst);
        Ok(Self::hash_of(&password))
    }

    async fn verify(
        &self,
        password: Password,
        against: Option<PasswordHash>,
        _turn: Turn,
    ) -> Result<Verdict, HashFailure> {
        self.admit()?;
        self.verified.fetch_add(1, Ordering::SeqCst);
        Ok(match against {
            Some(hash) if hash == Self::hash_of(&password) => Verdict::Matches { outdated: false },
            Some(hash) if hash == Self::outdated_hash_of(&password) => Verdict::Matches { outdated: true },
            _ => Verdict::Differs,
        })
    }
}

/// A short list of common passwords.
#[derive(Clone, Copy, Debug, Default)]
pub struct FewCommonPasswords;

impl FewCommonPasswords {
    /// The list.
    pub const ALL: [&str; 5] = ["12345678", "password", "password1", "qwertyuiop", "iloveyou"];
}

impl CommonPasswords for FewCommonPasswords {
    fn contains(&self, folded: &str) -> bool {
        Self::ALL.contains(&folded)
    }
}

fn cheap(kind: &str, password: &[u8]) -> PasswordHash {
    PasswordHash::restore(format!("{kind}${:016x}", fnv(0, password)))
}

#[cfg(test)]
mod tests {
    use domain::origin::Origin;

    use super::*;

    fn turn() -> Turn {
        Turn::log_in(&Origin::default())
    }

    fn password(text: &str) -> Password {
        Password::typed(text).expect("a password")
    }

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let hashing = CheapHashing::default();
        let hash = hashing.hash(password("correct horse"), turn()).await.expect("hashed");
        let old = CheapHashing::outdated_hash_of(&password("correct horse"));
        for (text, against, verdict) in [
            ("correct horse", Some(hash.clone()), Verdict::Matches { outdated: false }),
            ("correct horse", Some(old), Verdict::Matches { outdated: true }),
            ("wrong horse", Some(hash), Verdict::Differs),
            ("correct horse", None, Verdict::Differs),
            ("correct horse", Some(PasswordHash::restore("")), Verdict::Differs),
        ] {
            assert_eq!(hashing.verify(password(text), against, turn()).await.expect("verified"), verdict);
        }
        assert_eq!((hashing.hashed(), hashing.verified()), (1, 5));
    }

    #[tokio::test]
    async fn it_refuses_as_often_as_it_is_told() {
        let hashing = CheapHashing::default();
        hashing.refuse_next(2);
        assert!(matches!(hashing.hash(password("a"), turn()).await, Err(HashFailure::Overloaded { .. })));
        assert!(matches!(hashing.verify(password("a"), None, turn()).await, Err(HashFailure::Overloaded { .. })));
        assert!(hashing.hash(password("a"), turn()).await.is_ok());
        assert_eq!((hashing.hashed(), hashing.verified()), (1, 0));
    }
}

//! The domain's port for hashing, on the pool.

use std::io;
use std::time::Duration;

use argon2::Block;
use async_trait::async_trait;
use domain::accounts::password::Password;
use domain::accounts::password_hash::PasswordHash;
use domain::accounts::ports::{HashFailure, PasswordHashing, Turn, Verdict};
use domain::ports::failure::PortFailure;

use crate::argon2id::HashError;
use crate::cost::Cost;
use crate::job::Refusal;
use crate::limits::Limits;
use crate::options::{Options, OptionsError, Plan};
use crate::pool::Pool;
use crate::stored_hash::StoredHash;

/// Hashes passwords with argon2id, a bounded number at a time.
///
/// A check of an unknown user runs the same code on a hash that belongs to nobody, at the configured
/// cost. A known user whose hash has another cost than the configured one answers in another time;
/// that ends with their next login, for such a hash is outdated unless it is stronger.
#[derive(Debug)]
pub struct Hashing {
    pool: Pool,
    cost: Cost,
    limits: Limits,
    nobody: PasswordHash,
    retry_after: Duration,
}

/// Why hashing cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The options make no sense.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// The system gives no memory or no threads.
    #[error("the threads for password hashing cannot start")]
    System(#[from] io::Error),
}

impl Hashing {
    /// Maps the memory and starts the threads. Dropping the value ends them: what runs is finished,
    /// what waits is refused.
    ///
    /// # Errors
    /// Options outside their bounds, or a system that gives no memory or threads.
    pub fn start(options: &Options) -> Result<Self, StartError> {
        Ok(Self::start_plan(&options.plan()?)?)
    }

    /// How many hashes are computed side by side.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.pool.threads()
    }

    fn start_plan(plan: &Plan) -> io::Result<Self> {
        let nobody = PasswordHash::restore(StoredHash::of_nobody(plan.cost).to_string());
        let pool = Pool::start(plan)?;
        let limits = Limits::new(plan.cost, plan.budget_kib);
        Ok(Self { pool, cost: plan.cost, limits, nobody, retry_after: whole_seconds(plan.deadline) })
    }

    fn failure(&self, refusal: Refusal) -> HashFailure {
        match refusal {
            Refusal::Full | Refusal::Late => HashFailure::Overloaded { retry_after: self.retry_after },
            Refusal::Memory(_) => PortFailure::passing(refusal).into(),
            Refusal::Panicked | Refusal::Stopped => PortFailure::lasting(refusal).into(),
        }
    }
}

#[async_trait]
impl PasswordHashing for Hashing {
    fn keep_place(&self, turn: Turn) -> Result<Turn, HashFailure> {
        self.pool.keep_place(turn).map_err(|refusal| self.failure(refusal))
    }

    async fn hash(&self, password: Password, turn: Turn) -> Result<PasswordHash, HashFailure> {
        let cost = self.cost;
        let work = move |blocks: &mut [Block]| StoredHash::create(cost, password.as_bytes(), blocks);
        let hash = self.pool.run(cost.memory_kib(), turn, work).await;
        let hash = hash.map_err(|refusal| self.failure(refusal))?.map_err(PortFailure::lasting)?;
        Ok(PasswordHash::restore(hash.to_string()))
    }

    async fn verify(
        &self,
        password: Password,
        against: Option<PasswordHash>,
        turn: Turn,
    ) -> Result<Verdict, HashFailure> {
        let known = against.is_some();
        // The hash of nobody takes the same way as a stored one, reading included.
        let against = against.as_ref().unwrap_or(&self.nobody);
        let imported = against.as_imported();
        let text = imported.unwrap_or(against.as_str());
        let stored = StoredHash::parse(text, self.limits).map_err(PortFailure::lasting)?;
        let (configured, memory_kib, is_imported) = (self.cost, stored.cost().memory_kib(), imported.is_some());
        let work = move |blocks: &mut [Block]| {
            if is_imported {
                compare_imported(&password, &stored, blocks)
            } else {
                compare(&password, &stored, configured, blocks)
            }
        };
        let verdict = self.pool.run(memory_kib, turn, work).await;
        let verdict = verdict.map_err(|refusal| self.failure(refusal))?.map_err(PortFailure::lasting)?;
        Ok(if known { verdict } else { Verdict::Differs })
    }
}

/// One of our hashes is of the normalised bytes, so one computation decides: nobody makes a check
/// dearer by how they type.
fn compare(
    password: &Password,
    stored: &StoredHash,
    configured: Cost,
    blocks: &mut [Block],
) -> Result<Verdict, HashError> {
    let matches = stored.matches(password.as_bytes(), blocks)?;
    Ok(if matches { Verdict::Matches { outdated: stored.is_outdated(configured) } } else { Verdict::Differs })
}

/// An imported hash may have been made of the bytes as typed, so those are tried, too, where they
/// differ from the normalised ones. Either way a new hash is due: one of ours.
fn compare_imported(password: &Password, stored: &StoredHash, blocks: &mut [Block]) -> Result<Verdict, HashError> {
    let (normalised, typed) = (password.as_bytes(), password.bytes_as_typed());
    let matches = stored.matches(normalised, blocks)? || (typed != normalised && stored.matches(typed, blocks)?);
    Ok(if matches { Verdict::Matches { outdated: true } } else { Verdict::Differs })
}

/// `Retry-After` counts whole seconds. After one deadline all that waits now is done or refused.
fn whole_seconds(deadline: Duration) -> Duration {
    Duration::from_secs(deadline.as_secs() + u64::from(deadline.subsec_nanos() > 0)).max(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use domain::accounts::password::Password;
    use domain::accounts::password_hash::PasswordHash;
    use domain::accounts::ports::{HashFailure, PasswordHashing as _, Turn, Verdict};
    use domain::origin::Origin;

    use super::{Hashing, Refusal, StartError, whole_seconds};
    use crate::argon2id::bare_hash;
    use crate::cost::Cost;
    use crate::memory_blocks::MemoryBlocks;
    use crate::options::{Options, Plan};

    const KNOWN: &str =
        "$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MjZP1+1U9JUbDWvDvtLyEsZiNXOKEUxfi6O2oe46uxA";
    const CURRENT: Verdict = Verdict::Matches { outdated: false };
    const OUTDATED: Verdict = Verdict::Matches { outdated: true };

    fn start(change: impl FnOnce(&mut Plan)) -> Hashing {
        let long = Duration::from_secs(3600);
        let cost = Cost::new(64, 1, 1).unwrap();
        let mut plan = Plan { cost, budget_kib: 2 * 19_456, threads: 2, queue_length: 256, deadline: long, idle: long };
        change(&mut plan);
        Hashing::start_plan(&plan).unwrap()
    }

    fn turn() -> Turn {
        Turn::log_in(&Origin::default())
    }

    fn password(text: &str) -> Password {
        Password::typed(text).unwrap()
    }

    async fn verdict(hashing: &Hashing, text: &str, against: &str) -> Verdict {
        let against = Some(PasswordHash::restore(against));
        hashing.verify(password(text), against, turn()).await.unwrap()
    }

    #[tokio::test]
    async fn what_was_hashed_matches_and_nothing_else_does() {
        let hashing = start(|_| ());
        let hash = hashing.hash(password("correct horse"), turn()).await.unwrap();
        assert_eq!(verdict(&hashing, "correct horse", hash.as_str()).await, CURRENT);
        assert_eq!(verdict(&hashing, "correct Horse", hash.as_str()).await, Verdict::Differs);
    }

    #[tokio::test]
    async fn the_default_options_make_hashes_of_the_default_cost() {
        let hashing = Hashing::start(&Options::default()).unwrap();
        let hash = hashing.hash(password("correct horse"), turn()).await.unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
        assert_eq!(verdict(&hashing, "correct horse", hash.as_str()).await, CURRENT);
    }

    #[tokio::test]
    async fn an_unknown_user_never_matches() {
        let hashing = start(|_| ());
        let unknown = hashing.verify(password("correct horse"), None, turn()).await.unwrap();
        assert_eq!(unknown, Verdict::Differs);
    }

    #[tokio::test]
    async fn a_hash_is_outdated_once_the_parameters_rise() {
        let risen = start(|plan| plan.cost = Cost::new(64, 2, 1).unwrap());
        assert_eq!(verdict(&risen, "correct horse", KNOWN).await, OUTDATED);
        let renewed = risen.hash(password("correct horse"), turn()).await.unwrap();
        assert_eq!(verdict(&risen, "correct horse", renewed.as_str()).await, CURRENT);
    }

    #[tokio::test]
    async fn a_hash_that_needs_more_memory_than_the_threads_have_is_compared() {
        let hashing = start(|_| ());
        let large = "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg\
                     $rk2Mi3E4dgRMg0fHaYaptWVZRKqs//6b6k3/nntqGJk";
        assert_eq!(verdict(&hashing, "correct horse", large).await, CURRENT);
        assert_eq!(verdict(&hashing, "correct horse", KNOWN).await, CURRENT);
    }

    #[tokio::test]
    async fn a_hash_that_costs_too_much_is_a_lasting_failure_that_does_not_tell_the_hash() {
        let hashing = start(|_| ());
        let large = KNOWN.replace("m=64", "m=19457");
        let failure = hashing.verify(password("x"), Some(PasswordHash::restore(large)), turn()).await.unwrap_err();
        assert!(matches!(&failure, HashFailure::Failed(failure) if !failure.retryable()));
        assert_eq!(
            failure.to_string(),
            "a stored password hash costs too much: it takes 19457 KiB of memory; at most 19456 KiB are allowed"
        );
    }

    #[tokio::test]
    async fn spellings_of_one_password_match_alike() {
        let hashing = start(|_| ());
        let hash = hashing.hash(password("p\u{e4}ssword x"), turn()).await.unwrap();
        assert_eq!(verdict(&hashing, "pa\u{308}ssword\u{a0}x", hash.as_str()).await, CURRENT);
    }

    #[tokio::test]
    async fn only_an_imported_hash_is_compared_with_the_bytes_as_typed() {
        let hashing = start(|_| ());
        // Of "pässword x" with the combining diaeresis, as another program may have hashed it.
        let typed = "$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$uijxxCE/97B4nNM4ghhbrwKksAMZItbss30EGi2lS6s";
        let imported = PasswordHash::imported(typed);
        assert_eq!(verdict(&hashing, "pa\u{308}ssword x", imported.as_str()).await, OUTDATED);
        assert_eq!(verdict(&hashing, "p\u{e4}ssword x", imported.as_str()).await, Verdict::Differs);
        assert_eq!(verdict(&hashing, "pa\u{308}ssword x", typed).await, Verdict::Differs);
    }

    #[tokio::test]
    async fn an_imported_hash_is_outdated_however_it_was_made() {
        let hashing = start(|_| ());
        assert_eq!(verdict(&hashing, "correct horse", KNOWN).await, CURRENT);
        assert_eq!(verdict(&hashing, "correct horse", PasswordHash::imported(KNOWN).as_str()).await, OUTDATED);
    }

    #[tokio::test]
    async fn a_late_job_is_an_overload_with_a_time_to_come_back() {
        let hashing = start(|plan| plan.deadline = Duration::ZERO);
        let one_second = Duration::from_secs(1);
        let failure = hashing.hash(password("correct horse"), turn()).await.unwrap_err();
        assert!(matches!(failure, HashFailure::Overloaded { retry_after } if retry_after == one_second));
        let failure = hashing.verify(password("correct horse"), None, turn()).await.unwrap_err();
        assert!(matches!(failure, HashFailure::Overloaded { retry_after } if retry_after == one_second));
    }

    #[test]
    fn refusals_become_failures_of_the_port() {
        let hashing = start(|plan| plan.deadline = Duration::from_millis(2500));
        let failure = hashing.failure(Refusal::Full);
        let three_seconds = Duration::from_secs(3);
        assert!(matches!(failure, HashFailure::Overloaded { retry_after } if retry_after == three_seconds));
        let retryable = |refusal| match hashing.failure(refusal) {
            HashFailure::Failed(failure) => failure.retryable(),
            HashFailure::Overloaded { .. } => panic!("not an overload"),
        };
        assert!(retryable(Refusal::Memory(std::io::ErrorKind::OutOfMemory.into())));
        assert!(!retryable(Refusal::Panicked));
        assert!(!retryable(Refusal::Stopped));
    }

    #[test]
    fn retry_after_counts_whole_seconds() {
        for (milliseconds, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (2000, 2)] {
            assert_eq!(whole_seconds(Duration::from_millis(milliseconds)), Duration::from_secs(seconds));
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn many_at_once_get_their_own_answers() {
        let hashing = Arc::new(start(|_| ()));
        let calls = (0..100).map(|number| {
            let hashing = Arc::clone(&hashing);
            tokio::spawn(async move {
                let own = format!("password {number}");
                let hash = hashing.hash(password(&own), turn()).await.unwrap();
                let same = verdict(&hashing, &own, hash.as_str()).await;
                let other = verdict(&hashing, "password", hash.as_str()).await;
                (same, other)
            })
        });
        for call in calls.collect::<Vec<_>>() {
            assert_eq!(call.await.unwrap(), (CURRENT, Verdict::Differs));
        }
    }

    #[tokio::test]
    async fn the_bare_hash_is_the_one_that_the_pool_computes() {
        let mut blocks = MemoryBlocks::map(64).unwrap();
        let cost = Cost::new(64, 1, 1).unwrap();
        let salt = *b"0123456789abcdef";
        let tag = bare_hash(cost, &salt, b"correct horse", &mut blocks).unwrap();
        let tag = argon2::password_hash::phc::Output::new(&tag).unwrap();
        assert!(KNOWN.ends_with(&format!("${tag}")));
    }

    #[test]
    fn options_out_of_bounds_do_not_start() {
        let options = Options { passes: 1, ..Options::default() };
        let error = Hashing::start(&options).unwrap_err();
        assert!(matches!(&error, StartError::Options(_)));
        assert_eq!(error.to_string(), "a hash makes 1 passes; it must make at least 2");
    }

    #[test]
    fn debug_shows_no_secret() {
        let hashing = start(|_| ());
        let shown = format!("{hashing:?}");
        assert!(shown.contains("PasswordHash(..)") && !shown.contains("$argon2"), "{shown}");
    }
}

//! How long an account rests after wrong passwords.

use chrono::TimeDelta;

/// How many wrong passwords in a row are free: people mistype, and their programs log in side by side. A login that
/// went well may be one of them.
pub const FREE: u32 = 5;
/// The most failures in a row that count: the delay has long stopped growing then.
pub const MOST_FAILURES: u32 = 100;
/// The first delay; each further failure doubles it.
const FIRST: TimeDelta = TimeDelta::seconds(1);
/// The longest delay.
pub const LONGEST: TimeDelta = TimeDelta::minutes(15);
/// After how long without any attempt the failures are forgotten.
pub const FORGOTTEN_AFTER: TimeDelta = TimeDelta::days(1);

/// How long the account rests after so many failures in a row.
#[must_use]
pub fn after(failures: u32) -> TimeDelta {
    let Some(doublings) = failures.checked_sub(FREE) else { return TimeDelta::zero() };
    let delay = 1_i32.checked_shl(doublings).filter(|factor| *factor > 0).and_then(|factor| FIRST.checked_mul(factor));
    delay.map_or(LONGEST, |delay| delay.min(LONGEST))
}

/// The delays after one failure, two failures and so on; the last holds for all further ones.
#[must_use]
pub fn schedule() -> Vec<TimeDelta> {
    let growing = (1..MOST_FAILURES).map(after).take_while(|delay| *delay < LONGEST);
    growing.chain([LONGEST]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_doubles_from_a_second_to_a_quarter_of_an_hour_and_is_never_for_ever() {
        let seconds = |failures| after(failures).num_seconds();
        assert_eq!((0..5).map(seconds).collect::<Vec<_>>(), [0; 5]);
        assert_eq!((5..16).map(seconds).collect::<Vec<_>>(), [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900]);
        assert!((15..=MOST_FAILURES).chain([1_000, u32::MAX]).all(|failures| after(failures) == LONGEST));
        assert!(LONGEST < FORGOTTEN_AFTER, "nobody forgets a delay that still runs");
    }

    #[test]
    fn the_schedule_says_the_same() {
        let schedule = schedule();
        for failures in 1..=MOST_FAILURES {
            let index = (failures as usize - 1).min(schedule.len() - 1);
            assert_eq!(schedule[index], after(failures), "{failures}");
        }
    }
}

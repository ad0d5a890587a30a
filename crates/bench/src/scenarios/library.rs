//! One hash beside the same of Debian's library.

use crate::limits::libargon2::in_turns;
use crate::report::{Figure, Report, Verdict, median};

const MOST_RATIO: f64 = 0.6;

/// Measures both in turns, on one thread. It takes no database.
pub(crate) fn run(quick: bool, report: &mut Report) {
    let turns = in_turns(if quick { 4 } else { 200 });
    let (measured, limit, verdict) = turns.map_or_else(
        || ("left out: libargon2 is not installed".into(), String::new(), None),
        |turns| {
            let middle = |part: usize| median(turns.iter().map(|turn| turn[part].as_secs_f64() * 1e3).collect());
            let ratio = median(turns.iter().map(|[ours, theirs]| ours.as_secs_f64() / theirs.as_secs_f64()).collect());
            let limit = format!("libargon2 {:.2} ms, which takes its memory anew for each", middle(1));
            (format!("{:.2} ms", middle(0)), limit, Some(Verdict::at_most(ratio, MOST_RATIO, "")))
        },
    );
    report.add(Figure { what: "CPU time of one hash, one thread".into(), measured, limit, verdict });
}

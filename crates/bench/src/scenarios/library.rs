//! One hash beside the same of the C library: Debian's build of it, of which something is required, or another.

use std::path::Path;

use crate::limits::libargon2::{DEBIANS, in_turns};
use crate::report::{Figure, Report, Verdict, median};

const MOST_RATIO: f64 = 0.6;

/// Measures both in turns, on one thread. It takes no database.
pub(crate) fn run(quick: bool, file: &Path, report: &mut Report) {
    let turns = in_turns(file, if quick { 4 } else { 200 });
    let (measured, limit, verdict) = turns.map_or_else(
        || ("left out: the library is not installed".into(), String::new(), None),
        |turns| {
            let middle = |part: usize| median(turns.iter().map(|turn| turn[part].as_secs_f64() * 1e3).collect());
            let ratio = median(turns.iter().map(|[ours, theirs]| ours.as_secs_f64() / theirs.as_secs_f64()).collect());
            let (name, is_debians) = (file.file_name().unwrap_or_default().display(), file == Path::new(DEBIANS));
            let limit = format!("{name} {:.2} ms, which takes its memory anew for each: {ratio:.3} of that", middle(1));
            let verdict = is_debians.then(|| Verdict::at_most(ratio, MOST_RATIO, ""));
            (format!("{:.2} ms", middle(0)), limit, verdict)
        },
    );
    report.add(Figure { what: "CPU time of one hash, one thread".into(), measured, limit, verdict });
}

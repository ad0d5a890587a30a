//! The table at the end.

use std::fmt;

/// One line of the table.
pub(crate) struct Figure {
    /// What was measured, and on what.
    pub(crate) what: String,
    pub(crate) measured: String,
    /// The bare limit, or what else it stands beside.
    pub(crate) limit: String,
    pub(crate) verdict: Option<Verdict>,
}

/// A number that must stay within a bound.
pub(crate) struct Verdict {
    number: f64,
    unit: &'static str,
    bound: f64,
    is_most: bool,
}

impl Verdict {
    /// It must be `bound` at most.
    pub(crate) const fn at_most(number: f64, bound: f64, unit: &'static str) -> Self {
        Self { number, unit, bound, is_most: true }
    }

    /// It must be `bound` at least.
    pub(crate) const fn at_least(number: f64, bound: f64, unit: &'static str) -> Self {
        Self { number, unit, bound, is_most: false }
    }

    fn is_met(&self) -> bool {
        if self.is_most { self.number <= self.bound } else { self.number >= self.bound }
    }
}

/// All figures, in the order in which they were measured.
#[derive(Default)]
pub(crate) struct Report(Vec<Figure>);

impl Report {
    /// Adds a figure, and tells it at once to whoever waits.
    pub(crate) fn add(&mut self, figure: Figure) {
        tell(&format!("{}: {}", figure.what, figure.measured));
        self.0.push(figure);
    }

    /// Whether every figure stays within its bound.
    pub(crate) fn is_met(&self) -> bool {
        self.0.iter().filter_map(|figure| figure.verdict.as_ref()).all(Verdict::is_met)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| figure | measured | beside it | ratio or value | required | met |")?;
        writeln!(f, "| --- | --- | --- | --- | --- | --- |")?;
        for Figure { what, measured, limit, verdict } in &self.0 {
            write!(f, "| {what} | {measured} | {limit} |")?;
            match verdict {
                Some(verdict @ Verdict { number, unit, bound, is_most }) => {
                    let (sign, met) = (if *is_most { '≤' } else { '≥' }, if verdict.is_met() { "yes" } else { "NO" });
                    writeln!(f, " {number:.3}{unit} | {sign} {bound}{unit} | {met} |")?;
                }
                None => writeln!(f, " | | |")?,
            }
        }
        Ok(())
    }
}

/// The middle of some numbers: one that a busy moment of the machine does not move.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

#[expect(clippy::print_stderr, reason = "progress goes beside the report, not into it")]
fn tell(line: &str) {
    eprintln!("{line}");
}

#[cfg(test)]
mod tests {
    use super::{Figure, Report, Verdict, median};

    fn report(verdicts: Vec<Option<Verdict>>) -> Report {
        let figure = |verdict| Figure { what: "w".into(), measured: "m".into(), limit: "l".into(), verdict };
        Report(verdicts.into_iter().map(figure).collect())
    }

    #[test]
    fn a_bound_may_be_reached_and_not_passed() {
        for (verdict, met) in [
            (Verdict::at_most(1.08, 1.08, ""), true),
            (Verdict::at_most(1.081, 1.08, ""), false),
            (Verdict::at_most(f64::NAN, 1.08, ""), false),
            (Verdict::at_least(0.7, 0.7, ""), true),
            (Verdict::at_least(0.699, 0.7, ""), false),
            (Verdict::at_least(f64::NAN, 0.7, ""), false),
        ] {
            assert_eq!(verdict.is_met(), met, "{} {}", verdict.number, verdict.bound);
            assert_eq!(report(vec![None, Some(verdict)]).is_met(), met);
        }
    }

    #[test]
    fn the_table_says_what_is_missed() {
        let text = report(vec![Some(Verdict::at_least(0.5, 0.7, "")), Some(Verdict::at_most(3.0, 25.0, " MB")), None]);
        let lines = text.to_string().lines().skip(2).map(ToOwned::to_owned).collect::<Vec<_>>();
        assert_eq!(
            lines,
            ["| w | m | l | 0.500 | ≥ 0.7 | NO |", "| w | m | l | 3.000 MB | ≤ 25 MB | yes |", "| w | m | l | | | |"]
        );
    }

    #[test]
    fn the_median_is_the_middle_one() {
        assert!((median(vec![9.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(vec![4.0]) - 4.0).abs() < f64::EPSILON);
    }
}

//! Turns of a load on one server: what came, and what it cost whom.

use crate::load::{Answers, Load, run_load, to_f64};
use crate::process::{Server, own_cpu};
use crate::report::median;

/// What one turn of a load came to. CPU times are those of each answer, in microseconds.
pub(crate) struct Turn {
    pub(crate) answers: Answers,
    /// Of the server.
    pub(crate) cpu: f64,
    /// Of the load generator.
    pub(crate) generator: f64,
    /// The memory of the server at its end, in MiB.
    pub(crate) resident: f64,
}

/// Lets a load run on a server once.
pub(crate) async fn turn(server: &Server, load: Load) -> Turn {
    let before = (server.cpu(), own_cpu());
    let answers = run_load(server.address, load).await;
    let (cpu, generator) = (server.cpu() - before.0, own_cpu() - before.1);
    let each = 1e6 / to_f64(answers.count());
    let resident = server.resident().0;
    Turn { cpu: cpu.as_secs_f64() * each, generator: generator.as_secs_f64() * each, resident, answers }
}

/// Some turns of the same load.
#[derive(Default)]
pub(crate) struct Turns(pub(crate) Vec<Turn>);

impl Turns {
    /// The middle one of a number of each turn.
    pub(crate) fn middle(&self, part: fn(&Turn) -> f64) -> f64 {
        median(self.0.iter().map(part).collect())
    }

    /// The CPU of the server for each answer, in microseconds.
    pub(crate) fn cpu(&self) -> f64 {
        self.middle(|turn| turn.cpu)
    }

    /// Answers a second.
    pub(crate) fn rate(&self) -> f64 {
        self.middle(|turn| turn.answers.per_second())
    }

    /// The ratio of a number to that of the neighbouring turn of another load.
    pub(crate) fn ratio(&self, beside: &Self, part: fn(&Turn) -> f64) -> f64 {
        median(self.0.iter().zip(&beside.0).map(|(turn, beside)| part(turn) / part(beside)).collect())
    }

    /// All of it, for the table.
    pub(crate) fn told(&self) -> String {
        let within = |part| median(self.0.iter().map(|turn| turn.answers.within(part).as_secs_f64() * 1e3).collect());
        let [half, most, nearly_all] = [0.5, 0.99, 0.999].map(within);
        format!(
            "{:.0} µs, {:.0}/s, p50 {half:.2} ms, p99 {most:.2} ms, p999 {nearly_all:.2} ms, {:.1} MiB resident; \
             of the load generator {:.0} µs",
            self.cpu(),
            self.rate(),
            self.middle(|turn| turn.resident),
            self.middle(|turn| turn.generator)
        )
    }
}

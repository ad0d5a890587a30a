//! The short form, for every run of the tests: each target over its seeds and what is near them. It can be made as long
//! as one likes, for targets that no other program can call.

use std::path::{Path, PathBuf};

use domain::ports::entropy::Entropy as _;
use memory::entropy::SeededEntropy;

/// How many inputs are made for each target.
pub const MADE: usize = 3_000;
/// The longest input that is made.
const LONGEST: usize = 4_096;

/// Runs a target over its seeds and over inputs that are made of them, the same in every run.
///
/// # Panics
/// When a property does not hold, or there are no seeds.
pub fn run(name: &str, target: impl Fn(&[u8])) {
    run_for(name, MADE, target);
}

/// The same with so many inputs that are made.
///
/// # Panics
/// When a property does not hold, or there are no seeds.
pub fn run_for(name: &str, count: usize, target: impl Fn(&[u8])) {
    let seeds = seeds_of(name);
    assert!(!seeds.is_empty(), "fuzz/seeds/{name} holds no seeds");
    let tried = |input: &[u8]| {
        let told = Told { name, input };
        target(input);
        std::mem::forget(told);
    };
    seeds.iter().for_each(|seed| tried(seed));
    let chance = Chance(SeededEntropy::default());
    for _ in 0..count {
        tried(&made_of(&seeds, &chance));
    }
}

/// Where the seeds of all targets are.
#[must_use]
pub fn seeds() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds")
}

fn seeds_of(name: &str) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(seeds().join(name)).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths.into_iter().map(|path| std::fs::read(path).expect("a seed can be read")).collect()
}

/// Tells of the input when its target panics; forgotten when it does not.
struct Told<'a> {
    name: &'a str,
    input: &'a [u8],
}

impl Drop for Told<'_> {
    #[expect(clippy::print_stderr, reason = "the input is the finding")]
    fn drop(&mut self) {
        eprintln!("the target {} fails for the input \"{}\"", self.name, self.input.escape_ascii());
    }
}

/// One to four changes of a seed.
fn made_of(seeds: &[Vec<u8>], chance: &Chance) -> Vec<u8> {
    let mut input = seeds[chance.below(seeds.len())].clone();
    for _ in 0..=chance.below(4) {
        change(&mut input, &seeds[chance.below(seeds.len())], chance);
    }
    input.truncate(LONGEST);
    input
}

fn change(input: &mut Vec<u8>, other: &[u8], chance: &Chance) {
    let at = chance.below(input.len() + 1);
    let end = at + chance.below(input.len() + 1 - at);
    match chance.below(7) {
        0 if at < input.len() => input[at] ^= 1 << chance.below(8),
        1 if at < input.len() => input[at] = chance.byte(),
        2 => input.insert(at, chance.byte()),
        3 => _ = input.drain(at..end),
        4 => {
            let part = input[at..end].to_vec();
            input.splice(at..at, part);
        }
        5 => {
            let from = chance.below(other.len() + 1);
            input.splice(at..end, other[from..].iter().copied());
        }
        _ => {
            let sign = SIGNS[chance.below(SIGNS.len())];
            input.splice(at..at, sign.bytes());
        }
    }
}

/// What parsers of texts stumble over.
const SIGNS: [&str; 24] = [
    "\r\n",
    "\0",
    "\t",
    "\"",
    "\\",
    "//",
    "/\\",
    "%",
    "%0a",
    ";",
    ",",
    "=",
    "@",
    ".",
    "-",
    "+",
    "\u{301}",
    "\u{130}",
    "\u{df}",
    "\u{200d}",
    "\u{ff0e}",
    "\u{37e}",
    "\u{1f525}",
    "99999999999999999999",
];

/// Numbers that are the same in every run.
struct Chance(SeededEntropy);

impl Chance {
    fn below(&self, count: usize) -> usize {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        usize::try_from(u64::from_be_bytes(bytes) % count as u64).expect("less than a usize")
    }

    fn byte(&self) -> u8 {
        let mut byte = [0];
        self.0.fill(&mut byte);
        byte[0]
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::{BTreeSet, HashSet};
    use std::ffi::OsStr;

    use super::*;
    use crate::targets;

    #[test]
    fn what_does_not_hold_is_found() {
        let found = std::panic::catch_unwind(|| run("email", |input| assert!(!input.contains(&0), "a NUL")));
        assert!(found.is_err(), "one of the inputs has a NUL");
    }

    /// Those of the server have seeds alone: what is in a program cannot be called by another.
    #[test]
    fn every_program_has_seeds() {
        let names = |directory: PathBuf| {
            let entries =
                std::fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path());
            entries.map(|path| path.file_stem().expect("a name").to_owned()).collect::<BTreeSet<_>>()
        };
        let (programs, seeds) = (names(seeds().join("../fuzz_targets")), names(seeds()));
        let alone: Vec<_> = seeds.symmetric_difference(&programs).collect();
        assert_eq!(alone, ["client_address", "configuration", "listen"]);
        assert!(targets::ALL.iter().all(|(name, _)| programs.contains(OsStr::new(name))));
    }

    #[test]
    fn the_same_inputs_are_made_in_every_run() {
        let inputs = || {
            let made = RefCell::new(Vec::new());
            run("locale", |input| made.borrow_mut().push(input.to_vec()));
            made.into_inner()
        };
        let made = inputs();
        assert!(made.len() > MADE && made == inputs());
        let different = made.iter().collect::<HashSet<_>>().len();
        assert!(different > MADE / 2, "{different}");
    }
}

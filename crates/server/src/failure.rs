//! How the program fails: one sentence on standard error, and an exit code.

use std::process::ExitCode;

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    sentences: Vec<String>,
    code: u8,
}

impl Failure {
    /// A command that could not do its work: exit code 1.
    pub(crate) fn new(sentence: impl AsRef<str>) -> Self {
        Self { sentences: vec![as_sentence(sentence.as_ref())], code: 1 }
    }

    /// Wrong arguments or settings: exit code 2.
    pub(crate) const fn usage(sentences: Vec<String>) -> Self {
        Self { sentences, code: 2 }
    }
}

/// Says what failed, and gives the exit code: 0, 1 or 2.
#[expect(clippy::print_stderr, reason = "this is where the program tells the operator what is wrong")]
pub(crate) fn exit_code(outcome: Result<(), Failure>) -> ExitCode {
    let Err(failure) = outcome else { return ExitCode::SUCCESS };
    for sentence in failure.sentences {
        eprintln!("user-registry: {sentence}");
    }
    ExitCode::from(failure.code)
}

/// One line that begins with a capital and ends with a full stop, whatever a library has said.
fn as_sentence(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut letters = line.trim_end_matches('.').chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).chain(['.']).collect()
}

/// Turns any error into a failure that says the same.
pub(crate) fn said<E: std::fmt::Display>(error: E) -> Failure {
    Failure::new(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_failed_is_one_sentence_on_one_line() {
        for (text, sentence) in [
            ("the database cannot be opened", "The database cannot be opened."),
            ("This is one already.", "This is one already."),
            ("two\n  lines", "Two lines."),
        ] {
            assert_eq!(Failure::new(text).sentences, [sentence]);
        }
    }
}

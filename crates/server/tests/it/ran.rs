//! A command that has ended.

use std::io::Write as _;
use std::process::{Command, Stdio};

use e2e::database::Database;
use e2e::program;
use serde_json::Value;

/// What a command left: its exit code and what it said.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs a command on this database.
pub(crate) fn run(database: &Database, arguments: &[&str]) -> Ran {
    run_with(database, &[], arguments, b"")
}

/// The same, with further settings in the environment, and with an input.
pub(crate) fn run_with(database: &Database, settings: &[(&str, &str)], arguments: &[&str], input: &[u8]) -> Ran {
    let mut command = program::command(database, settings);
    command.args(arguments);
    finish(command, input)
}

/// Runs the command to its end.
pub(crate) fn finish(mut command: Command, input: &[u8]) -> Ran {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("the program starts");
    // A command that refuses its arguments does not read its input.
    let _ = child.stdin.take().expect("it has an input").write_all(input);
    let output = child.wait_with_output().expect("the program ends");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

impl Ran {
    /// What it printed. It must have done its work.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.err);
        self.out
    }

    /// The same as JSON.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        serde_json::from_str(&self.done()).expect("JSON")
    }

    /// The one sentence with which it ended. Beside it there is only the log, and nowhere a canary.
    #[track_caller]
    pub(crate) fn refused(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{}", self.err);
        assert_eq!(self.out, "", "a command that failed prints nothing");
        assert!(!self.err.contains("canary"), "{}", self.err);
        let said = self.err.lines().filter(|line| !line.starts_with('{')).collect::<Vec<_>>();
        let [line] = said.as_slice() else { panic!("not one sentence: {}", self.err) };
        let sentence = line.strip_prefix("user-registry: ").expect("the program says its name");
        assert!(sentence.starts_with(char::is_uppercase) || sentence.starts_with('/'), "{sentence}");
        assert!(sentence.ends_with(['.', '?']) && !sentence.ends_with(".."), "{sentence}");
        sentence.into()
    }

    /// What the command line says of arguments that make no sense.
    #[track_caller]
    pub(crate) fn misused(self) -> String {
        assert_eq!((self.code, self.out.as_str()), (Some(2), ""), "{}", self.err);
        assert!(self.err.starts_with("error: "), "{}", self.err);
        self.err
    }
}

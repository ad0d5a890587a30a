//! Why a database could not be opened.

use std::path::PathBuf;

use thiserror::Error;

/// Why a database could not be opened: one sentence for the operator, without any credential.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OpenError {
    /// The address names no engine that is known, or nothing behind it.
    #[error("the database address must be `sqlite:` and the path of a file, or begin with `postgres://`")]
    Address,
    /// The directory of the data file is not there.
    #[error("the directory {} of the database file does not exist", .0.display())]
    MissingDirectory(PathBuf),
    /// The server or the file cannot be reached.
    #[error("the database cannot be opened: {0}")]
    Unreachable(String),
    /// It holds tables, but not those of this program.
    #[error("the database belongs to another program; give the user registry a database of its own")]
    Foreign,
    /// A newer version of this program has worked on it.
    #[error(
        "the database was made by a newer version of the user registry (it knows the step {0}); update the program"
    )]
    Newer(String),
    /// A step of its tables failed, or their lock was not to be had.
    #[error("the tables of the database cannot be brought up to date: {0}")]
    Migration(String),
    /// The engine did not take a setting on which safety rests.
    #[error("the database does not take the setting {0}, without which writes are not safe")]
    Setting(&'static str),
}

//! The data file of `SQLite`, before `SQLite` touches it.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// What every database file begins with.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// What stands at the path of a data file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing, or an empty file.
    Nothing,
    /// A database, of whatever program.
    Database,
    /// Something else.
    NoDatabase,
}

/// Looks at the first bytes of a file.
pub(super) fn look(file: &Path) -> io::Result<Found> {
    let mut opened = match File::open(file) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(error),
    };
    let mut start = Vec::with_capacity(MAGIC.len());
    Read::by_ref(&mut opened).take(MAGIC.len() as u64).read_to_end(&mut start)?;
    Ok(match &start[..] {
        [] => Found::Nothing,
        start if start == MAGIC => Found::Database,
        _ => Found::NoDatabase,
    })
}

/// Whether the file has a write-ahead log beside it: a program has it open, or was cut off.
pub(super) fn has_log(file: &Path) -> bool {
    beside(file, "-wal").exists()
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

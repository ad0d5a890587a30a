//! The data file of `SQLite`, before `SQLite` touches it.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// What every database file begins with.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// Only its owner reads and writes it: it holds everybody's data.
const PRIVATE: u32 = 0o600;

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

/// Makes the file if it is missing, and shuts it and what lies beside it to everybody else.
///
/// `SQLite` would give a new file what the umask leaves of 0644; the files that it makes itself get
/// the mode of the data file.
pub(super) fn make_private(file: &Path) -> io::Result<()> {
    OpenOptions::new().create(true).append(true).mode(PRIVATE).open(file)?;
    for path in [file.to_owned(), beside(file, "-wal"), beside(file, "-shm")] {
        match fs::metadata(&path) {
            Ok(found) if found.permissions().mode() & 0o077 == 0 => {}
            Ok(_) => fs::set_permissions(&path, Permissions::from_mode(PRIVATE))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Removes a file and what lies beside it.
pub(super) fn remove(file: &Path) -> io::Result<()> {
    for path in [file.to_owned(), beside(file, "-wal"), beside(file, "-shm")] {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// The file of the same name with this ending.
pub(super) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

//! Who may bring the tables up to date: one program at a time.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::{fs, io, thread};

use tokio::sync::oneshot;

/// An exclusive lock beside a data file, held until it is dropped, or its process ends.
#[derive(Debug)]
pub(crate) struct FileLock {
    _file: File,
    path: PathBuf,
    made: bool,
}

impl FileLock {
    /// Waits for the lock of this data file. The lock is a file of its own: whoever closed the data
    /// file would release the locks that `SQLite` holds on it.
    pub(crate) async fn of(data_file: &Path) -> io::Result<Self> {
        let mut path = data_file.as_os_str().to_owned();
        path.push(".lock");
        let (done, locked) = oneshot::channel();
        // A thread of its own: as many programs may wait as there are threads for blocking work.
        thread::Builder::new().name("database lock".into()).spawn(move || {
            // The receiver is gone when the caller no longer waits; then the lock goes as well.
            let _ = done.send(lock(Path::new(&path)));
        })?;
        locked.await.unwrap_or_else(|_| Err(io::Error::other("the lock was not taken")))
    }

    /// Leaves no file beside a data file that is not ours, unless it lay there before. Whoever waits for
    /// this lock meets the same data file, and refuses it as well.
    pub(crate) fn take_back(self) {
        if self.made {
            // What stays is an empty file that nobody needs.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn lock(path: &Path) -> io::Result<FileLock> {
    let mut options = OpenOptions::new();
    let (file, made) = match options.write(true).mode(0o600).create_new(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            (options.create_new(false).create(true).truncate(false).open(path)?, false)
        }
        outcome => (outcome?, true),
    };
    file.lock()?;
    Ok(FileLock { _file: file, path: path.to_owned(), made })
}

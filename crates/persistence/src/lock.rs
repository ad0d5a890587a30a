//! Who may bring the tables up to date: one program at a time.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::{io, thread};

use tokio::sync::oneshot;

/// An exclusive lock beside a data file, held until it is dropped, or its process ends.
#[derive(Debug)]
pub(crate) struct FileLock {
    _file: File,
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
}

fn lock(path: &Path) -> io::Result<FileLock> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    file.lock()?;
    Ok(FileLock { _file: file })
}

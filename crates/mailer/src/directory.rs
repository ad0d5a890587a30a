//! A directory as mailbox: a file for each mail, whole from the moment it has its name.

use std::fs::{DirBuilder, File, OpenOptions, remove_file, rename};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use domain::ids::DeliveryId;
use domain::mail::ports::NotSent;
use domain::ports::clock::Timestamp;

use crate::post_office::OpenError;

/// A directory of mails. They hold tokens, so it is its owner's alone.
#[derive(Clone, Debug)]
pub(crate) struct Directory(PathBuf);

impl Directory {
    /// Looks at the directory; it is made for the first mail.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let failed = |error: io::Error| OpenError::Directory(path.display().to_string(), error.to_string());
        let metadata = match path.metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self(path.into())),
            metadata => metadata.map_err(failed)?,
        };
        if !metadata.is_dir() {
            return Err(failed(io::ErrorKind::NotADirectory.into()));
        }
        // Volumes of container engines give their group a right; nobody needs one for everybody.
        if metadata.mode() & 0o007 != 0 {
            return Err(OpenError::OpenToAll(path.display().to_string()));
        }
        Ok(Self(path.into()))
    }

    /// Writes a mail. Its name begins with the time, so that names sort as the mails were written.
    pub(crate) async fn send(&self, id: DeliveryId, at: Timestamp, mail: Vec<u8>) -> Result<(), NotSent> {
        let directory = self.0.clone();
        let name = format!("{}-{id}.eml", at.format("%Y%m%dT%H%M%S%.6fZ"));
        let written = tokio::task::spawn_blocking(move || write(&directory, &name, &mail)).await;
        let written = written.map_err(io::Error::other).and_then(|written| written);
        written.map_err(|error| NotSent::Now(format!("the mail directory cannot be written: {error}")))
    }
}

/// The mail gets its name once it is on the disk as a whole, and the name is on the disk before it counts
/// as sent. What begins with a dot is half written.
fn write(directory: &Path, name: &str, mail: &[u8]) -> io::Result<()> {
    if !directory.exists() {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        directory.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())?;
    }
    let unfinished = directory.join(format!(".{name}.new-{}", std::process::id()));
    let written = write_new(&unfinished, mail).and_then(|()| rename(&unfinished, directory.join(name)));
    if written.is_err() {
        // When it cannot be removed either, it stays hidden, and the error of before is the one to tell.
        let _ = remove_file(&unfinished);
    }
    written?;
    File::open(directory)?.sync_all()
}

fn write_new(path: &Path, mail: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(mail)?;
    file.sync_all()
}

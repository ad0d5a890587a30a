//! The data directory.

use std::fs::{DirBuilder, OpenOptions, remove_dir, remove_file};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use domain::ports::entropy::Entropy;
use domain::sessions::opaque::hex;

use crate::failure::Failure;

/// The data directory, for its owner alone where it was missing.
///
/// When this value goes, so does what was made and is still empty: a start that fails leaves nothing.
pub(crate) struct DataDirectory {
    path: PathBuf,
    /// Those that were missing, the deepest first.
    made: Vec<PathBuf>,
}

impl DataDirectory {
    /// Makes it, if it is missing.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let missing = path.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists());
        let directory = Self { path: path.into(), made: missing.map(Into::into).collect() };
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        let refused = |error| Failure::new(format!("The data directory {} cannot be made: {error}.", path.display()));
        made.map(|()| directory).map_err(refused)
    }

    /// Fails unless a file can be made in it: rights alone do not tell, a file system may be read-only.
    pub(crate) fn must_be_writable(&self, entropy: &dyn Entropy) -> Result<(), Failure> {
        let file = self.path.join(format!(".written-{}", fresh_suffix(entropy)));
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file);
        let tried = made.and_then(|_| remove_file(&file));
        let shown = self.path.display();
        tried.map_err(|error| Failure::new(format!("The data directory {shown} cannot be written: {error}.")))
    }
}

impl Drop for DataDirectory {
    fn drop(&mut self) {
        for directory in &self.made {
            // What is not empty stays, and so does all above it.
            if remove_dir(directory).is_err() {
                return;
            }
        }
    }
}

/// What no other process gives a file: those on a shared volume may all have the same id.
pub(crate) fn fresh_suffix(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 8];
    entropy.fill(&mut bytes);
    hex(&bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::system::SystemEntropy;

    #[test]
    fn it_is_made_for_its_owner_and_goes_while_it_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/data");
        let directory = DataDirectory::open(&path).ok().unwrap();
        directory.must_be_writable(&SystemEntropy).ok().unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        drop(directory);
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
        let directory = DataDirectory::open(&path).ok().unwrap();
        std::fs::write(path.join("file"), "").unwrap();
        drop(directory);
        assert!(path.join("file").exists());
    }

    #[test]
    fn what_was_there_before_stays() {
        let folder = tempfile::tempdir().unwrap();
        drop(DataDirectory::open(folder.path()).ok().unwrap());
        assert!(folder.path().exists());
    }
}

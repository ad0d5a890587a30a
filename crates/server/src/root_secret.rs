//! Where the root secret comes from.

use std::fs::{File, OpenOptions, hard_link, read_to_string, remove_file, rename};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use domain::keys::ports::KeyStore;
use domain::ports::entropy::Entropy;
use tokens::root_secret::RootSecret;

use crate::config::checked::Config;
use crate::data_directory::fresh_suffix;
use crate::failure::{Failure, said};

/// Where a root secret comes from that the data directory keeps, and what that means.
const KEPT: &str = "secret.key in the data directory: it protects a stolen dump, not a stolen directory";

/// The root secret, and the file if it was made just now.
pub(crate) struct Found {
    pub(crate) secret: RootSecret,
    /// Where it comes from and what protects it, for the operator.
    pub(crate) origin: &'static str,
    /// Whether the data directory keeps it.
    pub(crate) is_kept: bool,
    made: Option<PathBuf>,
}

impl Found {
    const fn kept(secret: RootSecret) -> Self {
        Self { secret, origin: KEPT, is_kept: true, made: None }
    }

    /// Takes back the file that was made just now: the database belongs to another secret. After any
    /// other failure the file stays, for the database may have taken its secret all the same.
    pub(crate) fn take_back(&self) {
        if let Some(path) = &self.made {
            // When it cannot be removed, the next start reads it and says what is wrong with it.
            let _ = remove_file(path);
        }
    }
}

/// The configured secret, else the one in the data directory, if it is there already.
pub(crate) fn given(config: &Config) -> Result<Option<Found>, Failure> {
    if let Some(text) = &config.secret {
        let secret = RootSecret::parse(text)
            .map_err(|error| Failure::new(format!("The setting secret does not hold: {error}")))?;
        return Ok(Some(Found { secret, origin: "from the configuration", is_kept: false, made: None }));
    }
    Ok(read(&path(config))?.map(Found::kept))
}

/// The secret that the database needs, where the data directory keeps it: a change of it may have ended
/// after the database took the new one and before `secret.key` was replaced. That is made good here.
///
/// What does not fit is given back as it was, and told when the keys do not open.
pub(crate) async fn settled(
    config: &Config,
    found: Option<Found>,
    store: &dyn KeyStore,
) -> Result<Option<Found>, Failure> {
    let Some(needed) = store.root_fingerprint().await.map_err(said)? else { return Ok(found) };
    if found.as_ref().is_some_and(|found| !found.is_kept || found.secret.fingerprint() == needed) {
        return Ok(found);
    }
    let waiting = waiting_path(config, &needed);
    // In this order: another process may rename the one to the other in between.
    for path in [&waiting, &path(config)] {
        let Some(secret) = read(path)?.filter(|secret| secret.fingerprint() == needed) else { continue };
        // In a directory that cannot be written it waits on, and is found the same way the next time.
        let _ = if *path == waiting { replace(config, path) } else { Ok(()) };
        return Ok(Some(Found::kept(secret)));
    }
    Ok(found)
}

/// Keeps the secret beside `secret.key` until the database has taken it; gives the file.
pub(crate) fn write_waiting(config: &Config, secret: &RootSecret, entropy: &dyn Entropy) -> Result<PathBuf, Failure> {
    let path = waiting_path(config, &secret.fingerprint());
    match write(&path, secret, entropy) {
        // Its name says that it is the same.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(path),
        Ok(()) => Ok(path),
        Err(error) => Err(Failure::new(format!("{} cannot be written: {error}.", path.display()))),
    }
}

/// The waiting secret becomes the one that the data directory keeps.
pub(crate) fn replace(config: &Config, waiting: &Path) -> Result<(), Failure> {
    let path = path(config);
    let renamed = rename(waiting, &path).and_then(|()| sync_directory(&path));
    match renamed {
        // Another process that starts has done it already.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        renamed => renamed.map_err(|error| {
            let (waiting, path) = (waiting.display(), path.display());
            Failure::new(format!(
                "The database has the new root secret, but {path} cannot be replaced: {error}. \
                 Until it is, the program reads the secret from {waiting}."
            ))
        }),
    }
}

/// The secrets that wait, and what was left of writing them.
pub(crate) fn waiting(config: &Config) -> Vec<PathBuf> {
    let entries = config.data_dir.read_dir().into_iter().flatten().flatten();
    let begins = |path: &PathBuf| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("secret.key."))
    };
    entries.map(|entry| entry.path()).filter(begins).collect()
}

/// Removes secrets that waited for a database that has taken another one, but for `kept`.
pub(crate) fn remove(waiting: &[PathBuf], kept: &Path) {
    for path in waiting.iter().filter(|path| *path != kept) {
        // One that cannot be removed opens nothing.
        let _ = remove_file(path);
    }
}

fn waiting_path(config: &Config, fingerprint: &str) -> PathBuf {
    config.data_dir.join(format!("secret.key.{fingerprint}"))
}

/// A secret of its own for a new database, kept in the data directory.
pub(crate) async fn make(config: &Config, store: &dyn KeyStore, entropy: &dyn Entropy) -> Result<Found, Failure> {
    let path = path(config);
    let needed = store.root_fingerprint().await.map_err(said)?;
    // Another process with this data directory was faster, perhaps: it writes the file before it
    // touches the database.
    if let Some(secret) = read(&path)? {
        return Ok(Found::kept(secret));
    }
    if let Some(needed) = needed {
        return Err(Failure::new(format!(
            "The database needs the root secret with the fingerprint {needed}: set USER_REGISTRY_SECRET, or bring it as {}.",
            path.display()
        )));
    }
    let secret = RootSecret::generate(entropy);
    match write(&path, &secret, entropy) {
        Ok(()) => Ok(Found { made: Some(path), ..Found::kept(secret) }),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => match read(&path)? {
            Some(secret) => Ok(Found::kept(secret)),
            None => Err(Failure::new(format!("{} came and went: start again.", path.display()))),
        },
        Err(error) => Err(Failure::new(format!("{} cannot be written: {error}.", path.display()))),
    }
}

/// Where the data directory keeps it.
pub(crate) fn path(config: &Config) -> PathBuf {
    config.data_dir.join("secret.key")
}

fn read(path: &Path) -> Result<Option<RootSecret>, Failure> {
    let shown = path.display();
    let unreadable = |error: io::Error| Failure::new(format!("{shown} cannot be read: {error}."));
    let mode = match path.metadata() {
        Ok(metadata) => metadata.mode(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    // Volumes of container engines give their group a right; nobody needs one for everybody.
    if mode & 0o007 != 0 {
        return Err(Failure::new(format!("{shown} is open to every user of this machine: run chmod 600 on it.")));
    }
    let text = read_to_string(path).map_err(unreadable)?;
    let secret = RootSecret::parse(&text);
    secret.map(Some).map_err(|error| Failure::new(format!("{shown} does not hold a root secret: {error}")))
}

/// Writes the secret for its owner alone; a file that is there already stays as it is. It gets its
/// name once its content is on the disk, so that nobody reads half of it.
fn write(path: &Path, secret: &RootSecret, entropy: &dyn Entropy) -> io::Result<()> {
    let unnamed = path.with_extension(format!("new-{}", fresh_suffix(entropy)));
    let written = write_new(&unnamed, secret).and_then(|()| hard_link(&unnamed, path));
    let removed = remove_file(&unnamed);
    written.and(removed)?;
    sync_directory(path)
}

/// A name is only on the disk when its directory is.
fn sync_directory(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

fn write_new(path: &Path, secret: &RootSecret) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(secret.to_text().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

//! Where the root secret comes from.

use std::fs::{File, OpenOptions, hard_link, read_to_string, remove_file};
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
    made: Option<PathBuf>,
}

impl Found {
    const fn kept(secret: RootSecret) -> Self {
        Self { secret, origin: KEPT, made: None }
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
        return Ok(Some(Found { secret, origin: "from the configuration", made: None }));
    }
    Ok(read(&path(config))?.map(Found::kept))
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
    path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

fn write_new(path: &Path, secret: &RootSecret) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(secret.to_text().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

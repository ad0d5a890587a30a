//! Where the root secret comes from.

use std::fs::{File, OpenOptions, hard_link, read_to_string, remove_file};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use domain::keys::ports::KeyStore;
use domain::ports::entropy::Entropy;
use tokens::root_secret::RootSecret;

use crate::config::checked::Config;
use crate::failure::{Failure, said};

/// The root secret, and the file if it was made just now.
pub(crate) struct Found {
    pub(crate) secret: RootSecret,
    /// What protects it, for the operator.
    pub(crate) posture: &'static str,
    made: Option<PathBuf>,
}

impl Found {
    /// Takes back the file that was made just now: the keys could not be opened with it.
    pub(crate) fn take_back(&self) {
        if let Some(path) = &self.made {
            // When it cannot be removed, the next start reads it and says what is wrong with it.
            let _ = remove_file(path);
        }
    }
}

/// The configured secret, else the one in the data directory; it is made there only when the database
/// is new.
pub(crate) async fn find(config: &Config, store: &dyn KeyStore, entropy: &dyn Entropy) -> Result<Found, Failure> {
    if let Some(text) = &config.secret {
        let secret = RootSecret::parse(text)
            .map_err(|error| Failure::new(format!("The setting secret does not hold: {error}")))?;
        return Ok(Found { secret, posture: "from the configuration", made: None });
    }
    let path = config.data_dir.join("secret.key");
    let posture = "secret.key in the data directory: it protects a stolen dump, not a stolen directory";
    if let Some(secret) = read(&path)? {
        return Ok(Found { secret, posture, made: None });
    }
    if let Some(needed) = store.root_fingerprint().await.map_err(said)? {
        return Err(Failure::new(format!(
            "The database needs the root secret with the fingerprint {needed}: set USER_REGISTRY_SECRET, or bring it as {}.",
            path.display()
        )));
    }
    let secret = RootSecret::generate(entropy);
    match write(&path, &secret) {
        Ok(()) => Ok(Found { secret, posture, made: Some(path) }),
        // Another process with this data directory was faster: its secret is ours, too.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => match read(&path)? {
            Some(secret) => Ok(Found { secret, posture, made: None }),
            None => Err(Failure::new(format!("{} came and went: start again.", path.display()))),
        },
        Err(error) => Err(Failure::new(format!("{} cannot be written: {error}.", path.display()))),
    }
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
fn write(path: &Path, secret: &RootSecret) -> io::Result<()> {
    let unnamed = path.with_extension(format!("new-{}", std::process::id()));
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

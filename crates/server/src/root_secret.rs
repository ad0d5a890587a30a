//! Where the root secret comes from.

use std::fs::{OpenOptions, read_to_string, remove_file};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
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
    match read_to_string(&path) {
        Ok(text) => {
            let secret = RootSecret::parse(&text)
                .map_err(|error| Failure::new(format!("{} does not hold a root secret: {error}", path.display())))?;
            Ok(Found { secret, posture, made: None })
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            if let Some(needed) = store.root_fingerprint().await.map_err(said)? {
                let sentence = "needs the root secret with the fingerprint";
                return Err(Failure::new(format!(
                    "The database {sentence} {needed}: set USER_REGISTRY_SECRET, or bring it as {}.",
                    path.display()
                )));
            }
            let secret = RootSecret::generate(entropy);
            write(&path, &secret)?;
            Ok(Found { secret, posture, made: Some(path) })
        }
        Err(error) => Err(Failure::new(format!("{} cannot be read: {error}.", path.display()))),
    }
}

/// Writes the secret for its owner alone; a file that is there already stays as it is.
fn write(path: &Path, secret: &RootSecret) -> Result<(), Failure> {
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(secret.to_text().as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()
    })();
    written.map_err(|error| Failure::new(format!("{} cannot be written: {error}.", path.display())))
}

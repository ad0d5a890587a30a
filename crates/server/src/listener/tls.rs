//! TLS, with a certificate that is read again when its files change.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use thiserror::Error;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// What HTTP/2 and HTTP/1.1 are called in a handshake (RFC 7301), the better first.
pub(super) const HTTP_2: &[u8] = b"h2";
const HTTP_1: &[u8] = b"http/1.1";

/// Where the certificate and its key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CertificateFiles {
    /// The certificate and those between it and an authority, in PEM.
    pub(crate) certificate: PathBuf,
    /// Its private key, in PEM.
    pub(crate) key: PathBuf,
}

/// Why there is no certificate.
#[derive(Debug, Error)]
pub(crate) enum CertificateError {
    /// A file cannot be read.
    #[error("{0} cannot be read: {1}")]
    Unreadable(PathBuf, #[source] io::Error),
    /// The file holds no certificate in PEM.
    #[error("{0} holds no certificate in PEM")]
    NoCertificate(PathBuf),
    /// The file holds no key in PEM.
    #[error("{0} holds no private key in PEM")]
    NoKey(PathBuf),
    /// They cannot be used, or not with each other.
    #[error("the certificate and its key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// TLS with the certificate of these files.
#[derive(Debug)]
pub(crate) struct Tls {
    files: CertificateFiles,
    current: Arc<Current>,
    config: Arc<ServerConfig>,
    seen: Signature,
}

/// The certificate that new connections get.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// What tells a file from what it was before.
type Signature = [Option<(u64, u64, i64, i64)>; 2];

impl Tls {
    /// Reads the certificate and its key.
    ///
    /// # Errors
    /// When they cannot be read or used.
    pub(crate) fn open(files: CertificateFiles) -> Result<Self, CertificateError> {
        let seen = files.signature();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let current = Arc::new(Current(RwLock::new(Arc::new(files.read(&provider)?))));
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let mut config = config.with_no_client_auth().with_cert_resolver(Arc::clone(&current) as _);
        config.alpn_protocols = [HTTP_2, HTTP_1].map(Vec::from).into();
        Ok(Self { files, current, config: Arc::new(config), seen })
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }

    /// Reads the files again whenever they have changed, for ever. What cannot be used is told, and the
    /// certificate stays what it was.
    pub(super) async fn follow_files(mut self) {
        let mut told = None;
        loop {
            sleep(LOOK_EVERY).await;
            let Some((now, read)) = self.look_again().await else { continue };
            match read {
                Ok(certified) => {
                    *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certified);
                    self.seen = now;
                    tracing::info!("the certificate has changed: new connections get the new one");
                }
                // The other file may be on its way still.
                Err(error) if told != Some(now) => {
                    told = Some(now);
                    tracing::warn!(%error, "the certificate has changed, and cannot be used: the old one stays");
                }
                Err(_) => {}
            }
        }
    }

    /// What the files hold, if they have changed. A thread of its own looks: where they are on a network that does not
    /// answer, no request waits with it.
    async fn look_again(&self) -> Option<(Signature, Result<CertifiedKey, CertificateError>)> {
        let (files, seen, config) = (self.files.clone(), self.seen, Arc::clone(&self.config));
        let looked = spawn_blocking(move || {
            let now = files.signature();
            (now != seen).then(|| (now, files.read(config.crypto_provider())))
        });
        looked.await.ok().flatten()
    }
}

impl CertificateFiles {
    fn read(&self, provider: &CryptoProvider) -> Result<CertifiedKey, CertificateError> {
        let certificates = read(&self.certificate)?;
        let chain = CertificateDer::pem_slice_iter(&certificates).collect::<Result<Vec<_>, _>>();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or_else(|| CertificateError::NoCertificate(self.certificate.clone()))?;
        let key = PrivateKeyDer::from_pem_slice(&read(&self.key)?);
        let key = key.map_err(|_| CertificateError::NoKey(self.key.clone()))?;
        Ok(CertifiedKey::from_der(chain, key, provider)?)
    }

    fn signature(&self) -> Signature {
        let of = |metadata: Metadata| (metadata.ino(), metadata.size(), metadata.mtime(), metadata.mtime_nsec());
        [&self.certificate, &self.key].map(|path| fs::metadata(path).ok().map(of))
    }
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, CertificateError> {
    fs::read(path).map(Zeroizing::new).map_err(|error| CertificateError::Unreadable(path.into(), error))
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::SystemTime;

    use rcgen::{CertifiedKey as Issued, generate_simple_self_signed};
    use tempfile::TempDir;

    use super::*;

    /// A certificate for this name, signed by itself, in files of a folder.
    pub(in crate::listener) fn files_for(name: &str, folder: &TempDir) -> (CertificateFiles, CertificateDer<'static>) {
        let files = CertificateFiles { certificate: folder.path().join("tls.crt"), key: folder.path().join("tls.key") };
        let Issued { cert, signing_key } = generate_simple_self_signed([name.to_owned()]).unwrap();
        fs::write(&files.certificate, cert.pem()).unwrap();
        fs::write(&files.key, signing_key.serialize_pem()).unwrap();
        (files, cert.der().clone())
    }

    fn shown(current: &Current) -> CertificateDer<'static> {
        current.0.read().unwrap().cert[0].clone()
    }

    #[test]
    fn what_cannot_be_used_is_told_and_no_key_is_shown() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (files, _) = files_for("localhost", &folder);
        let (others, _) = files_for("localhost", &other);
        let (nowhere, empty) = (folder.path().join("nowhere"), folder.path().join("empty"));
        fs::write(&empty, "-----BEGIN CANARY-----\n").unwrap();
        let told = |certificate: &PathBuf, key: &PathBuf| {
            Tls::open(CertificateFiles { certificate: certificate.clone(), key: key.clone() }).unwrap_err().to_string()
        };
        assert!(told(&nowhere, &files.key).contains("nowhere cannot be read"));
        assert!(told(&files.certificate, &nowhere).contains("nowhere cannot be read"));
        assert!(told(&empty, &files.key).ends_with("empty holds no certificate in PEM"));
        assert!(told(&files.key, &files.key).ends_with("tls.key holds no certificate in PEM"));
        assert!(told(&files.certificate, &empty).ends_with("empty holds no private key in PEM"));
        assert!(told(&files.certificate, &others.key).starts_with("the certificate and its key cannot be used"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_certificate_is_taken_once_both_files_are_there() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (files, first) = files_for("localhost", &folder);
        let tls = Tls::open(files.clone()).unwrap();
        let current = Arc::clone(&tls.current);
        let following = tokio::spawn(tls.follow_files());
        let (new, second) = files_for("localhost", &other);
        assert_eq!(shown(&current), first);
        // Without the key that belongs to it, the new certificate is of no use yet.
        fs::rename(&new.certificate, &files.certificate).unwrap();
        sleep(3 * LOOK_EVERY).await;
        assert_eq!(shown(&current), first);
        fs::rename(&new.key, &files.key).unwrap();
        sleep(2 * LOOK_EVERY).await;
        assert_eq!(shown(&current), second);
        // Files that go away take nothing with them.
        fs::remove_file(&files.key).unwrap();
        sleep(2 * LOOK_EVERY).await;
        assert_eq!(shown(&current), second);
        following.abort();
    }

    #[test]
    fn a_file_that_is_written_anew_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let (files, _) = files_for("localhost", &folder);
        let before = files.signature();
        assert_eq!(files.signature(), before);
        let later = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
        fs::File::options().write(true).open(&files.key).unwrap().set_modified(later).unwrap();
        assert_ne!(files.signature(), before);
    }
}

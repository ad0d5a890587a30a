//! Asks the server whether it is ready.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::config::checked::Config;
use crate::failure::Failure;
use crate::listener::address::Address;

/// How long an answer may take: less than the container's own limit, so that the sentence is heard.
const PATIENCE: Duration = Duration::from_secs(4);

/// Fails unless the server at this address, or on this machine when it listens on all addresses,
/// answers that it is ready.
pub(crate) async fn run(config: &Config) -> Result<(), Failure> {
    let address = reachable(&config.listen);
    let answer = timeout(PATIENCE, ask(&address, config.tls.is_some())).await;
    match answer {
        Ok(Ok(line)) if line.starts_with("HTTP/1.1 200 ") => Ok(()),
        Ok(Ok(line)) => Err(Failure::new(format!("The server at {address} is not ready: {line}."))),
        Ok(Err(error)) => Err(Failure::new(format!("The server at {address} does not answer: {error}."))),
        Err(_) => {
            Err(Failure::new(format!("The server at {address} does not answer within {} seconds.", PATIENCE.as_secs())))
        }
    }
}

fn reachable(listen: &Address) -> Address {
    let Address::Tcp(listen) = listen else { return listen.clone() };
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    Address::Tcp(SocketAddr::new(ip, listen.port()))
}

/// The status line of the answer.
async fn ask(address: &Address, tls: bool) -> io::Result<String> {
    match address {
        Address::Tcp(address) => {
            let (stream, ip) = (TcpStream::connect(address).await?, address.ip());
            if tls { ask_by(encrypted(stream, ip).await?).await } else { ask_by(stream).await }
        }
        Address::Unix(path) => {
            let stream = UnixStream::connect(path).await?;
            if tls { ask_by(encrypted(stream, Ipv4Addr::LOCALHOST.into()).await?).await } else { ask_by(stream).await }
        }
    }
}

async fn ask_by(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<String> {
    stream.write_all(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    stream.flush().await?;
    let mut answer = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut answer).await?;
    let text = String::from_utf8_lossy(&answer);
    Ok(text.lines().next().unwrap_or_default().into())
}

async fn encrypted<S>(stream: S, ip: IpAddr) -> io::Result<impl AsyncRead + AsyncWrite + Unpin>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let anybody = Anybody(Arc::clone(&provider));
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(io::Error::other)?.dangerous().with_custom_certificate_verifier(Arc::new(anybody));
    TlsConnector::from(Arc::new(config.with_no_client_auth())).connect(ServerName::from(ip), stream).await
}

/// Takes any certificate: the server is asked by its address on this machine, while its certificate is for the name
/// by which others reach it. Nothing is told that anybody must not hear, and nothing is believed but a status.
struct Anybody(Arc<CryptoProvider>);

impl fmt::Debug for Anybody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Anybody")
    }
}

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

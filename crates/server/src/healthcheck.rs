//! Asks the server whether it is ready.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::failure::Failure;

/// How long an answer may take: less than the container's own limit, so that the sentence is heard.
const PATIENCE: Duration = Duration::from_secs(4);

/// Fails unless the server at this address, or on this machine when it listens on all addresses,
/// answers that it is ready.
pub(crate) async fn run(listen: SocketAddr) -> Result<(), Failure> {
    let address = reachable(listen);
    let answer = timeout(PATIENCE, ask(address)).await;
    match answer {
        Ok(Ok(line)) if line.starts_with("HTTP/1.1 200 ") => Ok(()),
        Ok(Ok(line)) => Err(Failure::new(format!("The server at {address} is not ready: {line}."))),
        Ok(Err(error)) => Err(Failure::new(format!("The server at {address} does not answer: {error}."))),
        Err(_) => {
            Err(Failure::new(format!("The server at {address} does not answer within {} seconds.", PATIENCE.as_secs())))
        }
    }
}

fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// The status line of the answer.
async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut answer).await?;
    let text = String::from_utf8_lossy(&answer);
    Ok(text.lines().next().unwrap_or_default().into())
}

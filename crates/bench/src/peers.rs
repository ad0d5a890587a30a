//! Peers that do not behave: they speak bytes, not HTTP.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// How much of a body is written at a time.
const PIECE: usize = 64 * 1024;
/// How long an answer is waited for at most.
const PATIENCE: Duration = Duration::from_secs(90);

/// A connection from a loopback address of its own: so no limit for one address meets it.
pub(crate) async fn connect(server: SocketAddr, number: usize) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    let [.., a, b] = number.to_be_bytes();
    socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 1, a, b.max(1))), 0))?;
    socket.connect(server).await
}

/// Says the beginning of something and then nothing: after how long it is closed; `None` if it never is.
pub(crate) async fn stall(server: SocketAddr, number: usize, beginning: &'static str) -> io::Result<Option<Duration>> {
    let mut stream = connect(server, number).await?;
    stream.write_all(beginning.as_bytes()).await?;
    let said = Instant::now();
    // It may be answered before it is closed; both are the end.
    let closed = timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await;
    Ok(closed.is_ok().then(|| said.elapsed()))
}

/// Sends a head and then pieces of a body until `bytes` are written or nobody takes them: what is answered meanwhile.
pub(crate) async fn pour(server: SocketAddr, number: usize, head: &str, bytes: usize, chunked: bool) -> String {
    let stream = connect(server, number).await.expect("the server takes connections");
    let (mut reading, mut writing) = stream.into_split();
    let mut piece = vec![b' '; PIECE];
    if chunked {
        piece = [format!("{PIECE:x}\r\n").as_bytes(), &piece, b"\r\n"].concat();
    }
    let head = head.to_owned();
    let pouring = tokio::spawn(async move {
        let mut written = writing.write_all(head.as_bytes()).await;
        for _ in 0..bytes / PIECE {
            if written.is_err() {
                return;
            }
            written = writing.write_all(&piece).await;
        }
    });
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    // What came before a reset was received all the same.
    while let Ok(Ok(count @ 1..)) = timeout(PATIENCE, reading.read(&mut part)).await {
        answer.extend_from_slice(&part[..count]);
    }
    pouring.abort();
    String::from_utf8_lossy(&answer).lines().next().unwrap_or("no answer").to_owned()
}

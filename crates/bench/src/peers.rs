//! Peers that speak bytes, not HTTP: those that do not behave, and those that must cost next to nothing.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use hyper::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// What a connection is asked so that it is open for certain.
const GREETING: &[u8] = b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n";
/// How much of a body is written at a time.
const PIECE: usize = 64 * 1024;
/// More than the head and the body of a usual answer.
const ANSWER: usize = 2 * 1024;
/// How long an answer is waited for at most.
const PATIENCE: Duration = Duration::from_secs(90);

/// A connection from a loopback address of its own: so no limit for one address meets it.
pub(crate) async fn connect(server: SocketAddr, number: usize) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    let [.., a, b] = number.to_be_bytes();
    socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 1, a, b.max(1))), 0))?;
    socket.connect(server).await
}

/// A connection over which an answer has come.
pub(crate) async fn open(server: SocketAddr) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    say(&mut stream, GREETING).await?;
    Ok(stream)
}

/// Says a request as it stands: the status, when the whole answer is there.
pub(crate) async fn say(stream: &mut TcpStream, request: &[u8]) -> io::Result<StatusCode> {
    stream.write_all(request).await?;
    let mut answer = Vec::with_capacity(ANSWER);
    loop {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(status) = status_of(&answer) {
            return Ok(status);
        }
    }
}

/// The status of an answer that is whole, with a body of a length that it tells.
fn status_of(answer: &[u8]) -> Option<StatusCode> {
    let text = std::str::from_utf8(answer).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    let whole = length.parse() == Ok(body.len());
    head.split(' ').nth(1)?.parse().ok().filter(|_| whole)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_when_it_is_whole() {
        let answer = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 2\r\n\r\n{}";
        assert_eq!(status_of(answer), Some(StatusCode::SERVICE_UNAVAILABLE));
        for end in 0..answer.len() {
            assert_eq!(status_of(&answer[..end]), None);
        }
    }
}

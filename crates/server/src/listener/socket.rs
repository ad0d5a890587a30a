//! A socket whose bytes are noted, and which is read in pieces.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf, Take};

use crate::listener::watch::Watch;

/// The most bytes that are read at once: one fewer than hyper's buffer has at first. A read that fills the buffer makes
/// hyper double it, up to the longest head there may be, and a body holds several of them on its way: then the buffers
/// of a connection would be four times the longest body.
const PIECE: u64 = 8 * 1024 - 1;

/// A socket of the system whose bytes are noted, below whatever encrypts them.
pub(super) struct Watched<S> {
    pub(super) socket: S,
    pub(super) watch: Arc<Watch>,
}

impl<S> Watched<S> {
    fn wrote<T>(&self, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.watch.went();
        } else {
            self.watch.stalls();
        }
        outcome
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let outcome = Pin::new(&mut self.socket).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.watch.came();
        }
        outcome
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.socket).poll_write(cx, buf);
        self.wrote(outcome)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A socket of the system has nothing to flush, so this says nothing of the peer.
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.socket).poll_write_vectored(cx, bufs);
        self.wrote(outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }
}

/// A stream, as hyper reads it: a piece at a time, whatever room there is.
pub(super) struct InPieces<S> {
    /// What was read already.
    ahead: Bytes,
    stream: Take<S>,
}

impl<S: AsyncRead> InPieces<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { ahead: Bytes::new(), stream: stream.take(PIECE) }
    }

    /// Gives back what was read ahead of everything else.
    pub(super) fn give_back(&mut self, read: Bytes) {
        self.ahead = read;
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for InPieces<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let count = self.ahead.len().min(buf.remaining());
            buf.put_slice(&self.ahead.split_to(count));
            return Poll::Ready(Ok(()));
        }
        self.stream.set_limit(PIECE);
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for InPieces<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(self.stream.get_mut()).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.stream.get_mut()).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.stream.get_mut()).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.stream.get_mut()).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.get_ref().is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    #[tokio::test]
    async fn no_read_fills_the_buffer_that_hyper_begins_with() {
        let (stream, mut peer) = tokio::io::duplex(64 * 1024);
        peer.write_all(&[b'x'; 20_000]).await.expect("there is room");
        drop(peer);
        let (mut stream, mut room, mut pieces) = (InPieces::new(stream), vec![0; 64 * 1024], Vec::new());
        stream.give_back(Bytes::from_static(b"read before"));
        loop {
            match stream.read(&mut room).await.expect("it can be read") {
                0 => break,
                count => pieces.push(count),
            }
        }
        assert_eq!(pieces, [11, 8191, 8191, 3618]);
    }
}

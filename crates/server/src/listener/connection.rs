//! One connection: hyper around the endpoint.

use std::convert::Infallible;
use std::error::Error;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use poem::http::uri::{Authority, Scheme};
use poem::http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint, Request, Response};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::watch::Receiver;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::listener::answer::Answer;
use crate::listener::socket::{InPieces, Watched};
use crate::listener::tls::HTTP_2;
use crate::listener::watch::{Patience, Watch};

/// The most bytes that are read ahead: a head that is longer is refused before it is whole. Those between the
/// limit of a head, which the endpoint knows, and this one get an answer that explains it.
const MAX_READ_BYTES: usize = 64 * 1024;
/// How long what the peer still sends is passed over when its connection ends.
const LINGER: Duration = Duration::from_secs(5);

/// How many requests of one connection of HTTP/2 may be under way.
const MAX_STREAMS: u32 = 100;
/// The longest head of HTTP/2, as RFC 9113 counts it.
const MAX_HEAD_BYTES: u32 = 16 * 1024;
/// How much of a body, and of all bodies of a connection, may be sent ahead.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * 1024;
/// How many requests that the peer has taken back may wait until they are noticed.
const MAX_RESETS_UNNOTICED: usize = 20;
/// How many streams that hyper has reset, because the peer broke the rules, are remembered: who breaks them more often
/// is told to go. What follows such a stream may have been on its way.
const MAX_RESETS_OF_OURS: usize = 100;
/// How often an idle peer of HTTP/2 is asked whether it is there, and how long it may take to say so.
const PING: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(10));

/// Why a connection ended early.
type Early = Box<dyn Error + Send + Sync>;

/// Both ends of a connection, and whether it is encrypted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
    pub(super) secure: bool,
}

/// A connection that is to be served.
pub(super) struct Connection<E> {
    pub(super) peer: Peer,
    pub(super) endpoint: Arc<E>,
    pub(super) watch: Arc<Watch>,
    pub(super) draining: Receiver<bool>,
    pub(super) patience: Patience,
}

impl<E: Endpoint<Output = Response> + 'static> Connection<E> {
    /// Serves what the handshake chooses, until the connection ends.
    pub(super) async fn serve_tls<S>(self, stream: S, tls: &TlsAcceptor) -> Result<(), Early>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let mut stream = timeout(self.patience.head, tls.accept(self.watched(stream))).await??;
        // A request may have come with the end of the handshake.
        if stream.get_mut().1.process_new_packets()?.plaintext_bytes_to_read() == 0 {
            self.watch.handshake_is_over();
        } else {
            self.watch.head_has_begun();
        }
        match stream.get_ref().1.alpn_protocol() {
            Some(HTTP_2) => self.serve_http_2(stream).await,
            _ => self.serve_http_1(stream).await,
        }
    }

    /// Serves HTTP/1.1 in the open, until the connection ends.
    pub(super) async fn serve<S>(self, stream: S) -> Result<(), Early>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let stream = self.watched(stream);
        self.serve_http_1(stream).await
    }

    fn watched<S>(&self, socket: S) -> Watched<S> {
        Watched { socket, watch: Arc::clone(&self.watch) }
    }

    /// Serves HTTP/1.1 until the connection ends. Whenever it is to be looked at what is left, hyper gives away the
    /// connection with what it has read of it, and begins anew.
    async fn serve_http_1<S>(self, stream: S) -> Result<(), Early>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let watch = Arc::clone(&self.watch);
        let (mut stream, mut service) = (InPieces::new(stream), self);
        loop {
            let mut connection = http1::Builder::new()
                // How long a head may take is watched for all connections together.
                .header_read_timeout(None)
                .max_buf_size(MAX_READ_BYTES)
                .serve_connection(TokioIo::new(stream), service);
            let ended = tokio::select! {
                // First: whatever has come is served before anybody looks at the rest.
                biased;
                ended = poll_fn(|cx| Pin::new(&mut connection).poll(cx)) => Some(ended),
                () = watch.rest_is_to_be_looked_at() => None,
            };
            let parts = connection.into_parts();
            (stream, service) = (parts.io.into_inner(), parts.service);
            if let Some(ended) = ended {
                // What was read and is not wanted is let go at once, not when the peer has seen the end.
                drop((parts.read_buf, service));
                linger(stream).await;
                return Ok(ended?);
            }
            if !parts.read_buf.is_empty() {
                watch.head_has_begun();
                stream.give_back(parts.read_buf);
            }
        }
    }

    /// Serves HTTP/2 until the connection ends, or the peer does not leave off taking back its requests.
    async fn serve_http_2<S>(self, stream: S) -> Result<(), Early>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let watch = Arc::clone(&self.watch);
        watch.counts_requests_only();
        tokio::select! {
            ended = self.serve_streams(stream) => ended,
            () = watch.takes_back_far_too_many() => Err("the peer takes back too many requests".into()),
        }
    }

    /// Serves the streams of HTTP/2. Its frames also come without a request, so that the time of a head counts from the
    /// end of the request before: whoever has none under way for so long is told to go.
    async fn serve_streams<S>(self, stream: S) -> Result<(), Early>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (watch, mut draining, patience) = (Arc::clone(&self.watch), self.draining.clone(), self.patience.head);
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_STREAMS)
            // How many frames a head may take follows from this.
            .max_header_list_size(MAX_HEAD_BYTES)
            .max_pending_accept_reset_streams(MAX_RESETS_UNNOTICED)
            .max_local_error_reset_streams(MAX_RESETS_OF_OURS)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .keep_alive_interval(PING.0)
            .keep_alive_timeout(PING.1)
            .serve_connection(TokioIo::new(stream), self);
        let mut connection = pin!(connection);
        tokio::select! {
            ended = connection.as_mut() => return Ok(ended?),
            // Without a sender the server is gone.
            _ = draining.wait_for(|draining| *draining) => {}
            () = watch.is_without_a_request_for(patience) => {}
            // Whoever else uses the connection is answered what they have asked.
            () = watch.takes_back_too_many() => {}
        }
        connection.as_mut().graceful_shutdown();
        loop {
            // It ends once the peer has heard it, and every request from before has its answer.
            tokio::select! {
                ended = connection.as_mut() => return Ok(ended?),
                () = sleep(LINGER) => {}
            }
            if watch.is_without_a_request() {
                return Ok(());
            }
        }
    }

    fn is_last(&self) -> bool {
        *self.draining.borrow()
    }
}

impl<E: Endpoint<Output = Response> + 'static> Service<hyper::Request<Incoming>> for Connection<E> {
    type Response = hyper::Response<Answer>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: hyper::Request<Incoming>) -> Self::Future {
        let (under_way, connection) = (self.watch.begin(), self.clone());
        Box::pin(async move {
            let is_http_2 = request.version() == Version::HTTP_2;
            let Peer { local, remote, secure } = connection.peer;
            let ends = (LocalAddr(Addr::socket(local)), RemoteAddr(Addr::socket(remote)));
            let scheme = if secure { Scheme::HTTPS } else { Scheme::HTTP };
            let is_for_somebody = names_its_host(request.version(), request.headers());
            let mut response = if is_for_somebody {
                connection.endpoint.get_response(Request::from((request, ends.0, ends.1, scheme))).await
            } else {
                // As hyper answers other heads that cannot be read.
                StatusCode::BAD_REQUEST.into()
            };
            if !is_http_2 && (connection.is_last() || !is_for_somebody) {
                // It is the last answer of this connection, and hyper closes it then.
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            let response = hyper::Response::from(response);
            Ok(response.map(|body| Answer::new(body, under_way, is_http_2)))
        })
    }
}

impl<E> Clone for Connection<E> {
    fn clone(&self) -> Self {
        let Self { peer, endpoint, watch, draining, patience } = self;
        let (endpoint, watch) = (Arc::clone(endpoint), Arc::clone(watch));
        Self { peer: *peer, endpoint, watch, draining: draining.clone(), patience: *patience }
    }
}

/// Whether a request says once for which host it is, and in a way that can be read (RFC 9112, section 3.2). The other
/// versions have ways of their own.
fn names_its_host(version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.is_empty() || Authority::try_from(host.as_bytes()).is_ok(),
        (None, _) => version != Version::HTTP_11,
        (Some(_), Some(_)) => false,
    }
}

/// Closes a connection so that the peer sees its last answer: a peer that is still sending, such as a body that
/// nobody wants, would only see that it is cut off (RFC 9112, section 9.6).
async fn linger<S: AsyncRead + AsyncWrite + Unpin>(mut socket: S) {
    if socket.shutdown().await.is_err() {
        return;
    }
    let passed_over = async {
        let mut nowhere = vec![0; 4096];
        while socket.read(&mut nowhere).await.is_ok_and(|count| count > 0) {}
    };
    // How it ends makes no difference: it is closed then.
    let _ = timeout(LINGER, passed_over).await;
}

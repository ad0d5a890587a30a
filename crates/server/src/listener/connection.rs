//! One connection: hyper around the endpoint.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use poem::http::uri::Scheme;
use poem::http::{HeaderValue, header};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint, Request, Response};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::watch::Receiver;
use tokio::time::timeout;

use crate::listener::socket::Watched;
use crate::listener::watch::Watch;

/// The most bytes that are read ahead: a head that is longer is refused before it is whole. Those between the
/// limit of a head, which the endpoint knows, and this one get an answer that explains it.
const MAX_READ_BYTES: usize = 64 * 1024;

/// How long what the peer still sends is passed over when its connection ends.
const LINGER: Duration = Duration::from_secs(5);

/// Both ends of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
}

/// Serves a connection until it ends.
pub(super) async fn serve_connection<S, E>(
    socket: S,
    peer: Peer,
    endpoint: Arc<E>,
    watch: Arc<Watch>,
    draining: Receiver<bool>,
) -> hyper::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
    E: Endpoint<Output = Response>,
{
    let noted = Arc::clone(&watch);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (under_way, endpoint, is_draining) = (noted.begin(), Arc::clone(&endpoint), draining.clone());
        Box::pin(async move {
            let ends = (LocalAddr(Addr::socket(peer.local)), RemoteAddr(Addr::socket(peer.remote)));
            let response = endpoint.get_response(Request::from((request, ends.0, ends.1, Scheme::HTTP))).await;
            let mut response = hyper::Response::from(response);
            if *is_draining.borrow() {
                // It is the last answer of this connection, and hyper closes it then.
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            drop(under_way);
            Ok::<_, Infallible>(response)
        })
    });
    let mut connection = http1::Builder::new()
        // How long a head may take is watched for all connections together.
        .header_read_timeout(None)
        .max_buf_size(MAX_READ_BYTES)
        .serve_connection(TokioIo::new(Watched { socket, watch }), service);
    let ended = poll_fn(|cx| connection.poll_without_shutdown(cx)).await;
    linger(connection.into_parts().io.into_inner()).await;
    ended
}

/// Closes a connection so that the peer sees its last answer: a peer that is still sending, such as a body that
/// nobody wants, would only see that it is cut off (RFC 9112, section 9.6).
async fn linger<S: AsyncRead + AsyncWrite + Unpin>(mut socket: S) {
    if socket.shutdown().await.is_err() {
        return;
    }
    let mut nowhere = [0; 4096];
    let passed_over = async { while socket.read(&mut nowhere).await.is_ok_and(|count| count > 0) {} };
    // How it ends makes no difference: it is closed then.
    let _ = timeout(LINGER, passed_over).await;
}

//! Connections with TLS, and HTTP/2.

use std::net::Ipv4Addr;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;
use crate::listener::tls::tests::files_for;

/// A server with TLS, and how to connect to it.
pub(super) async fn start_tls(
    change: impl FnOnce(&mut Limits),
) -> (Running, impl AsyncFn(&'static [u8]) -> TlsStream<TcpStream>) {
    let folder = tempfile::tempdir().unwrap();
    let (files, certificate) = files_for("localhost", &folder);
    let tls = Tls::open(files).unwrap();
    let running = start_at(&Address::Tcp((Ipv4Addr::LOCALHOST, 0).into()), Some(tls), change).await;
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let address = running.address;
    let connect = async move |protocol: &'static [u8]| {
        let mut config = config.clone();
        config.alpn_protocols = vec![protocol.to_vec()];
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    };
    (running, connect)
}

pub(super) type Client = hyper::client::conn::http2::SendRequest<Empty<Bytes>>;

/// A client of HTTP/2, and what its connection ends with.
pub(super) async fn http_2(stream: TlsStream<TcpStream>) -> (Client, JoinHandle<hyper::Result<()>>) {
    let (client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    (client, tokio::spawn(connection))
}

pub(super) async fn ask(client: &Client, path: &str) -> hyper::Result<String> {
    let request = hyper::Request::get(format!("https://localhost{path}")).body(Empty::new()).unwrap();
    let response = client.clone().send_request(request).await?;
    assert_eq!(response.status(), 200);
    let body = response.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn with_a_certificate_it_speaks_tls_and_what_the_handshake_chooses() {
    let (running, connect) = start_tls(|_| ()).await;
    let mut peer = connect(b"http/1.1").await;
    peer.write_all(get_of("/quick").as_bytes()).await.unwrap();
    let said = answer(&mut peer).await;
    assert!(said.starts_with("HTTP/1.1 200 OK\r\n") && said.contains("\r\n\r\nhttps socket://127.0.0.1:"), "{said}");
    let (client, _connection) = http_2(connect(b"h2").await).await;
    for _ in 0..3 {
        assert!(ask(&client, "/quick").await.unwrap().starts_with("https socket://127.0.0.1:"));
    }
    // Whoever speaks plain http is not answered in it.
    let plain = running.send(&get_of("/quick")).await;
    assert!(!rest(plain).await.starts_with(b"HTTP"));
}

#[tokio::test]
async fn a_handshake_has_the_time_of_a_head() {
    let (running, _connect) = start_tls(|limits| limits.patience.head = SHORT).await;
    assert_eq!(rest(running.connect().await).await, b"");
}

#[tokio::test]
async fn after_a_handshake_a_connection_of_http_1_is_idle_and_half_a_head_is_not() {
    // A handshake has as long, on a machine that may be busy.
    let head = Duration::from_secs(2);
    let (_running, connect) = start_tls(|limits| limits.patience.head = head).await;
    let mut peer = connect(b"http/1.1").await;
    tokio::time::sleep(2 * head).await;
    peer.write_all(get_of("/quick").as_bytes()).await.unwrap();
    assert!(answer(&mut peer).await.starts_with("HTTP/1.1 200 OK\r\n"));
    let mut peer = connect(b"http/1.1").await;
    peer.write_all(b"GET / HT").await.unwrap();
    assert_eq!(rest(peer).await, b"");
}

#[tokio::test]
async fn a_connection_of_http_2_without_a_request_is_told_to_go() {
    let (_running, connect) = start_tls(|limits| limits.patience.head = SHORT).await;
    let (client, connection) = http_2(connect(b"h2").await).await;
    ask(&client, "/quick").await.unwrap();
    let ended = timeout(Duration::from_secs(20), connection).await.unwrap().unwrap();
    assert!(ended.is_ok(), "it was told so: {ended:?}");
    assert!(ask(&client, "/quick").await.is_err());
}

#[tokio::test]
async fn requests_of_http_2_under_way_are_answered_when_it_stops() {
    let (running, connect) = start_tls(|_| ()).await;
    let (client, connection) = http_2(connect(b"h2").await).await;
    let held = ask(&client, "/held");
    let ending = async {
        running.held.are(1).await;
        running.end.send(()).unwrap();
        sleep(2 * LAST_WORD).await;
        assert!(!running.served.is_finished());
        running.held.let_go.notify_one();
        running.served.await.unwrap();
    };
    let (answer, ()) = tokio::join!(held, ending);
    assert_eq!(answer.unwrap(), "let go");
    assert!(connection.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_long_answer_of_http_2_comes_whole_when_it_stops_however_slowly_it_is_taken() {
    let (running, connect) = start_tls(|limits| limits.patience.head = SHORT).await;
    let (client, _connection) = http_2(connect(b"h2").await).await;
    let request = hyper::Request::get("https://localhost/much").body(Empty::new()).unwrap();
    let mut body = client.clone().send_request(request).await.unwrap().into_body();
    let mut length = 0;
    for turn in 0.. {
        if turn == 3 {
            // Neither the end of the server nor the time without another request cuts it off.
            sleep(2 * SHORT).await;
            running.end.send(()).unwrap();
            sleep(2 * LAST_WORD).await;
            break;
        }
        length += body.frame().await.unwrap().unwrap().into_data().unwrap().len();
    }
    while let Some(frame) = body.frame().await {
        length += frame.unwrap().into_data().map_or(0, |data| data.len());
    }
    assert_eq!(length, MUCH);
    running.served.await.unwrap();
}

#[tokio::test]
async fn a_peer_of_http_2_that_takes_no_answer_is_closed() {
    let (_running, connect) = start_tls(|limits| limits.patience.write = SHORT).await;
    let (client, connection) = http_2(connect(b"h2").await).await;
    let request = hyper::Request::get("https://localhost/much").body(Empty::new()).unwrap();
    let _body = client.clone().send_request(request).await.unwrap().into_body();
    // The client keeps the rest out of its window, and asks for more all the while.
    let asking = async {
        while ask(&client, "/quick").await.is_ok() {
            sleep(SHORT / 10).await;
        }
    };
    timeout(Duration::from_secs(20), asking).await.expect("the connection is closed");
    assert!(connection.await.unwrap().is_err());
}

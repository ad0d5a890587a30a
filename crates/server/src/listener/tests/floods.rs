//! Floods of HTTP/2: frames as fast as they can be written, for which nobody wants an answer.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, WriteHalf, split};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::client::TlsStream;

use super::encrypted::{Client, ask, http_2, start_tls};
use super::*;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The numbers of the frames (RFC 9113, section 6) and of two of their flags.
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const CANCEL: [u8; 4] = 8_u32.to_be_bytes();
/// How many requests are taken back at most before their connection is closed: those that are under way when it is,
/// those that nobody has noticed, and some that are counted meanwhile.
const FEW: usize = 400;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// `GET` of a path, by the static table of HPACK.
fn head(path: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    [&[0x82, 0x87, 0x04], &text(path)[..], &[0x01], &text("localhost")[..]].concat()
}

fn request(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &head(path))
}

/// A peer that takes whatever it is sent, and writes what it likes.
struct Flood {
    writing: WriteHalf<TlsStream<TcpStream>>,
    /// Ends when the connection is closed.
    reading: JoinHandle<()>,
}

impl Flood {
    async fn begin(stream: TlsStream<TcpStream>) -> Self {
        let (mut reading, mut writing) = split(stream);
        writing.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).await.unwrap();
        let reading = tokio::spawn(async move {
            let mut part = [0; 4096];
            while reading.read(&mut part).await.is_ok_and(|count| count > 0) {}
        });
        Self { writing, reading }
    }

    /// Whether the connection takes this.
    async fn write(&mut self, bytes: &[u8]) -> bool {
        let written = async {
            self.writing.write_all(bytes).await?;
            self.writing.flush().await
        };
        written.await.is_ok() && !self.reading.is_finished()
    }

    /// Writes what is made of each number from 0 until the connection is closed, which it is soon: how many it took.
    async fn write_all(&mut self, make: impl Fn(u32) -> Vec<u8>) -> u32 {
        let writing = async {
            for number in 0.. {
                if !self.write(&make(number)).await {
                    return number;
                }
            }
            unreachable!("the numbers end with the streams of a connection")
        };
        timeout(Duration::from_secs(20), writing).await.expect("the connection is closed")
    }
}

/// What the flood comes to, while somebody asks and is answered again and again.
async fn beside(honest: &Client, flooding: impl Future<Output = u32>) -> u32 {
    let asking = async {
        loop {
            assert!(ask(honest, "/quick").await.expect("an answer").starts_with("https "));
        }
    };
    tokio::select! { taken = flooding => taken, () = asking => unreachable!("it asks for ever") }
}

#[tokio::test]
async fn requests_that_are_taken_back_at_once_close_their_connection_and_others_are_served() {
    let (running, connect) = start_tls(|_| ()).await;
    let (honest, _connection) = http_2(connect(b"h2").await).await;
    let mut flood = Flood::begin(connect(b"h2").await).await;
    let flooding = flood.write_all(|number| {
        let stream = 2 * number + 1;
        [request(stream, "/held"), frame(RST_STREAM, 0, stream, &CANCEL)].concat()
    });
    let taken = beside(&honest, flooding).await;
    println!("{taken} requests that were taken back at once were taken");
    assert!(running.held.count.load(Ordering::SeqCst) < FEW);
    assert!(ask(&honest, "/quick").await.is_ok());
}

#[tokio::test]
async fn requests_that_are_taken_back_once_they_are_worked_on_close_their_connection() {
    let (running, connect) = start_tls(|_| ()).await;
    let mut flood = Flood::begin(connect(b"h2").await).await;
    for number in 0_u32.. {
        let (stream, begun) = (2 * number + 1, usize::try_from(number).unwrap() + 1);
        assert!(begun < FEW, "it takes all of them");
        if !flood.write(&request(stream, "/held")).await {
            break;
        }
        tokio::select! {
            () = running.held.are(begun) => {}
            // Nothing comes of it any more.
            _ = &mut flood.reading => break,
        }
        if !flood.write(&frame(RST_STREAM, 0, stream, &CANCEL)).await {
            break;
        }
    }
}

#[tokio::test]
async fn a_head_that_goes_on_and_on_closes_its_connection_and_others_are_served() {
    let (_running, connect) = start_tls(|_| ()).await;
    let (honest, _connection) = http_2(connect(b"h2").await).await;
    let field = [&[0x00, 0x06][..], b"x-much", &[0x7f, 0x81, 0x07], &[b'x'; 1024]].concat();
    let begun = frame(HEADERS, END_STREAM, 1, &head("/quick"));
    for (what, part) in [("fields", &field[..]), ("nothing", &[])] {
        let mut flood = Flood::begin(connect(b"h2").await).await;
        assert!(flood.write(&begun).await);
        let flooding = flood.write_all(|_| frame(CONTINUATION, 0, 1, part));
        let taken = beside(&honest, flooding).await;
        println!("{taken} frames of {what} were taken");
    }
}

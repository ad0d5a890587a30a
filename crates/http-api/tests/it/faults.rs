//! What a fault does: to the request that meets it, and to no other.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use domain::ports::failure::PortFailure;
use domain::ports::readiness::Readiness;
use poem::http::Method;
use poem::{Body, Request};
use tokio::io::{AsyncRead, ReadBuf};

use crate::world::World;

/// A client that goes silent, or away, after the first byte of its body.
struct Client {
    sent: bool,
    then: fn() -> Poll<io::Result<()>>,
}

impl AsyncRead for Client {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.sent {
            return (self.then)();
        }
        self.sent = true;
        buffer.put_slice(b"{");
        Poll::Ready(Ok(()))
    }
}

struct Panicking;

#[async_trait]
impl Readiness for Panicking {
    async fn check(&self) -> Result<(), PortFailure> {
        panic!("a canary in a panic");
    }
}

#[tokio::test]
async fn a_panic_is_one_answer_and_hurts_nobody_else() {
    let world = World::with(|api| api.readiness = Arc::new(Panicking));
    let answer = world.call("GET", "/health/ready", None, None).await;
    assert_eq!((answer.status, answer.problem().as_str()), (500, "internal"));
    assert!(!answer.text.contains("canary"), "{}", answer.text);
    assert_eq!(world.call("GET", "/health/live", None, None).await.status, 200);
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up() {
    let world = World::new();
    let silent = Client { sent: false, then: || Poll::Pending };
    let answer = world.raw("/login", Body::from_async_read(silent)).await;
    assert_eq!((answer.status, answer.problem().as_str()), (408, "timeout"));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_told() {
    let world = World::new();
    let gone = Client { sent: false, then: || Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())) };
    let answer = world.raw("/login", Body::from_async_read(gone)).await;
    assert_eq!((answer.status, answer.problem().as_str()), (400, "bad-request"));
}

#[tokio::test]
async fn a_body_in_pieces_is_not_gathered_beyond_the_limit() {
    let world = World::new();
    // It announces no length, as with chunked transfer, and has no end.
    let answer = world.raw("/login", Body::from_async_read(tokio::io::repeat(b' '))).await;
    assert_eq!((answer.status, answer.problem().as_str()), (413, "body-too-large"));
}

#[tokio::test]
async fn a_body_that_nobody_wants_is_not_waited_for() {
    let world = World::new();
    for path in ["/nothing", "/me/token-required/x"] {
        let silent = Client { sent: false, then: || Poll::Pending };
        let answer = world.raw(path, Body::from_async_read(silent)).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(world.raw(path, Body::from_async_read(tokio::io::repeat(b' '))).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn two_credentials_are_none() {
    let world = World::new();
    let token = world.token("ada@example.org", false).await;
    let request = Request::builder().method(Method::GET).uri_str("/me");
    let request = request.header("authorization", format!("Bearer {token}")).header("authorization", "Bearer forged");
    let answer = world.send(request.finish()).await;
    assert_eq!((answer.status, answer.problem().as_str()), (401, "not-authenticated"));
}

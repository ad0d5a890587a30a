//! The body of an answer: its request is under way until the last of it is taken.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Frame, SizeHint};

use crate::listener::watch::UnderWay;

/// The most bytes that are given away at once over HTTP/2. hyper takes the next part of a body when the peer has
/// room for a byte, however long the part is; what it holds then, nobody sees go.
const PART: usize = 16 * 1024;

/// The body of an answer.
pub(super) struct Answer {
    body: BoxBody<Bytes, io::Error>,
    /// What was taken out of the body, and is yet to be given away.
    rest: Bytes,
    part: usize,
    under_way: UnderWay,
}

impl Answer {
    pub(super) fn new(body: BoxBody<Bytes, io::Error>, mut under_way: UnderWay, in_parts: bool) -> Self {
        if in_parts {
            under_way.answer_beside_others();
        }
        let part = if in_parts { PART } else { usize::MAX };
        Self { body, rest: Bytes::new(), part, under_way }
    }

    fn next_part(&mut self) -> Frame<Bytes> {
        Frame::data(self.rest.split_to(self.part.min(self.rest.len())))
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = &mut *self;
        this.under_way.progress();
        if !this.rest.is_empty() {
            return Poll::Ready(Some(Ok(this.next_part())));
        }
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        polled.map(|frame| {
            let frame = frame?;
            Some(frame.map(|frame| match frame.into_data() {
                Ok(data) => {
                    this.rest = data;
                    this.next_part()
                }
                Err(frame) => frame,
            }))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (mut hint, rest) = (self.body.size_hint(), u64::try_from(self.rest.len()).unwrap_or(u64::MAX));
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(hint.lower() + rest);
        hint
    }
}

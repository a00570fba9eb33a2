//! The body of an answer, which tells its connection when all of it has been handed over.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};

use super::ConnectionControl;

/// A body that tells its connection when it is dropped, at its end or before.
pub(super) struct Answering<B> {
    body: B,
    control: ConnectionControl,
}

impl<B> Answering<B> {
    pub(super) fn new(body: B, control: ConnectionControl) -> Self {
        Self { body, control }
    }
}

impl<B: Body + Unpin> Body for Answering<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for Answering<B> {
    fn drop(&mut self) {
        self.control.hand_over();
    }
}

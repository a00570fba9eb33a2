//! What is posted: pieces that follow each other, none of which is copied.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// An export; a clone shares its bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Export(VecDeque<Bytes>);

impl FromIterator<Bytes> for Export {
    fn from_iter<I: IntoIterator<Item = Bytes>>(pieces: I) -> Self {
        Self(pieces.into_iter().filter(|piece| !piece.is_empty()).collect())
    }
}

impl Export {
    /// It in one piece.
    pub(super) fn to_vec(&self) -> Vec<u8> {
        let mut whole = Vec::with_capacity(self.0.iter().map(Bytes::len).sum());
        self.0.iter().for_each(|piece| whole.extend_from_slice(piece));
        whole
    }

    fn length(&self) -> u64 {
        self.0.iter().map(|piece| piece.len() as u64).sum()
    }
}

impl Body for Export {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.get_mut().0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length())
    }
}

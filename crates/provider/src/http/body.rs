//! Taking in a whole body, within bounds.

use std::io;

use bytes::{Bytes, BytesMut};

use super::pool::Body;

/// Why a body could not be taken in.
#[derive(Debug)]
pub(crate) enum BodyFailure {
    TooLarge,
    Broken(io::Error),
}

/// Collects a body of at most `max_bytes`; one that came in a single piece is not copied.
pub(crate) async fn collect(body: &mut Body, max_bytes: usize) -> Result<Bytes, BodyFailure> {
    if body.announced_bytes().is_some_and(|announced| announced > max_bytes as u64) {
        return Err(BodyFailure::TooLarge);
    }
    let Some(first) = body.data().await.transpose().map_err(BodyFailure::Broken)? else {
        return Ok(Bytes::new());
    };
    if first.len() > max_bytes {
        return Err(BodyFailure::TooLarge);
    }
    if body.is_ended() {
        return Ok(first);
    }
    let mut joined = BytesMut::from(first);
    while let Some(data) = body.data().await {
        let data = data.map_err(BodyFailure::Broken)?;
        if joined.len() + data.len() > max_bytes {
            return Err(BodyFailure::TooLarge);
        }
        joined.extend_from_slice(&data);
    }
    Ok(joined.freeze())
}

/// Collects a body as far as it comes, and at most `max_bytes` of it.
pub(crate) async fn collect_beginning(body: &mut Body, max_bytes: usize, beginning: &mut BytesMut) {
    while beginning.len() < max_bytes
        && let Some(Ok(data)) = body.data().await
    {
        let room = max_bytes - beginning.len();
        beginning.extend_from_slice(&data[..data.len().min(room)]);
    }
}

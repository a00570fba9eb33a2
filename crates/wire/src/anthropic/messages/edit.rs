//! Named edits of a request that otherwise passes through byte by byte.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use playhouse_llm::{Malformed, Request};
use serde_json::Value;

use super::head::Head;

/// The request's bytes with the edits it needs: the model, and the wish for a stream. Without any, the very
/// same bytes.
pub(super) fn pass_through(body: &Bytes, request: &Request) -> Result<Bytes, Malformed> {
    if request.is_as_it_arrived() {
        return Ok(body.clone());
    }
    let head = Head::read(body)?;
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    if *head.model != *request.model {
        edits.push((head.model_at.clone(), Value::from(&*request.model).to_string()));
    }
    if head.stream != request.stream {
        let (at, text) = match head.stream_at {
            Some(at) => (at, request.stream.to_string()),
            None => (head.model_at.end..head.model_at.end, format!(",\"stream\":{}", request.stream)),
        };
        edits.push((at, text));
    }
    Ok(apply(body, edits))
}

fn apply(body: &Bytes, mut edits: Vec<(Range<usize>, String)>) -> Bytes {
    edits.sort_by_key(|(at, _)| (at.start, at.end));
    let mut edited = BytesMut::with_capacity(body.len() + 64);
    let mut copied = 0;
    for (at, text) in &edits {
        edited.extend_from_slice(&body[copied..at.start]);
        edited.extend_from_slice(text.as_bytes());
        copied = at.end;
    }
    edited.extend_from_slice(&body[copied..]);
    edited.freeze()
}

//! Named edits of a request that otherwise passes through byte by byte.

use std::ops::Range;

use bytes::Bytes;
use playhouse_llm::{Malformed, Request};
use serde_json::Value;

use super::head::Head;
use crate::splice::splice;

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
    Ok(splice(body, edits))
}

//! What every request names at its head, and the edits of that which a request that passes through may need.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;
use playhouse_llm::{Malformed, Request};
use serde_json::Value;

use crate::splice::splice;

/// What a request says about itself, and where.
#[derive(Debug)]
pub(crate) struct Named<'a> {
    pub(crate) model: Cow<'a, str>,
    /// Where the model's name stands, quotes included.
    pub(crate) model_at: Range<usize>,
    pub(crate) stream: bool,
    pub(crate) stream_at: Option<Range<usize>>,
}

/// The request's bytes with the edits it needs: the model, and the wish for a stream. Without any, the very
/// same bytes.
pub(crate) fn pass_through(
    body: &Bytes,
    request: &Request,
    read: impl FnOnce(&[u8]) -> Result<Named<'_>, Malformed>,
) -> Result<Bytes, Malformed> {
    if request.is_as_it_arrived() {
        return Ok(body.clone());
    }
    let head = read(body)?;
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

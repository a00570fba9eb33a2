//! Named edits of a request that otherwise passes through byte by byte.

use std::ops::Range;

use bytes::Bytes;
use playhouse_llm::{Malformed, Request};

use super::head::{Head, Options};
use super::member::member_around;
use crate::codec::Dialect;
use crate::splice::splice;

/// The request's bytes with the edits it needs; without any, the very same bytes.
///
/// The edits: the model; the wish for a stream, where the request says otherwise than its bytes;
/// the wish for token counts in a stream, which is added where the vendor takes it and the caller
/// has none, and cut with the other options where the vendor would refuse them.
pub(super) fn pass_through(body: &Bytes, request: &Request, dialect: &Dialect) -> Result<Bytes, Malformed> {
    if request.is_as_it_arrived() && !request.stream {
        return Ok(body.clone());
    }
    let head = Head::read(body)?;
    let mut edits = Edits::default();
    if *head.model != *request.model {
        edits.replace(&head.model_at, quoted(&request.model));
    }
    if head.stream != request.stream {
        edits.set_stream(&head, request.stream);
    }
    if request.stream && dialect.stream_usage && !head.include_usage {
        edits.ask_for_usage(&head);
    }
    if (request.stream && !dialect.stream_usage) || (head.stream && !request.stream) {
        edits.cut_options(&head, body);
    }
    Ok(splice(body, edits.0))
}

/// Replacements of ranges of the body, in no order.
#[derive(Default)]
struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    fn replace(&mut self, at: &Range<usize>, text: impl Into<String>) {
        self.0.push((at.clone(), text.into()));
    }

    fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.0.push((at..at, text.into()));
    }

    fn set_stream(&mut self, head: &Head<'_>, stream: bool) {
        match &head.stream_at {
            Some(at) => self.replace(at, stream.to_string()),
            None => self.insert(head.model_at.end, format!(",\"stream\":{stream}")),
        }
    }

    fn ask_for_usage(&mut self, head: &Head<'_>) {
        const ASKED: &str = r#"{"include_usage":true}"#;
        match &head.options {
            None => self.insert(head.model_at.end, format!(",\"stream_options\":{ASKED}")),
            Some(options) if options.is_null => self.replace(&options.at, ASKED),
            Some(options) => self.include_usage(options),
        }
    }

    fn include_usage(&mut self, options: &Options) {
        match &options.include_usage_at {
            Some(at) => self.replace(at, "true"),
            None => {
                let comma = if options.has_others { "," } else { "" };
                self.insert(options.at.start + 1, format!("\"include_usage\":true{comma}"));
            }
        }
    }

    /// Options of a stream are refused where no stream is asked for, and by some vendors always.
    fn cut_options(&mut self, head: &Head<'_>, body: &[u8]) {
        let Some(options) = &head.options else { return };
        match member_around(body, "stream_options", &options.at) {
            Some(member) => self.replace(&member, ""),
            None => self.replace(&options.at, "null"),
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

//! The JSON look of a line.

use tracing::{Level, Metadata};

use super::escape::escape;
use super::fields::EventFields;
use super::layout::Key;
use super::number::push_unsigned;
use super::style::{Head, Style};
use crate::scope::RequestScope;

/// One JSON object a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct JsonStyle;

impl Style for JsonStyle {
    #[inline]
    fn escape(&self, out: &mut Vec<u8>, text: &str) {
        escape(out, text);
    }

    fn key(&self, out: &mut Vec<u8>, key: &Key, underscores: usize) {
        let quote = key.json.len() - 1;
        if underscores == 0 {
            return out.extend_from_slice(&key.json[..quote]);
        }
        let end = quote - b"\":".len();
        out.extend_from_slice(&key.json[..end]);
        out.extend(std::iter::repeat_n(b'_', underscores));
        out.extend_from_slice(&key.json[end..quote]);
    }

    #[inline]
    fn text(&self, out: &mut Vec<u8>, key: &Key, underscores: usize, write: impl FnOnce(&mut Vec<u8>)) {
        if underscores == 0 {
            out.extend_from_slice(&key.json);
        } else {
            self.key(out, key, underscores);
            out.push(b'"');
        }
        write(out);
        out.push(b'"');
    }

    fn compose(
        &self,
        out: &mut Vec<u8>,
        head: &Head<'_>,
        fields: &EventFields,
        scope: Option<&RequestScope>,
    ) {
        /// All that a line has besides what is counted here.
        const USUAL_BYTES: usize = 512;
        out.reserve(USUAL_BYTES + fields.message.len() + fields.own.len());
        out.extend_from_slice(b"{\"timestamp\":\"");
        out.extend_from_slice(head.timestamp);
        out.extend_from_slice(level_to_message(head.level()));
        out.extend_from_slice(&fields.message);
        push_origin(out, head);
        if !fields.exception.is_empty() {
            push_raw(out, b",\"exception\":\"", &fields.exception);
        }
        if let Some(scope) = scope {
            push_scope(out, fields, scope);
        }
        out.extend_from_slice(&fields.own);
        out.extend_from_slice(b"}\n");
    }
}

/// The parts of a callsite's lines that are always the same.
#[derive(Debug)]
pub(super) struct JsonParts {
    /// From the end of the message to the beginning of the module's name.
    before_module: Vec<u8>,
    /// From the end of the message to the beginning of the function's name.
    before_function: Vec<u8>,
    /// From the end of the function's name on.
    line: Vec<u8>,
}

impl JsonParts {
    pub(super) fn of(metadata: &Metadata<'_>) -> Self {
        let mut before_module = b"\",\"logger\":\"".to_vec();
        escape(&mut before_module, metadata.target());
        before_module.extend_from_slice(b"\",\"module\":\"");
        let mut before_function = before_module.clone();
        escape(&mut before_function, metadata.module_path().unwrap_or(metadata.target()));
        before_function.extend_from_slice(FUNCTION);
        let mut line = Vec::new();
        push_line(&mut line, metadata.line().map(u64::from));
        Self { before_module, before_function, line }
    }
}

const FUNCTION: &[u8] = b"\",\"function\":\"";

/// What JSON writes before a text of this name.
pub(super) fn key(name: &str) -> Vec<u8> {
    let mut key = b",\"".to_vec();
    escape(&mut key, name);
    key.extend_from_slice(b"\":\"");
    key
}

fn push_origin(out: &mut Vec<u8>, head: &Head<'_>) {
    let parts = &head.layout.json;
    match head.other_module() {
        None => out.extend_from_slice(&parts.before_function),
        Some(module) => {
            out.extend_from_slice(&parts.before_module);
            escape(out, module);
            out.extend_from_slice(FUNCTION);
        }
    }
    escape(out, head.function());
    match head.origin.line {
        None => out.extend_from_slice(&parts.line),
        line => push_line(out, line),
    }
}

/// The end of the function's name, and the line.
fn push_line(out: &mut Vec<u8>, line: Option<u64>) {
    out.push(b'"');
    if let Some(line) = line {
        out.extend_from_slice(b",\"line\":");
        push_unsigned(out, line);
    }
}

fn push_scope(out: &mut Vec<u8>, fields: &EventFields, scope: &RequestScope) {
    if !fields.names("request_id") {
        out.extend_from_slice(b",\"request_id\":\"");
        escape(out, &scope.request_id);
        out.push(b'"');
    }
    // Of known length: each is put together on the stack and copied in one piece.
    if let Some(trace_id) = scope.trace_id.filter(|_| !fields.names("trace_id")) {
        let mut field = *b",\"trace_id\":\"00000000000000000000000000000000\"";
        field[13..45].copy_from_slice(trace_id.to_hex().as_bytes());
        out.extend_from_slice(&field);
    }
    if let Some(span_id) = scope.span_id.filter(|_| !fields.names("span_id")) {
        let mut field = *b",\"span_id\":\"0000000000000000\"";
        field[12..28].copy_from_slice(span_id.to_hex().as_bytes());
        out.extend_from_slice(&field);
    }
}

/// A text that needs no escape, or has its escapes.
fn push_raw(out: &mut Vec<u8>, key: &[u8], text: &[u8]) {
    out.extend_from_slice(key);
    out.extend_from_slice(text);
    out.push(b'"');
}

/// The name of a level, in capitals.
pub(super) fn level_name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARN",
        Level::INFO => "INFO",
        Level::DEBUG => "DEBUG",
        Level::TRACE => "TRACE",
    }
}

/// From the end of the timestamp to the beginning of the message.
fn level_to_message(level: Level) -> &'static [u8] {
    match level {
        Level::ERROR => b"\",\"level\":\"ERROR\",\"message\":\"",
        Level::WARN => b"\",\"level\":\"WARN\",\"message\":\"",
        Level::INFO => b"\",\"level\":\"INFO\",\"message\":\"",
        Level::DEBUG => b"\",\"level\":\"DEBUG\",\"message\":\"",
        Level::TRACE => b"\",\"level\":\"TRACE\",\"message\":\"",
    }
}

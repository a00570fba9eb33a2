//! Reading a streamed answer that only passes through.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use playhouse_llm::{Encoded, Error, ErrorKind, Event, FinishReason, Outline, Usage};
use serde::Deserialize;
use serde_json::Value;

use super::chunk::{chunk_of, has_calls, text_of};
use super::codec::OpenAiResponses;
use super::output::{finish_of, reason_of};
use super::usage::read_usage;
use super::{failure, usual};
use crate::codec::StreamReader;
use crate::sse::{Frame, FrameCutter, lines};
use crate::{json, opening, stranger};

/// Turns bytes into events: one for each run of complete frames that arrived together.
///
/// An event says by its name what it is; only those are parsed that name the model, end the answer or say that
/// it failed.
#[derive(Debug)]
pub(super) struct ResponsesReader {
    cutter: FrameCutter,
    ready: VecDeque<Result<Event, Error>>,
    has_begun: bool,
    has_model: bool,
    has_output: bool,
    is_done: bool,
    has_failed: bool,
}

/// What an event is, as far as the outline of an answer depends on it.
enum Kind<'a> {
    Start(Cow<'a, [u8]>),
    Output,
    Ending(Cow<'a, [u8]>),
    Failure(Cow<'a, [u8]>),
    /// An event of an answer that shows nothing.
    Silent,
    /// No event of an answer.
    Stray,
}

#[derive(Deserialize)]
struct Typed<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Cow<'a, str>>,
}

/// What an event says of the answer as a whole.
struct Whole<'a> {
    model: Option<Cow<'a, str>>,
    finish: Option<FinishReason>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Told {
    response: Option<Response>,
}

#[derive(Deserialize)]
struct Response {
    model: Option<Value>,
    status: Option<Value>,
    incomplete_details: Option<Value>,
    usage: Option<Value>,
    output: Option<Vec<Item>>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl ResponsesReader {
    pub(super) fn new(max_line_bytes: usize) -> Self {
        Self {
            cutter: FrameCutter::new(max_line_bytes),
            ready: VecDeque::new(),
            has_begun: false,
            has_model: false,
            has_output: false,
            is_done: false,
            has_failed: false,
        }
    }

    fn read(&mut self, bytes: Bytes) -> Result<(), Error> {
        let complete = self.cutter.push(bytes).map_err(|overlong| Error::bad_reply(overlong.to_string()))?;
        if let Some(batch) = complete {
            self.read_batch(&batch)?;
        }
        if !self.has_begun && !self.is_done {
            opening::check_pending(self.cutter.pending())?;
        }
        Ok(())
    }

    fn read_batch(&mut self, batch: &Bytes) -> Result<(), Error> {
        let (mut at, mut outline) = (0, Outline::default());
        while !self.is_done
            && let Some(length) = lines::first_frame_end(&batch[at..])
        {
            if let Err(error) = self.look(&batch[at..at + length], batch, &mut outline) {
                self.give(batch.slice(..at), outline);
                return Err(error);
            }
            at += length;
        }
        self.give(batch.slice(..at), outline);
        Ok(())
    }

    fn give(&mut self, frames: Bytes, outline: Outline) {
        if !frames.is_empty() {
            let frames = Encoded { bytes: frames, decoder: &OpenAiResponses };
            self.ready.push_back(Ok(Event::from_frames(frames, outline)));
        }
    }

    fn look(&mut self, frame: &[u8], batch: &Bytes, outline: &mut Outline) -> Result<(), Error> {
        let kind = kind_of(frame, !self.has_begun)?;
        self.has_begun |= !matches!(kind, Kind::Stray | Kind::Failure(_));
        match kind {
            Kind::Output => outline.has_output |= self.shows(frame),
            Kind::Start(data) if !self.has_model => self.start(&whole_of(&data)?, outline),
            Kind::Ending(data) => {
                let whole = whole_of(&data)?;
                self.start(&whole, outline);
                self.end(whole, outline);
            }
            Kind::Failure(data) => return Err(failure::read_within(owned(batch, data))),
            // Those after the first tell the same again.
            Kind::Start(_) | Kind::Silent | Kind::Stray => {}
        }
        Ok(())
    }

    fn start(&mut self, whole: &Whole<'_>, outline: &mut Outline) {
        if let Some(name) = whole.model.as_deref().filter(|_| !self.has_model) {
            self.has_model = true;
            outline.model = Some(Arc::from(name));
        }
    }

    fn end(&mut self, whole: Whole<'_>, outline: &mut Outline) {
        outline.finish = whole.finish;
        outline.usage = whole.usage.as_ref().map(Usage::counts).or(outline.usage.take());
        self.is_done = true;
    }

    /// Whether a reader has something to see in a frame; once output has begun, it is taken for output.
    fn shows(&mut self, frame: &[u8]) -> bool {
        self.has_output = self.has_output || Frame::read(frame).is_some_and(|frame| has_output(&frame.data));
        self.has_output
    }

    fn interrupted(&self, how: &str) -> Error {
        let kind = if self.has_begun { ErrorKind::Interrupted } else { ErrorKind::BadReply };
        Error::new(kind, format!("the upstream's stream {how}"))
    }
}

impl StreamReader for ResponsesReader {
    fn push(&mut self, bytes: Bytes) {
        if self.is_done || self.has_failed {
            return;
        }
        if let Err(error) = self.read(bytes) {
            self.has_failed = true;
            self.ready.push_back(Err(error));
        }
    }

    fn next(&mut self) -> Option<Result<Event, Error>> {
        self.ready.pop_front()
    }

    fn is_done(&self) -> bool {
        self.is_done
    }

    fn finish(&mut self) -> Result<(), Error> {
        if !self.has_begun {
            return Err(self.interrupted("ended before it sent any part of an answer"));
        }
        if !self.is_done {
            return Err(self.interrupted("broke off before its end"));
        }
        Ok(())
    }
}

/// What a frame is, by its event's name; by what its data says where it has no name.
fn kind_of(frame: &[u8], is_first: bool) -> Result<Kind<'_>, Error> {
    // Nearly all frames are pieces of output, and have their name on the first line.
    if frame.starts_with(b"event: response.output_text.delta") {
        return Ok(Kind::Output);
    }
    let Some(read) = Frame::read(frame) else {
        if is_first {
            opening::check_lines(frame)?;
        }
        return Ok(Kind::Stray);
    };
    let name = match read.event {
        Some(name) => Cow::Borrowed(name),
        None => Cow::Owned(name_within(&read.data)?),
    };
    let Some(name) = name.strip_prefix("response.") else {
        return Ok(if name == "error" { Kind::Failure(read.data) } else { Kind::Stray });
    };
    Ok(match name {
        "created" | "queued" | "in_progress" => Kind::Start(read.data),
        "completed" | "incomplete" | "cancelled" => Kind::Ending(read.data),
        "failed" => Kind::Failure(read.data),
        "output_text.delta"
        | "refusal.delta"
        | "reasoning_summary_text.delta"
        | "reasoning_summary_part.added"
        | "reasoning_text.delta"
        | "function_call_arguments.delta"
        | "custom_tool_call_input.delta"
        | "output_item.added"
        | "output_item.done" => Kind::Output,
        _ => Kind::Silent,
    })
}

fn name_within(data: &[u8]) -> Result<String, Error> {
    let typed: Typed<'_> = serde_json::from_slice(data).map_err(|_| not_an_event(data))?;
    Ok(typed.kind.map(Cow::into_owned).unwrap_or_default())
}

fn whole_of(data: &[u8]) -> Result<Whole<'_>, Error> {
    match str::from_utf8(data).ok().and_then(usual::response_of) {
        Some(response) => Ok(Whole {
            finish: response.finish(),
            model: response.model.map(Cow::Borrowed),
            usage: response.usage,
        }),
        None => parsed(data),
    }
}

fn parsed(data: &[u8]) -> Result<Whole<'static>, Error> {
    let told: Told = serde_json::from_slice(data).map_err(|_| not_an_event(data))?;
    let response = told.response.ok_or_else(|| not_an_event(data))?;
    let has_calls = has_calls(response.output.iter().flatten().filter_map(|item| item.kind.as_deref()));
    let status = response.status.as_ref().and_then(Value::as_str);
    let finish = finish_of(status, reason_of(response.incomplete_details.as_ref()), has_calls);
    let model = response.model.as_ref().and_then(Value::as_str).filter(|name| !name.is_empty());
    let usage = response.usage.as_ref().and_then(read_usage);
    Ok(Whole { model: model.map(|name| name.to_owned().into()), finish, usage })
}

/// Whether an event has something for a reader to see.
fn has_output(data: &[u8]) -> bool {
    let quick = str::from_utf8(data).ok().and_then(|data| match text_of(data) {
        Some(piece) => Some(!piece.text.is_empty()),
        None => usual::plain_of(data).map(|chunk| chunk.has_output()),
    });
    quick.unwrap_or_else(|| json::parse_object(data).is_ok_and(|event| chunk_of(event).has_output()))
}

fn owned(batch: &Bytes, data: Cow<'_, [u8]>) -> Bytes {
    match data {
        Cow::Borrowed(data) => batch.slice_ref(data),
        Cow::Owned(data) => data.into(),
    }
}

fn not_an_event(data: &[u8]) -> Error {
    let what = stranger::describe(data);
    Error::bad_reply(format!("the upstream's stream has {what} where an event was expected"))
}

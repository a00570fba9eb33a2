//! Reading a streamed answer that only passes through.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use playhouse_llm::{Encoded, Error, ErrorKind, Event, Outline, Usage};
use serde::Deserialize;
use serde_json::Value;

use super::chunk::chunk_of;
use super::codec::AnthropicMessages;
use super::failure;
use super::reply::finish_of;
use super::usage::read_usage;
use crate::codec::StreamReader;
use crate::sse::{Frame, FrameCutter, lines};
use crate::{json, opening, stranger};

/// Turns bytes into events: one for each run of complete frames that arrived together.
///
/// An event says by its name what it is; only those are parsed that name the model, count tokens, end the
/// answer or say that it failed.
#[derive(Debug)]
pub(super) struct MessagesReader {
    cutter: FrameCutter,
    ready: VecDeque<Result<Event, Error>>,
    /// Counted so far: the prompt at the beginning, the answer at the end.
    usage: Option<Usage>,
    has_begun: bool,
    has_output: bool,
    has_finish: bool,
    is_done: bool,
    has_failed: bool,
}

/// What an event is, as far as the outline of an answer depends on it.
enum Kind<'a> {
    Start(Cow<'a, [u8]>),
    Output,
    Ending(Cow<'a, [u8]>),
    End,
    Failure(Cow<'a, [u8]>),
    Silent,
}

#[derive(Deserialize)]
struct Typed<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Start {
    message: Option<StartedMessage>,
}

#[derive(Deserialize)]
struct StartedMessage {
    model: Option<Value>,
    usage: Option<Value>,
}

#[derive(Deserialize)]
struct Ending {
    delta: Option<EndingDelta>,
    usage: Option<Value>,
}

#[derive(Deserialize)]
struct EndingDelta {
    stop_reason: Option<Value>,
}

impl MessagesReader {
    pub(super) fn new(max_line_bytes: usize) -> Self {
        Self {
            cutter: FrameCutter::new(max_line_bytes),
            ready: VecDeque::new(),
            usage: None,
            has_begun: false,
            has_output: false,
            has_finish: false,
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
            let frames = Encoded { bytes: frames, decoder: &AnthropicMessages };
            self.ready.push_back(Ok(Event::from_frames(frames, outline)));
        }
    }

    fn look(&mut self, frame: &[u8], batch: &Bytes, outline: &mut Outline) -> Result<(), Error> {
        match kind_of(frame, !self.has_begun)? {
            Kind::Output => outline.has_output |= self.shows(frame),
            Kind::Start(data) => self.start(&data, outline)?,
            Kind::Ending(data) => self.end(&data, outline)?,
            Kind::End => self.is_done = true,
            Kind::Failure(data) => return Err(failure::read_within(owned(batch, data))),
            Kind::Silent => {}
        }
        Ok(())
    }

    fn start(&mut self, data: &[u8], outline: &mut Outline) -> Result<(), Error> {
        let start: Start = serde_json::from_slice(data).map_err(|_| not_an_event(data))?;
        let message = start.message.ok_or_else(|| not_an_event(data))?;
        self.has_begun = true;
        let name = message.model.as_ref().and_then(Value::as_str).filter(|name| !name.is_empty());
        outline.model = name.map(Arc::from);
        self.count(message.usage.as_ref());
        Ok(())
    }

    fn end(&mut self, data: &[u8], outline: &mut Outline) -> Result<(), Error> {
        let ending: Ending = serde_json::from_slice(data).map_err(|_| not_an_event(data))?;
        let reason = ending.delta.as_ref().and_then(|delta| delta.stop_reason.as_ref()?.as_str());
        outline.finish = reason.map(finish_of).or(outline.finish.take());
        self.has_finish |= reason.is_some();
        if self.count(ending.usage.as_ref()) {
            outline.usage.clone_from(&self.usage);
        }
        Ok(())
    }

    /// Whether a reader has something to see in a frame; once output has begun, it is taken for output.
    fn shows(&mut self, frame: &[u8]) -> bool {
        let event = || json::parse_object(&Frame::read(frame)?.data).ok();
        self.has_output = self.has_output || event().is_some_and(|event| chunk_of(event).has_output());
        self.has_output
    }

    /// Takes counts in; says whether there were any.
    fn count(&mut self, usage: Option<&Value>) -> bool {
        let Some(counted) = usage.and_then(read_usage) else { return false };
        self.usage.get_or_insert_default().update(&counted.counts());
        true
    }

    fn interrupted(&self, how: &str) -> Error {
        let kind = if self.has_begun { ErrorKind::Interrupted } else { ErrorKind::BadReply };
        Error::new(kind, format!("the upstream's stream {how}"))
    }
}

impl StreamReader for MessagesReader {
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
        if !self.has_finish {
            return Err(self.interrupted("ended without a stop reason, so the answer is not complete"));
        }
        Ok(())
    }
}

/// What a frame is, by its event's name; by what its data says where it has no name.
fn kind_of(frame: &[u8], is_first: bool) -> Result<Kind<'_>, Error> {
    // Nearly all frames are pieces of output, and have their name on the first line.
    if frame.starts_with(b"event: content_block_delta") {
        return Ok(Kind::Output);
    }
    let Some(read) = Frame::read(frame) else {
        if is_first {
            opening::check_lines(frame)?;
        }
        return Ok(Kind::Silent);
    };
    let name = match read.event {
        Some(name) => Cow::Borrowed(name),
        None => Cow::Owned(name_within(&read.data)?),
    };
    Ok(match &*name {
        "message_start" => Kind::Start(read.data),
        "content_block_start" | "content_block_delta" => Kind::Output,
        "message_delta" => Kind::Ending(read.data),
        "message_stop" => Kind::End,
        "error" => Kind::Failure(read.data),
        _ => Kind::Silent,
    })
}

fn name_within(data: &[u8]) -> Result<String, Error> {
    let typed: Typed<'_> = serde_json::from_slice(data).map_err(|_| not_an_event(data))?;
    Ok(typed.kind.map(Cow::into_owned).unwrap_or_default())
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

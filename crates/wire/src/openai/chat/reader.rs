//! Reading a streamed answer that only passes through.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;

use bytes::Bytes;
use playhouse_llm::{Encoded, Error, ErrorKind, Event, Outline};

use super::choices::Choices;
use super::codec::OpenAiChat;
use super::outline::{Glance, glance_at_chunk};
use super::{chunk, needles, refusal, stranger};
use crate::codec::StreamReader;
use crate::opening;
use crate::sse::{Frame, FrameCutter, lines};

/// Turns bytes into events: one for each run of complete frames that arrived together.
///
/// Frames are parsed until output has been seen, and after that only those that may end the
/// answer, count its tokens or say that it failed.
#[derive(Debug)]
pub(super) struct ChatReader {
    cutter: FrameCutter,
    ready: VecDeque<Result<Event, Error>>,
    /// Whether any chunk has been read: what is no event stream is found out with the first.
    has_begun: bool,
    has_model: bool,
    has_output: bool,
    has_finish: bool,
    is_done: bool,
    has_failed: bool,
    /// Where several alternatives were asked for: one's end is not the end of all.
    choices: Option<Choices>,
}

impl ChatReader {
    pub(super) fn new(max_line_bytes: usize) -> Self {
        Self {
            cutter: FrameCutter::new(max_line_bytes),
            ready: VecDeque::new(),
            has_begun: false,
            has_model: false,
            has_output: false,
            has_finish: false,
            is_done: false,
            has_failed: false,
            choices: None,
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
        let end = needles::end_of_stream(batch).map(|at| lines::frame_around(batch, at).start);
        let batch = batch.slice(..end.unwrap_or(batch.len()));
        self.is_done = end.is_some();
        match find_error(&batch) {
            Some((start, error)) => {
                self.read_frames(batch.slice(..start))?;
                Err(error)
            }
            None => self.read_frames(batch),
        }
    }

    /// Makes one event of frames none of which is an error.
    fn read_frames(&mut self, frames: Bytes) -> Result<(), Error> {
        if frames.is_empty() {
            return Ok(());
        }
        self.look_at_choices(&frames);
        let mut look = Look::new(&frames);
        self.look_at_opening(&mut look)?;
        look.for_end();
        look.for_usage();
        self.has_output |= look.outline.has_output;
        // Once output has begun, what was not parsed is taken for output.
        look.outline.has_output |= self.has_output && look.parsed_bytes < frames.len();
        self.has_finish |= look.outline.finish.is_some();
        let outline = look.outline;
        self.ready
            .push_back(Ok(Event::from_frames(Encoded { bytes: frames, decoder: &OpenAiChat }, outline)));
        Ok(())
    }

    fn look_at_choices(&mut self, frames: &[u8]) {
        let Some(choices) = &mut self.choices else { return };
        let mut walk = Look::new(frames);
        while let Some(range) = walk.next_frame() {
            if let Some(frame) = Frame::read(&frames[range]) {
                choices.look(&frame.data);
            }
        }
    }

    /// Parses frames from the start until the stream has begun and shown output.
    fn look_at_opening(&mut self, look: &mut Look<'_>) -> Result<(), Error> {
        while !(self.has_begun && (self.has_output || look.outline.has_output)) {
            let Some(range) = look.next_frame() else { break };
            let frame = &look.frames[range.clone()];
            let Some(data) = Frame::read(frame).map(|frame| frame.data) else {
                self.check_comment(frame)?;
                look.take(range.len(), Outline::default());
                continue;
            };
            let outline =
                if chunk::holds_chunk(&data) { self.look_at_chunk(&data)? } else { Outline::default() };
            look.take(range.len(), outline);
        }
        Ok(())
    }

    fn look_at_chunk(&mut self, data: &[u8]) -> Result<Outline, Error> {
        let glance = glance_at_chunk(data, !self.has_model).map_err(|_| not_a_chunk(data))?;
        self.has_model |= glance.outline.model.is_some();
        self.has_begun = true;
        Ok(glance.outline)
    }

    /// Before the first chunk, lines that are no fields show that this is no event stream.
    fn check_comment(&self, frame: &[u8]) -> Result<(), Error> {
        if self.has_begun { Ok(()) } else { opening::check_lines(frame) }
    }

    fn interrupted(&self, how: &str) -> Error {
        let kind = if self.has_begun { ErrorKind::Interrupted } else { ErrorKind::BadReply };
        Error::new(kind, format!("the upstream's stream {how}"))
    }
}

impl StreamReader for ChatReader {
    fn expect_choices(&mut self, count: u32) {
        self.choices = (count > 1).then(Choices::default);
    }

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
        if !self.is_done && !may_be_lost(self.cutter.pending()) {
            return Err(self.interrupted("broke off in the middle of an event"));
        }
        if !self.has_finish {
            return Err(self.interrupted("ended without a finish reason, so the answer is not complete"));
        }
        if let Some(index) = self.choices.as_ref().and_then(Choices::unfinished) {
            let how =
                format!("ended without a finish reason of choice {index}, so the answer is not complete");
            return Err(self.interrupted(&how));
        }
        Ok(())
    }
}

/// A walk over frames, and what it saw.
struct Look<'a> {
    frames: &'a [u8],
    /// Just behind the last frame parsed from the start.
    at: usize,
    /// Where the frame that was parsed for the end starts.
    ending: Option<usize>,
    /// How many bytes have been parsed.
    parsed_bytes: usize,
    outline: Outline,
}

impl<'a> Look<'a> {
    fn new(frames: &'a [u8]) -> Self {
        Self { frames, at: 0, ending: None, parsed_bytes: 0, outline: Outline::default() }
    }

    fn next_frame(&mut self) -> Option<Range<usize>> {
        let length = lines::first_frame_end(&self.frames[self.at..])?;
        let range = self.at..self.at + length;
        self.at = range.end;
        Some(range)
    }

    /// The last reason for an end counts, and one is enough.
    fn for_end(&mut self) {
        let rest = &self.frames[self.at..];
        let hits: Vec<_> = lines::frames_around(rest, needles::finishes(rest)).collect();
        self.confirm_last(hits, |outline| outline.finish.is_some());
    }

    /// The last token counts hold.
    fn for_usage(&mut self) {
        let rest = &self.frames[self.at..];
        let hits: Vec<_> = lines::frames_around(rest, needles::usages(rest)).collect();
        self.confirm_last(hits, |outline| outline.usage.is_some());
    }

    /// Parses frames that may hold something, the last first, until one does.
    fn confirm_last(&mut self, hits: Vec<Range<usize>>, holds: impl Fn(&Outline) -> bool) {
        for hit in hits.into_iter().rev() {
            let range = self.at + hit.start..self.at + hit.end;
            if self.ending == Some(range.start) && holds(&self.outline) {
                return;
            }
            let Some(frame) = Frame::read(&self.frames[range.clone()]) else { continue };
            let Ok(Glance { outline, .. }) = glance_at_chunk(&frame.data, false) else { continue };
            if holds(&outline) {
                self.ending = Some(range.start);
                return self.take(range.len(), outline);
            }
        }
    }

    fn take(&mut self, length: usize, seen: Outline) {
        self.parsed_bytes += length;
        self.outline.has_output |= seen.has_output;
        self.outline.model = self.outline.model.take().or(seen.model);
        self.outline.finish = seen.finish.or(self.outline.finish.take());
        self.outline.usage = seen.usage.or(self.outline.usage.take());
    }
}

/// Whether nothing is missed by losing these bytes, which no empty line follows.
fn may_be_lost(pending: &[u8]) -> bool {
    let mut lines = pending.split(|byte| matches!(byte, b'\n' | b'\r'));
    lines.all(|line| line.is_empty() || line.starts_with(b":") || needles::end_of_stream(line).is_some())
}

/// The first frame that says the answer failed: where it starts, and what it says.
fn find_error(batch: &Bytes) -> Option<(usize, Error)> {
    lines::frames_around(batch, needles::errors(batch)).find_map(|range| {
        let frame = Frame::read(&batch[range.clone()])?;
        let glance = glance_at_chunk(&frame.data, false).ok()?;
        let data = match &frame.data {
            Cow::Borrowed(data) => batch.slice_ref(data),
            Cow::Owned(data) => Bytes::copy_from_slice(data),
        };
        glance.is_error.then(|| (range.start, refusal::read_within(data)))
    })
}

fn not_a_chunk(data: &[u8]) -> Error {
    let what = stranger::describe(data);
    Error::bad_reply(format!("the upstream's stream began with {what} where a chunk was expected"))
}

//! How far an answer got, noted in the journal and at its end in the log.

use super::body::{End, Progress};
use super::call_line::CallLines;
use crate::journal::{Ended, Recording};

/// Tells a recording what a body sends.
pub(super) struct Noted {
    recording: Recording,
    lines: CallLines,
    bytes: usize,
    events: usize,
}

impl Noted {
    pub(super) fn new(recording: Recording, lines: CallLines) -> Self {
        Self { recording, lines, bytes: 0, events: 0 }
    }
}

impl Progress for Noted {
    fn first_byte(&mut self) {}

    fn sent(&mut self, bytes: usize, events: usize) {
        let more = u32::try_from(events - self.events).unwrap_or(u32::MAX);
        self.recording.sent(bytes - self.bytes, more);
        (self.bytes, self.events) = (bytes, events);
    }

    fn ended(&mut self, end: End) {
        self.recording.finish(match end {
            End::Complete => Ended::Complete,
            End::ClientLeft => Ended::ClientLeft,
            End::Cut => Ended::Cut,
        });
        self.lines.log(self.recording.entry());
    }
}

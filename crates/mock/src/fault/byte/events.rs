//! The events of an encoded answer, one by one.

use bytes::{Bytes, BytesMut};

use crate::protocols::{FrameKind, Frames};
use crate::script::FaultSpec;

/// The events of an encoded answer, so that they can be changed one by one.
///
/// A frame may hold several: what a protocol writes at the end, say, are often token counts and
/// then its end mark.
#[derive(Clone, Debug)]
pub(in crate::fault) struct Events {
    content_type: &'static str,
    pub(super) list: Vec<(Bytes, FrameKind)>,
}

impl Events {
    /// The events of frames.
    pub(in crate::fault) fn of(frames: &Frames) -> Self {
        let mut list = Vec::with_capacity(frames.ends.len() + 1);
        for (bytes, kind) in frames.iter() {
            match kind {
                FrameKind::Whole => list.push((bytes, kind)),
                _ => push_events(bytes, kind, &mut list),
            }
        }
        Self { content_type: frames.content_type, list }
    }

    /// The events as frames, one each.
    pub(in crate::fault) fn into_frames(self) -> Frames {
        let mut bytes = BytesMut::new();
        let mut ends = Vec::with_capacity(self.list.len());
        for (event, kind) in self.list {
            bytes.extend_from_slice(&event);
            ends.push((bytes.len(), kind));
        }
        Frames { content_type: self.content_type, bytes: bytes.freeze(), ends }
    }

    /// Whether this is no stream of events but one whole answer.
    pub(in crate::fault) fn is_whole(&self) -> bool {
        self.list.iter().any(|(_, kind)| *kind == FrameKind::Whole)
    }

    /// How many events come before the fault: half of them, where it does not say.
    pub(super) fn count_before(&self, spec: &FaultSpec) -> usize {
        let wanted = spec.after_events.map_or(self.list.len() / 2, |events| events as usize);
        match byte_of(spec) {
            Some(byte) => self.ends().take_while(|end| *end <= byte).count(),
            None => wanted.min(self.list.len()),
        }
    }

    /// How many bytes come before the fault: half of the events', where it does not say, or half of
    /// a whole answer's.
    pub(in crate::fault) fn bytes_before(&self, spec: &FaultSpec) -> usize {
        let length = self.ends().last().unwrap_or(0);
        match byte_of(spec) {
            Some(byte) => byte.min(length),
            None if self.is_whole() && spec.after_events != Some(0) => length / 2,
            None => self.ends().take(self.count_before(spec)).last().unwrap_or(0),
        }
    }

    /// Which event a fault spoils: in the middle of those with output, where it does not say. The
    /// end mark is none, unless there is nothing else.
    pub(super) fn spoiled(&self, spec: &FaultSpec) -> Option<usize> {
        let last = self.list.len().checked_sub(1)?;
        let is_end = |at: &usize| self.list.get(*at).is_some_and(|(_, kind)| *kind == FrameKind::End);
        let last = (0..=last).rev().find(|at| !is_end(at)).unwrap_or(last);
        let says_where = spec.after_events.is_some() || spec.after_bytes.is_some();
        let at = if says_where { self.count_before(spec) } else { self.middle_output() };
        Some(at.min(last))
    }

    fn middle_output(&self) -> usize {
        let outputs = self.list.iter().enumerate().filter(|(_, (_, kind))| *kind == FrameKind::Output);
        let outputs: Vec<usize> = outputs.map(|(at, _)| at).collect();
        outputs.get(outputs.len() / 2).copied().unwrap_or(self.list.len() / 2)
    }

    /// How many bytes into an event the fault is, where it says so by bytes.
    pub(super) fn byte_within(&self, event: usize, spec: &FaultSpec) -> Option<usize> {
        let start = self.ends().take(event).last().unwrap_or(0);
        byte_of(spec)?.checked_sub(start)
    }

    fn ends(&self) -> impl Iterator<Item = usize> {
        self.list.iter().scan(0, |end, (event, _)| {
            *end += event.len();
            Some(*end)
        })
    }
}

fn byte_of(spec: &FaultSpec) -> Option<usize> {
    spec.after_bytes.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX))
}

fn push_events(mut bytes: Bytes, kind: FrameKind, list: &mut Vec<(Bytes, FrameKind)>) {
    while let Some(end) = event_end(&bytes).filter(|end| *end < bytes.len()) {
        list.push((bytes.split_to(end), kind_before(kind)));
    }
    if !bytes.is_empty() {
        list.push((bytes, kind));
    }
}

/// What the events of a frame are that stand before its last, which gave the frame its kind.
fn kind_before(kind: FrameKind) -> FrameKind {
    match kind {
        FrameKind::End => FrameKind::Usage,
        FrameKind::Finish => FrameKind::Output,
        other => other,
    }
}

/// Where the first event ends: behind its empty line.
fn event_end(bytes: &[u8]) -> Option<usize> {
    let line_ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    line_ends.into_iter().find_map(|at| match &bytes[at..] {
        [b'\n', ..] => Some(at + 1),
        [b'\r', b'\n', ..] => Some(at + 2),
        _ => None,
    })
}

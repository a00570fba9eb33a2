//! An answer in bytes, with gaps for what differs from one time to the next.

use bytes::Bytes;
use playhouse_wire::Envelope;

use crate::protocols::{FrameKind, Frames};

/// An answer's bytes without its id and its time.
#[derive(Debug)]
pub(super) struct Stencil {
    content_type: &'static str,
    pieces: Vec<Piece>,
    frames: usize,
}

#[derive(Clone, Debug)]
enum Piece {
    /// The same every time.
    Fixed(Bytes),
    /// The answer's id.
    Id,
    /// When it is made.
    Created,
    /// Here a frame ends.
    End(FrameKind),
}

impl Stencil {
    /// Cuts the gaps where the frames have the id and the time of the envelope they were written
    /// with; nothing else in them may look like these.
    pub(super) fn cut(frames: &Frames, marked: &Envelope) -> Self {
        let marks = [(marked.id.to_string(), Piece::Id), (marked.created.to_string(), Piece::Created)];
        let mut pieces = Vec::new();
        for (frame, kind) in frames.iter() {
            cut_frame(frame, &marks, &mut pieces);
            pieces.push(Piece::End(kind));
        }
        Self { content_type: frames.content_type, pieces, frames: frames.ends.len() }
    }

    /// The answer with this envelope's id and time, neither of which needs an escape.
    pub(super) fn fill(&self, envelope: &Envelope) -> Frames {
        let created = envelope.created.to_string();
        let mut bytes = Vec::with_capacity(self.len(&envelope.id, &created));
        let mut ends = Vec::with_capacity(self.frames);
        for piece in &self.pieces {
            match piece {
                Piece::Fixed(fixed) => bytes.extend_from_slice(fixed),
                Piece::Id => bytes.extend_from_slice(envelope.id.as_bytes()),
                Piece::Created => bytes.extend_from_slice(created.as_bytes()),
                Piece::End(kind) => ends.push((bytes.len(), *kind)),
            }
        }
        Frames { content_type: self.content_type, bytes: bytes.into(), ends }
    }

    /// How many bytes it has with this id and this time.
    pub(super) fn len(&self, id: &str, created: &str) -> usize {
        let lengths = self.pieces.iter().map(|piece| match piece {
            Piece::Fixed(fixed) => fixed.len(),
            Piece::Id => id.len(),
            Piece::Created => created.len(),
            Piece::End(_) => 0,
        });
        lengths.sum()
    }
}

fn cut_frame(mut frame: Bytes, marks: &[(String, Piece)], pieces: &mut Vec<Piece>) {
    let first = |frame: &[u8]| {
        let found = marks.iter().filter_map(|(mark, gap)| Some((find(frame, mark)?, mark.len(), gap)));
        found.min_by_key(|(at, ..)| *at)
    };
    while let Some((at, length, gap)) = first(&frame) {
        pieces.extend([Piece::Fixed(frame.split_to(at)), gap.clone()]);
        let _mark = frame.split_to(length);
    }
    pieces.push(Piece::Fixed(frame));
}

fn find(frame: &[u8], mark: &str) -> Option<usize> {
    frame.windows(mark.len()).position(|window| window == mark.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(id: &str, created: u64) -> Envelope {
        Envelope { id: id.into(), created, model: "gpt-4o".into(), include_usage: true }
    }

    fn frames(envelope: &Envelope) -> Frames {
        let event = |text: &str| format!("{}:{text}:{}\n", envelope.id, envelope.created);
        let events = [event("one"), event(""), "[DONE]\n".to_owned()];
        let kinds = [FrameKind::Start, FrameKind::Output, FrameKind::End];
        let ends = events.iter().zip(kinds).scan(0, |end, (event, kind)| {
            *end += event.len();
            Some((*end, kind))
        });
        Frames { content_type: "text/plain", ends: ends.collect(), bytes: events.concat().into() }
    }

    #[test]
    fn what_is_filled_is_what_would_have_been_written() {
        let marked = envelope("mark", 77);
        let stencil = Stencil::cut(&frames(&marked), &marked);
        for (id, created) in [("a", 1), ("a-longer-id", 1_700_000_000), ("", 0)] {
            let asked = envelope(id, created);
            let (filled, written) = (stencil.fill(&asked), frames(&asked));
            assert_eq!(
                (filled.content_type, filled.bytes, filled.ends),
                ("text/plain", written.bytes, written.ends)
            );
        }
    }
}

//! Applying a fault to an encoded answer, before it is sent.
//!
//! A stream has one event spoiled, or lacks some. By default that is an event in its middle;
//! `after_events` says how many go before it, `after_bytes` that it is the one with this byte. A
//! whole answer has no events; where a kind speaks of them, the nearest thing happens to its body.
//!
//! | kind | a stream | a whole answer |
//! |---|---|---|
//! | `malformed_chunk` | one event is not JSON | the body is not JSON |
//! | `invalid_utf8` | one event has a byte in a text that is not UTF-8 | so has the body |
//! | `truncated_json` | one event ends inside its JSON, and is the last | the body ends inside its JSON |
//! | `duplicate_chunk` | one event comes twice | the body comes twice |
//! | `reordered_chunks` | one event changes places with the next | the body's halves change places |
//! | `missing_done` | the end mark is missing | the last byte, a closing brace, is missing |
//! | `missing_finish` | the finish reason's event is missing | nothing: see [`chunk`](super::chunk) |
//! | `error_event` | half of the events, then an error event | an error's body, the status being 200 |
//! | `empty` | no event at all | no body |
//!
//! HTTP's own framing stays whole in all of these: lengths are right and chunked bodies end. The
//! faults that break it are those of [`delivery`](super::delivery).

mod events;
mod json;
mod stream;
mod whole;

use bytes::Bytes;

use crate::protocols::Frames;
use crate::script::FaultSpec;

pub(super) use events::Events;

/// The frames that a fault makes of an answer's.
///
/// `error` writes the protocol's own error: an event for a stream, a body for a whole answer.
pub fn apply(spec: &FaultSpec, frames: Frames, error: impl FnOnce() -> Bytes) -> Frames {
    let Some(kind) = spec.kind() else { return frames };
    let events = Events::of(&frames);
    let spoiled = match events.is_whole() {
        true => whole::spoiled(kind, spec, events, error),
        false => stream::spoiled(kind, spec, events, error),
    };
    spoiled.map_or(frames, Events::into_frames)
}

#[cfg(test)]
mod tests;

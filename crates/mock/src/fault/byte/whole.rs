//! What each kind of fault does to a whole answer.

use bytes::Bytes;

use super::events::Events;
use super::json;
use crate::protocols::FrameKind;
use crate::script::{FaultKind, FaultSpec};

/// The body that a fault leaves; `None` where it does nothing to it.
pub(super) fn spoiled(
    kind: FaultKind,
    spec: &FaultSpec,
    mut events: Events,
    error: impl FnOnce() -> Bytes,
) -> Option<Events> {
    let body = events.list.first()?.0.clone();
    let spoiled = match kind {
        FaultKind::MalformedChunk => json::malformed(&body),
        FaultKind::InvalidUtf8 => json::not_utf8(&body),
        FaultKind::TruncatedJson => json::truncated(&body, Some(events.bytes_before(spec))),
        FaultKind::MissingDone => json::truncated(&body, Some(body.len())),
        FaultKind::DuplicateChunk => [&body[..], &body[..]].concat().into(),
        FaultKind::ReorderedChunks => {
            let (first, second) = body.split_at(events.bytes_before(spec));
            [second, first].concat().into()
        }
        FaultKind::ErrorEvent => error(),
        FaultKind::Empty => Bytes::new(),
        _ => return None,
    };
    events.list = vec![(spoiled, FrameKind::Whole)];
    Some(events)
}

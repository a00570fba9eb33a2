//! What each kind of fault does to a stream.

use bytes::Bytes;

use super::events::Events;
use super::json;
use crate::protocols::FrameKind;
use crate::script::{FaultKind, FaultSpec};

/// The events that a fault leaves; `None` where it does nothing to them.
pub(super) fn spoiled(
    kind: FaultKind,
    spec: &FaultSpec,
    mut events: Events,
    error: impl FnOnce() -> Bytes,
) -> Option<Events> {
    match kind {
        FaultKind::MissingDone => events.list.retain(|(_, kind)| *kind != FrameKind::End),
        FaultKind::MissingFinish => events.list.retain(|(_, kind)| *kind != FrameKind::Finish),
        FaultKind::Empty => events.list.clear(),
        FaultKind::ErrorEvent => {
            events.list.truncate(events.count_before(spec));
            events.list.push((error(), FrameKind::Error));
        }
        _ => spoil_event(kind, spec, &mut events)?,
    }
    Some(events)
}

fn spoil_event(kind: FaultKind, spec: &FaultSpec, events: &mut Events) -> Option<()> {
    let at = events.spoiled(spec)?;
    let event = events.list.get(at)?.0.clone();
    match kind {
        FaultKind::MalformedChunk => events.list[at].0 = json::malformed(&event),
        FaultKind::InvalidUtf8 => events.list[at].0 = json::not_utf8(&event),
        FaultKind::TruncatedJson => {
            events.list[at].0 = json::truncated(&event, events.byte_within(at, spec));
            events.list.truncate(at + 1);
        }
        FaultKind::DuplicateChunk => events.list.insert(at, events.list[at].clone()),
        FaultKind::ReorderedChunks => {
            let neighbour = neighbour(at, events)?;
            events.list.swap(at, neighbour);
        }
        _ => return None,
    }
    Some(())
}

/// The event behind this one, or the one before it where only the end mark is behind.
fn neighbour(at: usize, events: &Events) -> Option<usize> {
    let next = events.list.get(at + 1).filter(|(_, kind)| *kind != FrameKind::End);
    if next.is_some() { Some(at + 1) } else { at.checked_sub(1) }
}

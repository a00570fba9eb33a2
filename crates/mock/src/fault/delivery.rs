//! What a fault does to an answer on the wire.

use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::Fault;
use crate::protocols::{FrameKind, Frames};
use crate::script::{FaultKind, FaultSpec};

/// A stall that nobody bounds ends after this: no test waits longer.
const MAX_STALL: Duration = Duration::from_secs(60);
/// How a drip goes where it is not said.
const DRIP_BYTES: u32 = 16;
const DRIP_EVERY_MS: u64 = 20;
/// How much of the headers goes out before a reset in them.
const BYTES_OF_HEADERS: u64 = 20;
/// What stands where an event should: no JSON, and no UTF-8.
const NO_JSON: &[u8] = b"{\"id\": \"chatcmpl-broken\", \"choices\": [{]}";
const NO_UTF8: &[u8] = b"\xff\xfe\xc3\x28";

/// An answer as it shall go out.
#[derive(Clone, Debug, Default)]
pub struct Delivery {
    /// The frames.
    pub frames: Frames,
    /// The wrong content type, if it is to be wrong.
    pub content_type: Option<String>,
    /// Where in the body it breaks off, and how.
    pub breaks: Option<Break>,
    /// Where in the body nothing comes for a while, and for how long.
    pub stall: Option<(usize, Duration)>,
    /// How many bytes come at once, and the wait between them.
    pub drip: Option<(usize, Duration)>,
    /// How many bytes of the answer, headers included, go out before the connection is reset.
    pub reset_after_bytes: Option<u64>,
}

/// Where and how a body breaks off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Break {
    /// After this many bytes of the body.
    pub at: usize,
    /// With a reset in place of an orderly end of the connection.
    pub is_reset: bool,
}

/// Does to an answer what its fault says; `error` is the body of the vendor's error, for a stream
/// that ends with one.
///
/// What a fault does to an answer that is no stream: `malformed_chunk` breaks its JSON,
/// `invalid_utf8` puts bytes into it that are not UTF-8, `cut` and `truncated_json` end it in its
/// middle, and those that are about events alone leave it as it is.
pub fn deliver(frames: Frames, fault: Option<&Fault>, error: impl FnOnce() -> Bytes) -> Delivery {
    let Some((spec, kind)) = fault.and_then(|fault| Some((&fault.spec, fault.kind()?))) else {
        return Delivery { frames, ..Delivery::default() };
    };
    let at = place(spec, &frames);
    let plain = |frames: Frames| Delivery { frames, ..Delivery::default() };
    match kind {
        FaultKind::Refuse | FaultKind::ResetBeforeHeaders => {
            Delivery { reset_after_bytes: Some(0), ..plain(frames) }
        }
        FaultKind::ResetInHeaders => Delivery { reset_after_bytes: Some(BYTES_OF_HEADERS), ..plain(frames) },
        FaultKind::ResetAfterHeaders => {
            Delivery { breaks: Some(Break { at: 0, is_reset: true }), ..plain(frames) }
        }
        FaultKind::Cut => Delivery { breaks: Some(Break { at, is_reset: false }), ..plain(frames) },
        FaultKind::Stall => {
            let stall = spec.stall_ms.map_or(MAX_STALL, Duration::from_millis).min(MAX_STALL);
            Delivery { stall: Some((at, stall)), ..plain(frames) }
        }
        FaultKind::Drip => {
            let bytes = spec.bytes.unwrap_or(DRIP_BYTES).max(1) as usize;
            let every = Duration::from_millis(spec.every_ms.unwrap_or(DRIP_EVERY_MS));
            Delivery { drip: Some((bytes, every)), ..plain(frames) }
        }
        FaultKind::MalformedChunk => plain(with_data(&frames, event_at(spec, &frames), NO_JSON)),
        FaultKind::InvalidUtf8 => plain(with_data(&frames, event_at(spec, &frames), NO_UTF8)),
        FaultKind::TruncatedJson => plain(truncated(&frames, event_at(spec, &frames))),
        FaultKind::DuplicateChunk => plain(duplicated(&frames, event_at(spec, &frames))),
        FaultKind::ReorderedChunks => plain(reordered(&frames, event_at(spec, &frames))),
        FaultKind::MissingDone => plain(without_end_mark(&frames)),
        FaultKind::MissingFinish => plain(without(&frames, FrameKind::Finish)),
        FaultKind::ErrorEvent => plain(ended_by_error(&frames, event_at(spec, &frames), &error())),
        FaultKind::Empty => plain(Frames { bytes: Bytes::new(), ends: Vec::new(), ..frames }),
        FaultKind::WrongContentType => {
            let wrong = spec.content_type.clone().unwrap_or_else(|| "text/html; charset=utf-8".to_owned());
            Delivery { content_type: Some(wrong), ..plain(frames) }
        }
        // Done before the answer was encoded, or in its place.
        FaultKind::LengthInToolJson | FaultKind::Status => plain(frames),
    }
}

/// Where a cut or stall is, in bytes: as it says, else in the middle.
fn place(spec: &FaultSpec, frames: &Frames) -> usize {
    let length = frames.bytes.len();
    match (spec.after_bytes, spec.after_events) {
        (Some(bytes), _) => usize::try_from(bytes).unwrap_or(usize::MAX).min(length),
        (None, Some(0)) => 0,
        (None, Some(events)) => {
            let nth = frames.ends.get(events as usize - 1);
            nth.map_or(length, |(end, _)| *end)
        }
        (None, None) => match frames.ends.len() {
            0 | 1 => length / 2,
            events => frames.ends[(events - 1) / 2].0,
        },
    }
}

/// Which event a fault is about: the one after so many, else one in the middle; never the end mark.
fn event_at(spec: &FaultSpec, frames: &Frames) -> usize {
    let last = frames.ends.iter().rposition(|(_, kind)| *kind != FrameKind::End).unwrap_or_default();
    spec.after_events.map_or(frames.ends.len() / 2, |events| events as usize).min(last)
}

fn frames_of(like: &Frames, pieces: impl IntoIterator<Item = (Bytes, FrameKind)>) -> Frames {
    let mut bytes = BytesMut::with_capacity(like.bytes.len());
    let mut ends = Vec::with_capacity(like.ends.len());
    for (piece, kind) in pieces {
        bytes.extend_from_slice(&piece);
        ends.push((bytes.len(), kind));
    }
    Frames { content_type: like.content_type, bytes: bytes.freeze(), ends }
}

/// The same frames with other data in one of them.
fn with_data(frames: &Frames, at: usize, data: &[u8]) -> Frames {
    let pieces = frames.iter().enumerate().map(|(place, (bytes, kind))| match (place == at, kind) {
        (true, FrameKind::Whole) => (within(&bytes, data), kind),
        (true, _) => (Bytes::from([b"data: ", data, b"\n\n"].concat()), kind),
        (false, _) => (bytes, kind),
    });
    frames_of(frames, pieces)
}

/// A body with other bytes in its middle.
fn within(body: &Bytes, data: &[u8]) -> Bytes {
    let (start, end) = body.split_at(body.len() / 2);
    Bytes::from([start, data, end].concat())
}

/// The frames up to one, which ends in the middle of its JSON; the connection ends well.
fn truncated(frames: &Frames, at: usize) -> Frames {
    let pieces = frames.iter().take(at + 1).enumerate().map(|(place, (bytes, kind))| match place == at {
        true => (framed_half(&bytes, kind), kind),
        false => (bytes, kind),
    });
    frames_of(frames, pieces)
}

/// Half of a frame's data; an event is closed, so that readers take it for one.
fn framed_half(frame: &Bytes, kind: FrameKind) -> Bytes {
    let half = frame.slice(..frame.len() / 2);
    match kind {
        FrameKind::Whole => half,
        _ => Bytes::from([&half[..], b"\n\n"].concat()),
    }
}

fn duplicated(frames: &Frames, at: usize) -> Frames {
    let twice = |(place, piece): (usize, (Bytes, FrameKind))| {
        let times = if place == at && piece.1 != FrameKind::Whole { 2 } else { 1 };
        std::iter::repeat_n(piece, times)
    };
    frames_of(frames, frames.iter().enumerate().flat_map(twice))
}

fn reordered(frames: &Frames, at: usize) -> Frames {
    let mut pieces: Vec<_> = frames.iter().collect();
    let is_output = |place: usize, pieces: &[(Bytes, FrameKind)]| {
        pieces.get(place).is_some_and(|(_, kind)| *kind == FrameKind::Output)
    };
    let nearest = (0..pieces.len()).filter(|place| is_output(*place, &pieces) && is_output(place + 1, &pieces));
    if let Some(place) = nearest.min_by_key(|place| place.abs_diff(at)) {
        pieces.swap(place, place + 1);
    }
    frames_of(frames, pieces)
}

fn without(frames: &Frames, unwanted: FrameKind) -> Frames {
    frames_of(frames, frames.iter().filter(|(_, kind)| *kind != unwanted))
}

/// The end mark may share its frame with token counts, which stay.
fn without_end_mark(frames: &Frames) -> Frames {
    let pieces = frames.iter().filter_map(|(bytes, kind)| match kind {
        FrameKind::End => {
            let mark = last_event(&bytes);
            (mark > 0).then(|| (bytes.slice(..mark), FrameKind::Usage))
        }
        _ => Some((bytes, kind)),
    });
    frames_of(frames, pieces)
}

/// Where the last event of a frame begins.
fn last_event(frame: &[u8]) -> usize {
    let body = frame.strip_suffix(b"\n\n").unwrap_or(frame);
    body.windows(2).rposition(|pair| pair == b"\n\n").map_or(0, |place| place + 2)
}

fn ended_by_error(frames: &Frames, at: usize, error: &Bytes) -> Frames {
    if frames.ends.first().is_some_and(|(_, kind)| *kind == FrameKind::Whole) {
        return Frames::whole(frames.content_type, error.clone());
    }
    let event = Bytes::from([b"data: ", &error[..], b"\n\n"].concat());
    frames_of(frames, frames.iter().take(at).chain([(event, FrameKind::Error)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::FaultOrigin;

    fn stream() -> Frames {
        let kinds = [FrameKind::Start, FrameKind::Output, FrameKind::Output, FrameKind::Finish, FrameKind::End];
        let pieces = kinds.iter().enumerate().map(|(place, kind)| match kind {
            FrameKind::End => (Bytes::from_static(b"data: {\"usage\":1}\n\ndata: [DONE]\n\n"), *kind),
            _ => (Bytes::from(format!("data: {{\"n\":{place}}}\n\n")), *kind),
        });
        frames_of(&Frames { content_type: "text/event-stream", ..Frames::default() }, pieces)
    }

    fn delivered(fault: &str) -> Delivery {
        let spec: FaultSpec = serde_json::from_str(fault).unwrap();
        let fault = Fault { spec, origin: FaultOrigin::Rule };
        deliver(stream(), Some(&fault), || Bytes::from_static(b"{\"error\":{}}"))
    }

    fn text(fault: &str) -> String {
        String::from_utf8_lossy(&delivered(fault).frames.bytes).replace("\n\n", "|")
    }

    #[test]
    fn each_kind_does_to_a_stream_what_its_name_says() {
        let cases = [
            (r#""missing_done""#, "data: {\"n\":0}|data: {\"n\":1}|data: {\"n\":2}|data: {\"n\":3}|data: {\"usage\":1}|"),
            (r#""missing_finish""#, "data: {\"n\":0}|data: {\"n\":1}|data: {\"n\":2}|data: {\"usage\":1}|data: [DONE]|"),
            (r#""reordered_chunks""#, "data: {\"n\":0}|data: {\"n\":2}|data: {\"n\":1}|data: {\"n\":3}|data: {\"usage\":1}|data: [DONE]|"),
            (r#"{"kind":"duplicate_chunk","after_events":1}"#, "data: {\"n\":0}|data: {\"n\":1}|data: {\"n\":1}|data: {\"n\":2}|data: {\"n\":3}|data: {\"usage\":1}|data: [DONE]|"),
            (r#"{"kind":"error_event","after_events":2}"#, "data: {\"n\":0}|data: {\"n\":1}|data: {\"error\":{}}|"),
            (r#"{"kind":"truncated_json","after_events":1}"#, "data: {\"n\":0}|data: {|"),
            (r#""empty""#, ""),
        ];
        for (fault, expected) in cases {
            assert_eq!(text(fault), expected, "{fault}");
        }
    }

    #[test]
    fn broken_data_is_broken() {
        assert!(text(r#""malformed_chunk""#).contains("{]}"));
        assert!(std::str::from_utf8(&delivered(r#""invalid_utf8""#).frames.bytes).is_err());
    }

    #[test]
    fn a_cut_is_where_it_is_said() {
        let at = |fault| delivered(fault).breaks.unwrap().at;
        assert_eq!(at(r#"{"kind":"cut","after_bytes":7}"#), 7);
        assert_eq!(at(r#"{"kind":"cut","after_events":2}"#), stream().ends[1].0);
        assert_eq!(at(r#"{"kind":"cut","after_events":99}"#), stream().bytes.len());
    }

    #[test]
    fn a_whole_answer_breaks_too() {
        let whole = || Frames::whole("application/json", Bytes::from_static(b"{\"content\":\"Hello\"}"));
        for kind in FaultKind::ALL.iter().filter(|kind| **kind != FaultKind::Status) {
            let fault = Fault { spec: FaultSpec { kind: Some(*kind), ..FaultSpec::default() }, origin: FaultOrigin::Rule };
            let delivery = deliver(whole(), Some(&fault), || Bytes::from_static(b"{}"));
            assert!(delivery.frames.bytes.len() < 100, "{kind:?}");
        }
    }
}

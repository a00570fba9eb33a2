//! What is sent of an answer, and what becomes of the connection meanwhile.

use std::time::Duration;

use bytes::Bytes;

use super::Fault;
use super::byte::{self, Events};
use crate::protocols::Frames;
use crate::script::{FaultKind, FaultSpec};

/// Inside every head there is: the status line and the name of a header.
const BYTES_OF_HEAD: u64 = 24;
/// How long a stall lasts that does not say.
const STALL: Duration = Duration::from_secs(60);
/// How many bytes a drip sends at once that does not say, and how often.
const DRIP: Drip = Drip { bytes: 32, every: Duration::from_millis(20) };
/// What an answer pretends to be that is none: a proxy's page, as a rule.
const WRONG_CONTENT_TYPE: &str = "text/html; charset=utf-8";

/// What is sent, and how. A whole answer's `content-length` is that of its frames, however much of
/// them a cut lets through.
#[derive(Clone, Debug, Default)]
pub struct Delivery {
    /// The answer's bytes.
    pub frames: Frames,
    /// The content type in place of the answer's own.
    pub content_type: Option<String>,
    /// Where the connection ends before its time.
    pub cut: Option<Cut>,
    /// Where nothing comes for a while.
    pub stall: Option<Stall>,
    /// How slowly all of it comes, the head included.
    pub drip: Option<Drip>,
}

/// An end before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Where.
    pub at: At,
    /// How.
    pub how: Ending,
}

/// A place in what goes over the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Before the first byte.
    BeforeHead,
    /// After this many bytes of the head.
    InHead(u64),
    /// After the head and this many bytes of the body, not counting HTTP's chunk lengths.
    Body(usize),
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is closed (FIN): the client sees an end where there should be none.
    Close,
    /// It is reset (RST): the client's next read fails.
    Reset,
}

/// A silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall {
    /// After how many bytes of the body.
    pub after_bytes: usize,
    /// How long.
    pub lasts: Duration,
}

/// A slow drip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drip {
    /// How many bytes at once.
    pub bytes: usize,
    /// How long from one time to the next.
    pub every: Duration,
}

impl Delivery {
    /// Whether anything of the answer is sent.
    pub fn begins(&self) -> bool {
        self.cut.is_none_or(|cut| cut.at != At::BeforeHead)
    }
}

impl From<Frames> for Delivery {
    /// All of it, as it should be.
    fn from(frames: Frames) -> Self {
        Self { frames, ..Self::default() }
    }
}

/// How an answer is sent that meets a fault, or none.
///
/// Where something happens in the middle, that is after half of a stream's events or half of a
/// whole answer's bytes, unless `after_events` or `after_bytes` says where:
///
/// - `refuse`, `reset_before_headers`: nothing is sent, the connection is reset. A server that
///   shares its port with others cannot refuse one connection alone, so both are the same.
/// - `reset_in_headers`: reset after 24 bytes of the head, or as many as `after_bytes` says.
/// - `reset_after_headers`: reset when the whole head is sent.
/// - `cut`: closed in the middle. A whole answer's `content-length` promises all of it.
/// - `stall`: nothing comes from the middle on, for `stall_ms` or a minute; then the rest does.
/// - `drip`: `bytes` at once (32), every `every_ms` (20).
/// - `wrong_content_type`: `content_type`, or HTML's.
/// - those of [`byte`]: other bytes.
/// - `status`, `length_in_tool_json`: nothing; they were done before.
///
/// `error` writes the protocol's own error: an event for a stream, a body for a whole answer.
pub fn deliver(frames: Frames, fault: Option<&Fault>, error: impl FnOnce() -> Bytes) -> Delivery {
    let Some((spec, kind)) = fault.and_then(|fault| Some((&fault.spec, fault.spec.kind()?))) else {
        return Delivery::from(frames);
    };
    match kind {
        FaultKind::Refuse | FaultKind::ResetBeforeHeaders => reset(frames, At::BeforeHead),
        FaultKind::ResetInHeaders => reset(frames, At::InHead(spec.after_bytes.unwrap_or(BYTES_OF_HEAD))),
        FaultKind::ResetAfterHeaders => reset(frames, At::Body(0)),
        FaultKind::Cut => {
            let at = At::Body(Events::of(&frames).bytes_before(spec));
            Delivery { cut: Some(Cut { at, how: Ending::Close }), ..Delivery::from(frames) }
        }
        FaultKind::Stall => Delivery { stall: Some(stall(spec, &frames)), ..Delivery::from(frames) },
        FaultKind::Drip => Delivery { drip: Some(drip(spec)), ..Delivery::from(frames) },
        FaultKind::WrongContentType => {
            let content_type = spec.content_type.clone().unwrap_or_else(|| WRONG_CONTENT_TYPE.to_owned());
            Delivery { content_type: Some(content_type), ..Delivery::from(frames) }
        }
        _ => Delivery::from(byte::apply(spec, frames, error)),
    }
}

fn reset(frames: Frames, at: At) -> Delivery {
    Delivery { cut: Some(Cut { at, how: Ending::Reset }), ..Delivery::from(frames) }
}

fn stall(spec: &FaultSpec, frames: &Frames) -> Stall {
    Stall { after_bytes: Events::of(frames).bytes_before(spec), lasts: lasts(spec) }
}

/// How long a stall lasts.
pub(super) fn lasts(spec: &FaultSpec) -> Duration {
    spec.stall_ms.map_or(STALL, Duration::from_millis)
}

fn drip(spec: &FaultSpec) -> Drip {
    let bytes = spec.bytes.map_or(DRIP.bytes, |bytes| bytes.max(1) as usize);
    Drip { bytes, every: spec.every_ms.map_or(DRIP.every, Duration::from_millis) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::FaultOrigin;
    use crate::protocols::FrameKind;

    /// Ten events of ten bytes, or as many bytes at once.
    fn frames(stream: bool) -> Frames {
        let bytes = Bytes::from("data: 12\n\n".repeat(10));
        let events = (1..=10).map(|event| (event * 10, FrameKind::Output)).collect();
        let ends = if stream { events } else { vec![(100, FrameKind::Whole)] };
        Frames { content_type: "x", bytes, ends }
    }

    fn met(form: &str, stream: bool) -> Delivery {
        let fault = Fault { spec: form.parse().unwrap(), origin: FaultOrigin::Rule };
        deliver(frames(stream), Some(&fault), Bytes::new)
    }

    /// After how many bytes of the body a fault comes, in a stream and in a whole answer.
    fn byte(form: &str) -> [usize; 2] {
        [true, false].map(|stream| match met(form, stream) {
            Delivery { cut: Some(Cut { at: At::Body(byte), .. }), .. } => byte,
            Delivery { stall: Some(stall), .. } => stall.after_bytes,
            delivery => panic!("{delivery:?}"),
        })
    }

    #[test]
    fn a_place_is_after_whole_events_or_where_the_bytes_say() {
        for kind in ["cut", "stall"] {
            let at = |place: &str| byte(&format!("{kind}{place}"));
            assert_eq!(at(""), [50, 50]);
            assert_eq!(at(":after_events=3"), [30, 50]);
            assert_eq!(at(":after_events=0"), [0, 0]);
            assert_eq!(at(":after_events=11"), [100, 50]);
            assert_eq!(at(":after_bytes=33"), [33, 33]);
            assert_eq!(at(":after_bytes=101"), [100, 100]);
        }
    }

    #[test]
    fn resets_are_before_in_and_after_the_head() {
        let cut = |form| met(form, true).cut.map(|cut| (cut.at, cut.how));
        assert_eq!(cut("refuse"), Some((At::BeforeHead, Ending::Reset)));
        assert_eq!(cut("reset_before_headers"), Some((At::BeforeHead, Ending::Reset)));
        assert_eq!(cut("reset_in_headers"), Some((At::InHead(24), Ending::Reset)));
        assert_eq!(cut("reset_in_headers:after_bytes=3"), Some((At::InHead(3), Ending::Reset)));
        assert_eq!(cut("reset_after_headers"), Some((At::Body(0), Ending::Reset)));
        assert_eq!(met("cut", true).cut.unwrap().how, Ending::Close);
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        assert_eq!(met("stall", true).stall.unwrap().lasts, Duration::from_secs(60));
        assert_eq!(met("stall:stall_ms=7", true).stall.unwrap().lasts, Duration::from_millis(7));
        assert_eq!(met("drip", true).drip, Some(DRIP));
        let slow = Drip { bytes: 1, every: Duration::from_millis(9) };
        assert_eq!(met("drip:bytes=0:every_ms=9", true).drip, Some(slow), "some must go");
        assert_eq!(met("wrong_content_type", true).content_type.as_deref(), Some("text/html; charset=utf-8"));
        assert_eq!(met("wrong_content_type:content_type=a/b", true).content_type.as_deref(), Some("a/b"));
    }

    #[test]
    fn other_faults_change_bytes_or_nothing() {
        assert_eq!(met("empty", false).frames.bytes, "");
        for form in ["429", "length_in_tool_json", "stall", "drip", "cut"] {
            assert_eq!(met(form, true).frames.bytes, frames(true).bytes, "{form}");
        }
        let unspoiled = deliver(frames(true), None, Bytes::new);
        assert!(unspoiled.cut.is_none() && unspoiled.stall.is_none() && unspoiled.drip.is_none());
    }
}

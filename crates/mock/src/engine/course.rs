//! How an answer comes along that nobody waits for.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::pace::Pace;
use crate::protocols::{FrameKind, Frames};

/// How far such an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing of it has been made.
    Queued,
    /// Some of it has.
    InProgress,
    /// All of it has, or nothing more will be.
    Ended,
}

/// The course of an answer that is made without anybody waiting: at its pace, whoever looks.
///
/// Where it has no pace, time decides nothing: it is queued until somebody looks at it, and there when somebody does.
#[derive(Clone, Debug)]
pub struct Course {
    begun: Instant,
    /// When the first of it is made, after it was begun.
    first: Duration,
    /// When all of it is.
    whole: Duration,
    /// Whether a look is what it waits for.
    awaits_look: bool,
    is_cut_short: bool,
    /// Its events, each with when it is due; `None` where it is not told in events.
    events: Option<Vec<Event>>,
    /// How it was cut short, for those who tell it.
    end: watch::Sender<Option<CutShort>>,
}

/// What an answer ends with that was cut short.
#[derive(Clone, Debug)]
pub struct CutShort {
    /// After how many of its events.
    pub after: usize,
    /// The event in place of all others.
    pub event: Bytes,
}

#[derive(Clone, Debug)]
struct Event {
    bytes: Bytes,
    due: Duration,
}

/// Events that are told once more, each after a wait of its own.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    /// The events.
    pub frames: Frames,
    /// How long each is waited for.
    pub waits: Vec<Duration>,
    /// How many events came before.
    pub skipped: usize,
    /// How the answer is cut short meanwhile; `None` where nobody could.
    pub end: Option<watch::Receiver<Option<CutShort>>>,
}

impl Course {
    /// The course of an answer of so many outputs that begins now. Each of the frames is one event.
    pub fn begin(pace: &Pace, outputs: usize, frames: Option<&Frames>, now: Instant) -> Self {
        let events = frames.map(|frames| timed(frames, pace));
        Self {
            begun: now,
            first: pace.whole(1),
            whole: pace.whole(outputs),
            awaits_look: events.is_none() && pace.is_instant(),
            is_cut_short: false,
            events,
            end: watch::Sender::default(),
        }
    }

    /// How it is cut short, should it be.
    pub fn end(&self) -> watch::Receiver<Option<CutShort>> {
        self.end.subscribe()
    }

    /// How far it is.
    pub fn stage(&self, now: Instant) -> Stage {
        match self.age(now) {
            _ if self.is_cut_short => Stage::Ended,
            _ if self.awaits_look => Stage::Queued,
            age if age < self.first => Stage::Queued,
            age if age < self.whole => Stage::InProgress,
            _ => Stage::Ended,
        }
    }

    /// Somebody looks.
    pub fn look(&mut self) {
        self.awaits_look = false;
    }

    /// How long ago it was begun.
    pub fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.begun)
    }

    /// Nothing more of it is made. What was due is followed by the event that `end` makes of its number.
    pub fn cut_short(&mut self, now: Instant, end: impl FnOnce(usize) -> Bytes) {
        let due = self.age(now);
        self.is_cut_short = true;
        if let Some(events) = &mut self.events {
            events.retain(|event| event.due <= due);
            let end = CutShort { after: events.len(), event: end(events.len()) };
            events.push(Event { bytes: end.event.clone(), due });
            self.end.send_replace(Some(end));
        }
    }

    /// Its events from this number on: those that were due at once, the others when they are; `None` where it is
    /// not told in events.
    pub fn events_from(&self, number: usize, now: Instant) -> Option<Replay> {
        let events = self.events.as_ref()?;
        let end = (!self.is_cut_short).then(|| self.end());
        let mut replay = Replay { skipped: number, end, ..Replay::default() };
        let (mut bytes, mut told) = (Vec::new(), self.age(now));
        for event in events.iter().skip(number) {
            bytes.extend_from_slice(&event.bytes);
            // As output, each has its own wait.
            replay.frames.ends.push((bytes.len(), FrameKind::Output));
            let due = event.due.max(told);
            replay.waits.push(due.saturating_sub(told));
            told = due;
        }
        replay.frames.content_type = "text/event-stream; charset=utf-8";
        replay.frames.bytes = bytes.into();
        Some(replay)
    }

    /// How much memory its events take.
    pub fn bytes(&self) -> usize {
        self.events.iter().flatten().map(|event| event.bytes.len() + size_of::<Event>()).sum()
    }
}

impl Replay {
    /// Whether nothing of it is waited for.
    pub fn is_instant(&self) -> bool {
        self.waits.iter().all(Duration::is_zero)
    }
}

/// Frames with when they are due: as in a body that is sent at this pace, the first after a wait, and each further
/// output after one.
fn timed(frames: &Frames, pace: &Pace) -> Vec<Event> {
    let mut waits = pace.waits();
    let (mut due, mut has_output) = (Duration::ZERO, false);
    let timed = frames.iter().enumerate().map(|(at, (bytes, kind))| {
        let is_output = kind == FrameKind::Output;
        if at == 0 || (is_output && has_output) {
            due = due.saturating_add(waits.next().unwrap_or_default());
        }
        has_output |= is_output;
        Event { bytes, due }
    });
    timed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// A start, three outputs and an end.
    fn frames() -> Frames {
        let kinds =
            [FrameKind::Start, FrameKind::Output, FrameKind::Output, FrameKind::Output, FrameKind::End];
        let ends = kinds.iter().enumerate().map(|(at, kind)| (at + 1, *kind)).collect();
        Frames { content_type: "x", bytes: "01234".into(), ends }
    }

    fn paced(frames: Option<&Frames>) -> (Course, Instant) {
        let now = Instant::now();
        (Course::begin(&Pace::constant(10 * MS), 3, frames, now), now)
    }

    #[test]
    fn at_a_pace_time_decides() {
        let (mut course, now) = paced(None);
        course.look();
        for (ms, stage) in [
            (0, Stage::Queued),
            (9, Stage::Queued),
            (10, Stage::InProgress),
            (29, Stage::InProgress),
            (30, Stage::Ended),
        ] {
            assert_eq!(course.stage(now + ms * MS), stage, "{ms}");
        }
    }

    #[test]
    fn without_a_pace_a_look_decides() {
        let now = Instant::now();
        let mut course = Course::begin(&Pace::default(), 3, None, now);
        assert_eq!(course.stage(now + 1000 * MS), Stage::Queued);
        course.look();
        assert_eq!(course.stage(now), Stage::Ended);
        let told = Course::begin(&Pace::default(), 3, Some(&frames()), now);
        assert_eq!(told.stage(now), Stage::Ended, "its events were told at once");
    }

    #[test]
    fn events_are_told_when_they_are_due() {
        let (course, now) = paced(Some(&frames()));
        let told = |number, ms| {
            let replay = course.events_from(number, now + ms * MS).unwrap();
            let waits: Vec<u128> = replay.waits.iter().map(Duration::as_millis).collect();
            (String::from_utf8(replay.frames.bytes.to_vec()).unwrap(), waits)
        };
        assert_eq!(told(0, 0), ("01234".to_owned(), vec![10, 0, 10, 10, 0]));
        assert_eq!(told(2, 15), ("234".to_owned(), vec![5, 10, 0]));
        assert_eq!(told(3, 60), ("34".to_owned(), vec![0, 0]));
        assert_eq!(told(5, 60), (String::new(), vec![]));
        assert!(paced(None).0.events_from(0, now).is_none());
    }

    #[test]
    fn what_is_cut_short_ends_with_what_was_due() {
        let (mut course, now) = paced(Some(&frames()));
        course.cut_short(now + 20 * MS, |number| format!("#{number}").into());
        assert_eq!(course.stage(now + 20 * MS), Stage::Ended);
        let replay = course.events_from(0, now + 20 * MS).unwrap();
        assert_eq!((&replay.frames.bytes[..], replay.is_instant()), (&b"012#3"[..], true));
    }
}

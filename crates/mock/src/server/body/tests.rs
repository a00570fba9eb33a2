//! What comes out of a body, and when.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use tokio::time::{Instant, advance};

use super::*;
use crate::fault::{Fault, FaultOrigin, deliver};

const MS: Duration = Duration::from_millis(1);

/// What was told of an answer.
#[derive(Clone, Debug, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    fn push(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }

    fn all(&self) -> String {
        self.0.lock().unwrap().join(", ")
    }
}

impl Progress for Told {
    fn first_byte(&mut self) {
        self.push("begun".to_owned());
    }

    fn sent(&mut self, _bytes: usize, events: usize) {
        self.push(events.to_string());
    }

    fn ended(&mut self, end: End) {
        self.push(format!("{end:?}"));
    }
}

/// A stream of a start, three outputs and an end.
fn stream() -> Frames {
    let kinds = [FrameKind::Start, FrameKind::Output, FrameKind::Output, FrameKind::Output, FrameKind::End];
    let ends = kinds.iter().enumerate().map(|(at, kind)| ((at + 1) * 2, *kind)).collect();
    Frames { content_type: "text/event-stream", bytes: Bytes::from_static(b"s.1.2.3.e."), ends }
}

fn whole() -> Frames {
    Frames::whole("application/json", Bytes::from_static(b"0123456789"))
}

fn body(frames: Frames, fault: &str) -> (PacedBody<Told>, Told, ConnectionControl) {
    let fault =
        (!fault.is_empty()).then(|| Fault { spec: fault.parse().unwrap(), origin: FaultOrigin::Rule });
    let delivery = deliver(frames, fault.as_ref(), Bytes::new);
    let (told, control) = (Told::default(), ConnectionControl::default());
    (PacedBody::new(delivery, control.clone(), told.clone()), told, control)
}

fn waits(first: u64, others: u64) -> impl Iterator<Item = Duration> {
    std::iter::once(first).chain(std::iter::repeat(others)).map(|wait| MS * u32::try_from(wait).unwrap())
}

/// Each piece with the milliseconds it came after, rounded as a timer rounds; up to where nothing
/// comes any more.
async fn pieces(body: &mut PacedBody<Told>) -> Vec<(String, u64)> {
    let start = Instant::now();
    let mut pieces = Vec::new();
    while !body.is_end_stream() {
        let Ok(Some(frame)) = tokio::time::timeout(Duration::from_secs(600), body.frame()).await else {
            break;
        };
        let text = String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap();
        pieces.push((text, start.elapsed().as_millis() as u64 / 10 * 10));
    }
    pieces
}

fn expected(pieces: &[(&str, u64)]) -> Vec<(String, u64)> {
    pieces.iter().map(|(text, at)| ((*text).to_owned(), *at)).collect()
}

#[tokio::test(start_paused = true)]
async fn without_pace_all_of_it_is_one_piece() {
    for (frames, text, length, events) in
        [(stream(), "s.1.2.3.e.", None, 5), (whole(), "0123456789", Some(10), 1)]
    {
        let (mut body, told, _) = body(frames, "");
        assert_eq!(body.size_hint().exact(), length);
        assert_eq!(pieces(&mut body).await, expected(&[(text, 0)]));
        assert_eq!(told.all(), format!("begun, {events}, Complete"));
    }
}

#[tokio::test(start_paused = true)]
async fn paced_each_event_comes_when_it_is_due() {
    let (body, told, _) = body(stream(), "");
    let mut body = body.paced(waits(100, 20));
    let came = pieces(&mut body).await;
    assert_eq!(came, expected(&[("s.", 100), ("1.", 100), ("2.", 120), ("3.", 140), ("e.", 140)]));
    assert_eq!(told.all(), "begun, 1, 2, 3, 4, 5, Complete");
}

#[tokio::test(start_paused = true)]
async fn a_whole_answer_waits_once() {
    let (body, ..) = body(whole(), "");
    let mut body = body.paced(waits(300, 20));
    assert_eq!(pieces(&mut body).await, expected(&[("0123456789", 300)]));
}

#[tokio::test(start_paused = true)]
async fn a_late_reader_gets_what_is_due_and_no_delay_adds_up() {
    let (body, ..) = body(stream(), "");
    let mut body = body.paced(waits(100, 20));
    advance(MS * 130).await;
    // Measured from here: the first three were due before, the fourth is 140 after the beginning.
    let came = pieces(&mut body).await;
    assert_eq!(came, expected(&[("s.", 0), ("1.", 0), ("2.", 0), ("3.", 10), ("e.", 10)]));
}

#[tokio::test(start_paused = true)]
async fn a_stall_holds_everything_up_for_its_time() {
    let (paced, ..) = body(stream(), "stall:after_events=3:stall_ms=1000");
    let mut paced = paced.paced(waits(0, 20));
    let came = pieces(&mut paced).await;
    assert_eq!(came, expected(&[("s.", 0), ("1.", 0), ("2.", 20), ("3.", 1040), ("e.", 1040)]));

    let (mut at_once, told, _) = body(stream(), "stall:after_bytes=3:stall_ms=1000");
    assert_eq!(pieces(&mut at_once).await, expected(&[("s.1", 0), (".2.3.e.", 1000)]));
    assert_eq!(told.all(), "begun, 1, 5, Complete");

    let (mut at_first, ..) = body(whole(), "stall:after_bytes=0:stall_ms=50");
    assert_eq!(pieces(&mut at_first).await, expected(&[("0123456789", 50)]));

    let (mut at_last, told, _) = body(whole(), "stall:after_bytes=99:stall_ms=50");
    assert_eq!(pieces(&mut at_last).await, expected(&[("0123456789", 0)]));
    assert_eq!(told.all(), "begun, 1, Complete");
}

#[tokio::test(start_paused = true)]
async fn a_cut_lets_through_what_comes_before_it_and_ends_the_connection() {
    for (frames, fault, came, events) in [
        (stream(), "cut:after_events=3", "s.1.2.", 3),
        (stream(), "cut:after_bytes=5", "s.1.2", 2),
        (whole(), "cut", "01234", 0),
        (whole(), "cut:after_bytes=99", "0123456789", 1),
    ] {
        let (mut body, told, control) = body(frames, fault);
        assert_eq!(pieces(&mut body).await, expected(&[(came, 0)]), "{fault}");
        assert!(control.is_ordered());
        drop(body);
        assert_eq!(told.all(), format!("begun, {events}, Cut"), "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cut_before_the_body_lets_nothing_through() {
    for fault in ["reset_before_headers", "reset_in_headers", "reset_after_headers", "cut:after_bytes=0"] {
        let (mut body, told, control) = body(whole(), fault);
        assert_eq!(body.size_hint().exact(), Some(10), "the head promises all of it");
        assert!(!body.is_end_stream() && pieces(&mut body).await.is_empty());
        assert!(control.is_ordered());
        assert_eq!(told.all(), "Cut");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_leaves_early_is_told_of() {
    let (body, told, _) = body(stream(), "");
    let mut body = body.paced(waits(0, 20));
    body.frame().await.unwrap().unwrap();
    assert!(body.frame().now_or_never().is_some() && body.frame().now_or_never().is_none());
    drop(body);
    assert_eq!(told.all(), "begun, 1, 2, ClientLeft");
}

#[tokio::test]
async fn an_empty_body_is_complete_before_it_begins() {
    let (body, told, _) = body(stream(), "empty");
    assert!(body.is_end_stream());
    drop(body);
    assert_eq!(told.all(), "Complete");
}

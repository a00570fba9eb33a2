//! What becomes of a response, by the time that has passed.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::pace::Pace;
use crate::protocols::FrameKind;

const SECOND: Duration = Duration::from_secs(1);

/// A response in the background that has three outputs, one a second.
struct Background {
    shelf: Shelf,
    begun: Instant,
}

impl Background {
    fn begin(pace: &Pace, is_streamed: bool) -> Self {
        let (mut shelf, begun) = (Shelf::default(), Instant::now());
        let frames = Frames {
            content_type: "text/event-stream",
            bytes: "0123".into(),
            ends: (1..=4).map(|at| (at, FrameKind::Output)).collect(),
        };
        let course = Course::begin(pace, 4, is_streamed.then_some(&frames), begun);
        let facts = Arc::new(Facts::kept(ANSWERED, KeptQuery::One("".into()), Bytes::new()));
        let answer =
            json!({ "id": "resp_1", "status": "completed", "output": ["all"], "usage": 1, "error": null });
        shelf.put(Kept { id: "resp_1".into(), answer, facts, course: Some(course), bytes: 1 });
        Self { shelf, begun }
    }

    /// What is told after so many seconds: a response, its events, or why not.
    fn ask(&mut self, method: &str, target: &str, seconds: u32) -> Value {
        let (path, query) =
            target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let path = format!("/v1/responses/resp_1{path}");
        let query = query_of(&method.parse().unwrap(), &path, query).unwrap();
        match answer(&query, &mut self.shelf, self.begun + SECOND * seconds) {
            Ok(Content::Raw(raw)) => serde_json::from_slice(&raw.body).unwrap(),
            Ok(Content::Replay(replay)) => {
                let waits: Vec<u64> = replay.waits.iter().map(Duration::as_secs).collect();
                json!([String::from_utf8_lossy(&replay.frames.bytes), waits])
            }
            Ok(content) => panic!("{content:?}"),
            Err(error) => json!(error.message),
        }
    }

    fn status(&mut self, seconds: u32) -> String {
        self.ask("GET", "", seconds)["status"].as_str().unwrap().to_owned()
    }
}

fn paced() -> Pace {
    Pace::constant(SECOND)
}

#[test]
fn it_is_queued_then_in_progress_then_there() {
    let mut response = Background::begin(&paced(), false);
    assert_eq!(
        [0, 1, 3, 4].map(|seconds| response.status(seconds)),
        ["queued", "in_progress", "in_progress", "completed"]
    );
    assert_eq!(response.ask("GET", "", 2)["output"], json!([]));
    assert_eq!(response.ask("GET", "", 4)["output"], json!(["all"]));
    assert_eq!(response.ask("GET", "?stream=false", 4)["output"], json!(["all"]));
}

#[test]
fn without_a_pace_it_is_there_when_somebody_looks() {
    let mut response = Background::begin(&Pace::default(), false);
    assert_eq!(response.ask("DELETE", "", 9), "Cannot delete an in-flight response.");
    assert_eq!(response.status(0), "completed");
    assert_eq!(response.ask("POST", "/cancel", 0), "Cannot cancel a completed response.");
    let mut response = Background::begin(&Pace::default(), false);
    assert_eq!(response.ask("POST", "/cancel", 9)["status"], "cancelled");
    assert_eq!(response.status(9), "cancelled");
}

#[test]
fn nothing_is_left_of_what_is_cancelled() {
    let mut response = Background::begin(&paced(), true);
    let cancelled =
        json!({ "id": "resp_1", "status": "cancelled", "output": [], "usage": null, "error": null });
    assert_eq!(response.ask("POST", "/cancel", 2), cancelled);
    assert_eq!(response.ask("POST", "/cancel", 9), cancelled, "it stays so");
    assert_eq!(response.ask("GET", "", 9), cancelled);
    let told = response.ask("GET", "?stream=true&starting_after=0", 9);
    let end = json!({ "type": "response.failed", "sequence_number": 2, "response": cancelled });
    assert_eq!(told, json!([format!("1event: response.failed\ndata: {end}\n\n"), [0, 0]]));
    assert_eq!(response.ask("DELETE", "", 9)["deleted"], true);
}

#[test]
fn events_are_told_once_more_until_they_are_too_old() {
    let mut response = Background::begin(&paced(), true);
    assert_eq!(response.ask("GET", "?stream=true", 0), json!(["0123", [1, 1, 1, 1]]));
    assert_eq!(response.ask("GET", "?stream=true&starting_after=1", 3), json!(["23", [0, 1]]));
    assert_eq!(response.ask("GET", "?stream=true&starting_after=3", 3), json!(["", []]));
    let too_old = "This response can no longer be streamed because it is more than 5 minutes old.";
    assert_eq!(response.ask("GET", "?stream=true", 301), too_old);
    assert_eq!(response.status(301), "completed");
}

#[test]
fn what_has_no_events_is_refused_them() {
    let mut response = Background::begin(&paced(), false);
    let why = "This response cannot be streamed because it was not created with stream=true.";
    assert_eq!(response.ask("GET", "?stream=true", 1), why);
    response.shelf.get_mut("resp_1").unwrap().course = None;
    let why = "This response cannot be streamed because it was not created with background=true.";
    assert_eq!(response.ask("GET", "?stream=true", 1), why);
    assert_eq!(response.ask("POST", "/cancel", 1), "Cannot cancel a synchronous response.");
}

#[test]
fn a_number_that_is_none_is_refused() {
    for (number, message) in [
        ("many", "Invalid type for 'starting_after': expected an integer, but got a string instead."),
        (
            "-1",
            "Invalid 'starting_after': integer below minimum value. Expected a value >= 0, but got -1 instead.",
        ),
    ] {
        let page = Page::of_query(&format!("stream=true&starting_after={number}"));
        assert_eq!(fault_of_number(&page).unwrap().message, message);
    }
    assert_eq!(fault_of_number(&Page::of_query("stream=true&starting_after=0")), None);
}

#[test]
fn the_placeholder_of_client_suites_is_there() {
    let (mut shelf, now) = (Shelf::default(), Instant::now());
    for (method, rest) in [("GET", ""), ("POST", "/cancel"), ("DELETE", ""), ("GET", "/input_items")] {
        for (id, is_there) in [("response_id", true), ("resp_1", false)] {
            let path = format!("/v1/responses/{id}{rest}");
            let query = query_of(&method.parse().unwrap(), &path, None).unwrap();
            assert_eq!(answer(&query, &mut shelf, now).is_ok(), is_there, "{method} {path}");
        }
    }
}

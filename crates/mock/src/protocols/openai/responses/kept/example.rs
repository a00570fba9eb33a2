//! The one response that is there without having been kept.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use tokio::time::Instant;

use super::{ANSWERED, NAME};
use crate::call::{Facts, KeptQuery};
use crate::engine::{Course, Kept};
use crate::pace::Pace;
use crate::protocols::Frames;

/// The reference's placeholders for an id, which the test suites of OpenAI's own client libraries ask for
/// (`tests/api_resources/test_responses.py`): OpenAI's own double answers them.
const PLACEHOLDERS: [&str; 2] = ["resp_677efb5139a88190b512bc3fef8e535d", "response_id"];

/// Longer than any of the suites looks at it: it can be cancelled.
const LASTS: Duration = Duration::from_secs(60);

/// The response of a placeholder, in the background and without an event yet; of no other id.
pub(super) fn of(id: &str, now: Instant) -> Option<Kept> {
    let id = PLACEHOLDERS.iter().find(|known| **known == id)?;
    let answer = json!({
        "id": id,
        "object": "response",
        "created_at": 0,
        "status": "completed",
        "background": true,
        "error": null,
        "incomplete_details": null,
        "instructions": null,
        "metadata": {},
        "model": "gpt-4o",
        "output": [],
        "parallel_tool_calls": true,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": null,
    });
    Some(Kept {
        id: (*id).to_owned(),
        answer,
        facts: Arc::new(Facts::kept(ANSWERED, KeptQuery::One(NAME.to_owned()), Bytes::new())),
        course: Some(Course::begin(&Pace::constant(LASTS), 1, Some(&Frames::default()), now)),
        bytes: 0,
    })
}

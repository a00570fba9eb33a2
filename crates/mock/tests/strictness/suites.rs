//! The test suites of OpenAI's own client libraries can run against the double.
//!
//! `suites.jsonl`: the chat requests that the suite of `openai` 3.54.0 for Python sends
//! (`tests/api_resources/chat/test_completions.py`), as captured.

use crate::subject::refusal;

const SUITES: &str = include_str!("suites.jsonl");

#[test]
fn requests_of_client_suites_are_taken() {
    for request in SUITES.lines() {
        assert_eq!(refusal(request), None, "{request}");
    }
}

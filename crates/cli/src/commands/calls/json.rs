//! Call records as JSON, one object a line, in the shape that `GET /v1/calls` has.

use playhouse_llm::CallRecord;
use playhouse_server::CallView;
use serde::Serialize;

use crate::failure::Failure;

/// One line a call.
pub(super) fn calls(calls: &[CallRecord]) -> Result<String, Failure> {
    lines(&calls.iter().map(CallView::from).collect::<Vec<_>>())
}

/// One line a value.
pub(super) fn lines(values: &[impl Serialize]) -> Result<String, Failure> {
    let mut text = String::new();
    for value in values {
        text.push_str(&serde_json::to_string(value).map_err(unwritable)?);
        text.push('\n');
    }
    Ok(text)
}

fn unwritable(error: serde_json::Error) -> Failure {
    Failure::work(format!("cannot write a call as JSON: {error}"))
}

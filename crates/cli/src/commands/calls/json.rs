//! Call records as JSON, one object a line, in the shape that `GET /v1/calls` has.

use playhouse_llm::CallRecord;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::failure::Failure;

/// One line a call.
pub(super) fn calls(calls: &[CallRecord]) -> Result<String, Failure> {
    let views: Result<Vec<Value>, Failure> = calls.iter().map(view).collect();
    lines(&views?)
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

/// A record with its time in words and its token counts beside the rest.
fn view(call: &CallRecord) -> Result<Value, Failure> {
    let Value::Object(record) = serde_json::to_value(call).map_err(unwritable)? else {
        return Ok(Value::Null);
    };
    let mut view = Map::new();
    for (key, value) in record {
        match key.as_str() {
            "started_at_us" => {
                let moment = jiff::Timestamp::from_microsecond(call.started_at_us).ok();
                view.insert("started_at".to_owned(), moment.map(|moment| moment.to_string()).into());
            }
            "usage" => view.extend(counts(call)),
            _ => {
                view.insert(key, value);
            }
        }
    }
    Ok(Value::Object(view))
}

fn counts(call: &CallRecord) -> [(String, Value); 5] {
    let usage = call.usage.as_ref();
    [
        ("prompt_tokens", usage.map(|usage| usage.prompt_tokens)),
        ("completion_tokens", usage.map(|usage| usage.completion_tokens)),
        ("total_tokens", usage.map(|usage| usage.total_tokens)),
        ("cached_tokens", usage.and_then(|usage| usage.cached_tokens)),
        ("reasoning_tokens", usage.and_then(|usage| usage.reasoning_tokens)),
    ]
    .map(|(name, count)| (name.to_owned(), count.into()))
}

fn unwritable(error: serde_json::Error) -> Failure {
    Failure::work(format!("cannot write a call as JSON: {error}"))
}

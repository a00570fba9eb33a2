//! The one answer that is there without having been kept.

use playhouse_wire::openai::stored::keep;
use serde_json::{Value, json};

/// The reference's placeholder for an id, which the test suites of OpenAI's own client libraries
/// ask for (`tests/api_resources/chat/test_completions.py`): OpenAI's own double answers it, and
/// OpenAI mints no such id.
const PLACEHOLDER: &str = "completion_id";

/// The answer of the placeholder; of no other id.
pub(super) fn of(id: &str) -> Option<Value> {
    let answer = json!({
        "id": id,
        "object": "chat.completion",
        "created": 0,
        "model": "gpt-4o",
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": "string", "refusal": null },
            "logprobs": null,
            "finish_reason": "stop",
        }],
        "usage": { "prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0 },
    });
    let kept = (id == PLACEHOLDER).then(|| keep(answer.to_string().as_bytes(), &Value::Null))??;
    Some(kept.1)
}

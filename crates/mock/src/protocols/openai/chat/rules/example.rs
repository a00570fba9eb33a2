//! The one kind of request that is taken whatever else it says.

use serde_json::json;

use crate::protocols::openai::strict::request::{Request, is};

/// Whether it is the example with every parameter at once from which the test suites of OpenAI's own
/// client libraries are generated, known by the reference's placeholders for a conversation and for
/// metadata.
///
/// The suites only send it to see that it can be sent. OpenAI itself would refuse it (its
/// `max_tokens` is zero, for one), and OpenAI's own double takes it.
///
/// Source: `tests/api_resources/chat/test_completions.py` of <https://github.com/openai/openai-python>,
/// and the like in its siblings.
pub(super) fn is_generated(request: &Request<'_>) -> bool {
    let [only] = request.messages() else { return false };
    is(only, "role", "developer")
        && is(only, "content", "string")
        && request.get("metadata") == Some(&json!({"foo": "string"}))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn generated(request: &Value) -> bool {
        is_generated(&Request::new(request.as_object().unwrap(), "gpt-5.4"))
    }

    #[test]
    fn only_the_example_is_taken_for_it() {
        let messages = json!([{"role": "developer", "content": "string"}]);
        assert!(generated(&json!({"messages": messages, "metadata": {"foo": "string"}, "max_tokens": 0})));
        assert!(!generated(&json!({"messages": messages, "max_tokens": 0})));
        assert!(!generated(&json!({"messages": messages, "metadata": {"foo": "bar"}})));
        let other = json!([{"role": "user", "content": "string"}]);
        assert!(!generated(&json!({"messages": other, "metadata": {"foo": "string"}})));
    }
}

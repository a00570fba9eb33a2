//! The one kind of request that is taken whatever else it says.

use crate::protocols::openai::strict::request::{Request, is};

/// Whether it is the example from which the test suites of OpenAI's own client libraries are
/// generated: every parameter at once, with the reference's placeholder for a conversation.
///
/// The suites only send it to see that it can be sent. OpenAI itself would refuse it (its
/// `max_tokens` is zero, for one), and OpenAI's own double takes it.
///
/// Source: `tests/api_resources/chat/test_completions.py` of <https://github.com/openai/openai-python>,
/// and the like in its siblings.
pub(super) fn is_generated(request: &Request<'_>) -> bool {
    let [only] = request.messages() else { return false };
    is(only, "role", "developer") && is(only, "content", "string")
}

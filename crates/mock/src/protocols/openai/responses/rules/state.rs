//! What a request says of what OpenAI keeps: looked up when all parameters are what they must be.

use playhouse_wire::openai::responses::state::refusals;
use serde_json::Value;

use super::parameters::REFERENCE;
use crate::protocols::openai::strict::complaint::Complaint;
use crate::protocols::openai::strict::request::Request;
use crate::protocols::openai::strict::rule::Rule;
use crate::protocols::openai::strict::wording;

const MEASURED: &str =
    "https://github.com/kangminlee-maker/local-OAuth-CLI-API-adapter/blob/main/docs/conformance-matrix.md";

pub(super) static RULES: [Rule; 4] = [
    Rule {
        id: "openai-responses/one-state",
        source: MEASURED,
        takes: &[r#"{"previous_response_id": null, "conversation": null}"#],
        refuses: &[r#"{"previous_response_id": "resp_1", "conversation": "conv_1"}"#],
        find: two_states,
    },
    Rule {
        id: "openai-responses/conversation-exists",
        source: MEASURED,
        takes: &[r#"{"conversation": null}"#],
        refuses: &[
            r#"{"conversation": "conv_1"}"#,
            r#"{"conversation": {"id": "conv_1"}}"#,
            r#"{"conversation": {}}"#,
        ],
        find: unknown_conversation,
    },
    Rule {
        id: "openai-responses/prompt-exists",
        source: MEASURED,
        takes: &[r#"{"prompt": null}"#],
        refuses: &[r#"{"prompt": {"id": "pmpt_1"}}"#],
        find: unknown_prompt,
    },
    Rule {
        id: "openai-responses/background-kept",
        source: REFERENCE,
        takes: &[r#"{"background": true}"#, r#"{"background": true, "store": true}"#],
        refuses: &[r#"{"background": true, "store": false}"#],
        find: background_forgotten,
    },
];

/// The rule that what a request follows is there; it needs what was kept.
pub(super) const FOLLOWS: &str = "openai-responses/previous-response-exists";

/// The refusal of an answer that was not kept.
pub(super) fn unknown_answer(id: &str) -> Complaint {
    Complaint::new(format!("Previous response with id '{id}' not found."))
        .at("previous_response_id")
        .code("previous_response_not_found")
}

/// The refusal of an answer that is not there yet. Nobody has shown OpenAI's words.
pub(super) fn unfinished_answer(id: &str) -> Complaint {
    Complaint::new(refusals::previous_in_progress(id).message).at("previous_response_id")
}

/// Present, and of no use. Measured: what is looked up is told before.
pub(super) static SAYS_SOMETHING: Rule = Rule {
    id: "openai-responses/something-asked",
    source: MEASURED,
    takes: &[r#"{"input": " "}"#],
    refuses: &[r#"{"input": ""}"#, r#"{"input": []}"#],
    find: nothing_asked,
};

fn two_states(request: &Request<'_>) -> Option<Complaint> {
    let are_both = request.has("previous_response_id") && request.has("conversation");
    let message = "Mutually exclusive parameters: ''. Ensure you are only providing one of: 'pre..._id' or 'con...ion'.";
    are_both.then(|| Complaint::new(message).code("mutually_exclusive_parameters"))
}

/// The double keeps none.
fn unknown_conversation(request: &Request<'_>) -> Option<Complaint> {
    let named = request.get("conversation")?;
    let Some(id) = named.as_str().or_else(|| named.get("id")?.as_str()) else {
        return Some(wording::missing("conversation.id"));
    };
    Some(Complaint::new(format!("Conversation with id '{id}' not found.")).status(404))
}

/// The double has none.
fn unknown_prompt(request: &Request<'_>) -> Option<Complaint> {
    let id = request.get("prompt")?.get("id").and_then(Value::as_str).unwrap_or_default();
    Some(Complaint::new(format!("Prompt with id '{id}' not found.")).status(404))
}

/// Nobody has shown the words.
fn background_forgotten(request: &Request<'_>) -> Option<Complaint> {
    let is_forgotten = request.is_true("background") && request.get("store") == Some(&Value::Bool(false));
    let message = "Background mode requires 'store' to be true.";
    is_forgotten.then(|| Complaint::new(message).at("background").code("unsupported_parameter"))
}

fn nothing_asked(request: &Request<'_>) -> Option<Complaint> {
    let is_nothing = match request.get("input")? {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    let message =
        r#"One of "input" or "previous_response_id" or 'prompt' or 'conversation' must be provided."#;
    is_nothing.then(|| Complaint::new(message).code("missing_required_parameter"))
}

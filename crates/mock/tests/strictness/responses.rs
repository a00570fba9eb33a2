//! Real traffic of Responses: what OpenAI took is taken, what it refused is refused in its words.

use std::fs;

use serde_json::{Value, json};

use crate::recorded::{exchanges_of, folder, has_recordings};
use crate::subject::{Refusal, response_refusal};

/// How many there are at least: a walk that finds fewer looks in a wrong place.
const TAKEN: usize = 50;
const REFUSED: usize = 8;

/// Refusals whose reason is not in the request, or only in part of what is kept of it.
const BEYOND_REACH: [(&str, &str); 4] = [
    // Keys are not kept; `http` has what is said of them.
    ("Incorrect API key provided", "the key is not kept"),
    // The request has `<MASSIVE_TEXT>` where the text was.
    ("Your input exceeds the context window", "the text is not kept"),
    ("The file type you uploaded is not supported.", "what a file holds is not looked at"),
    ("Invalid file data", "the request is not kept"),
];

/// Others answered there, who speak the protocol.
const OTHERS_MODELS: [&str; 2] = ["llama-cpp-reasoning-model", "google/gemini-3-flash-preview"];

#[test]
fn what_openai_took_is_taken() {
    let taken = exchanges_of("responses").filter(|exchange| {
        let request: Value = serde_json::from_str(&exchange.request).unwrap();
        let model = request["model"].as_str().unwrap();
        let is_openais = !OTHERS_MODELS.contains(&model) && request["previous_response_id"].is_null();
        exchange.vendor == "openai" && exchange.status == 200 && is_openais
    });
    let checked: Vec<_> =
        taken.map(|exchange| (exchange.name, response_refusal(&exchange.request))).collect();
    assert!(!has_recordings() || checked.len() >= TAKEN, "only {} exchanges", checked.len());
    let refused: Vec<_> = checked.into_iter().filter(|(_, refused)| refused.is_some()).collect();
    assert_eq!(refused, []);
}

#[test]
fn what_openai_refused_is_refused_in_its_words() {
    let lines =
        folder().map(|folder| fs::read_to_string(folder.join("errors.jsonl")).unwrap()).unwrap_or_default();
    let errors = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let concerned: Vec<Value> = errors.filter(is_for_us).collect();
    assert!(!has_recordings() || concerned.len() >= REFUSED, "only {} errors", concerned.len());
    let astray: Vec<_> = concerned
        .iter()
        .filter_map(|recorded| {
            let status = u16::try_from(recorded["status"].as_u64().unwrap()).unwrap();
            let expected = Refusal { status, error: recorded["body"]["error"].clone() };
            let told = response_refusal(recorded["request"].as_str().unwrap());
            (told.as_ref() != Some(&expected)).then_some((expected, told))
        })
        .collect();
    assert_eq!(astray, []);
}

fn is_for_us(recorded: &Value) -> bool {
    let message = recorded["body"]["error"]["message"].as_str().unwrap_or_default();
    recorded["provider"] == "openai"
        && recorded["endpoint"] == "responses"
        && !BEYOND_REACH.iter().any(|(beginning, _)| message.starts_with(beginning))
}

#[test]
fn the_first_complaint_is_openais() {
    let told = |request: Value| {
        let refusal = response_refusal(&request.to_string()).unwrap();
        (refusal.status, refusal.error["code"].clone(), refusal.error["message"].as_str().unwrap().to_owned())
    };
    let asked = |more: Value| {
        let mut request = json!({ "model": "gpt-4o", "input": "Hi" });
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        request
    };
    for (request, code, message) in [
        (
            json!({ "model": "gpt-4o" }),
            json!("missing_required_parameter"),
            "Missing required parameter: 'input'.",
        ),
        (
            json!({ "input": "Hi" }),
            json!("missing_required_parameter"),
            "Missing required parameter: 'model'.",
        ),
        (asked(json!({ "top_k": 1 })), json!("unknown_parameter"), "Unknown parameter: 'top_k'."),
        (
            asked(json!({ "max_output_tokens": 1 })),
            json!("integer_below_min_value"),
            "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got 1 instead.",
        ),
        (
            asked(
                json!({ "input": [{ "type": "function_call_output", "call_id": "call_1", "output": "" }] }),
            ),
            Value::Null,
            "No tool call found for function call output with call_id call_1.",
        ),
        (
            asked(
                json!({ "input": [{ "type": "custom_tool_call", "call_id": "call_1", "name": "a", "input": "" }] }),
            ),
            Value::Null,
            "No tool output found for custom tool call call_1.",
        ),
        (
            asked(json!({ "input": [{ "type": "function_call_output", "call_id": "", "output": "" }] })),
            json!("empty_string"),
            "Invalid 'input[0].call_id': empty string. Expected a string with minimum length 1, but got an empty string instead.",
        ),
        (
            asked(json!({ "input": [{ "type": "reasoning", "id": "", "summary": [] }] })),
            json!("invalid_value"),
            "Invalid 'input[0].id': ''. Expected an ID that contains letters, numbers, underscores, or dashes, but this value contained additional characters.",
        ),
        (
            asked(json!({ "input": [
                { "type": "custom_tool_call", "id": "fc_1", "call_id": "call_1", "name": "a", "input": "" },
            ] })),
            json!("invalid_value"),
            "Invalid 'input[0].id': 'fc_1'. Expected an ID that begins with 'ctc'.",
        ),
        (
            asked(json!({ "previous_response_id": "resp_1" })),
            json!("previous_response_not_found"),
            "Previous response with id 'resp_1' not found.",
        ),
    ] {
        assert_eq!(told(request), (400, code, message.to_owned()));
    }
    let missed = "Conversation with id 'conv_1' not found.".to_owned();
    for conversation in [json!("conv_1"), json!({ "id": "conv_1" })] {
        assert_eq!(told(asked(json!({ "conversation": conversation }))), (404, Value::Null, missed.clone()));
    }
}

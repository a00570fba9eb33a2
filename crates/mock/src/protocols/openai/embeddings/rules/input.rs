//! What is to be embedded: one text or several, or their tokens.

use serde_json::Value;

use crate::protocols::openai::strict::complaint::Complaint;
use crate::protocols::openai::strict::request::Request;
use crate::protocols::openai::strict::rule::Rule;
use crate::tokens::Tokenizer;

use super::REFERENCE;

pub(super) static RULES: [Rule; 6] = [
    Rule {
        id: "openai-embeddings/input",
        source: REFERENCE,
        takes: &[r#"{"input": "Hi"}"#],
        refuses: &[r#"{"input": null}"#],
        find: missing,
    },
    Rule {
        id: "openai-embeddings/input-form",
        source: REFERENCE,
        takes: &[
            r#"{"input": ["Hi", "Ho"]}"#,
            r#"{"input": [1, 2, 3]}"#,
            r#"{"input": [[1, 2], [3]]}"#,
            r#"{"input": " "}"#,
        ],
        refuses: &[
            r#"{"input": 7}"#,
            r#"{"input": {"text": "Hi"}}"#,
            r#"{"input": ["Hi", 7]}"#,
            r#"{"input": [[]]}"#,
            r#"{"input": [-1]}"#,
            r#"{"input": [1.5]}"#,
        ],
        find: malformed,
    },
    Rule {
        id: "openai-embeddings/input-count",
        source: "https://github.com/cequence-io/openai-scala-client",
        takes: &[r#"{"input": [{"$times": 2048, "item": "Hi"}]}"#],
        refuses: &[
            r#"{"input": ""}"#,
            r#"{"input": []}"#,
            r#"{"input": ["Hi", ""]}"#,
            r#"{"input": [{"$times": 2049, "item": "Hi"}]}"#,
        ],
        find: nothing_or_too_much,
    },
    Rule {
        id: "openai-embeddings/input-tokens",
        source: "https://github.com/DataDog/dd-trace-py/blob/main/tests/cassettes/openai/openai_completions_post_48ee296c.json",
        takes: &[r#"{"input": [100257]}"#],
        refuses: &[r#"{"input": [100258]}"#, r#"{"input": [[1], [2, 200000]]}"#],
        find: unknown_token,
    },
    Rule {
        id: "openai-embeddings/input-length",
        source: "https://github.com/cequence-io/openai-scala-client",
        takes: &[r#"{"input": {"$words": 6000}}"#],
        refuses: &[r#"{"input": {"$words": 9000}}"#, r#"{"input": ["Hi", {"$words": 9000}]}"#],
        find: input_too_long,
    },
    Rule {
        id: "openai-embeddings/request-length",
        source: REFERENCE,
        takes: &[r#"{"input": [{"$times": 40, "item": {"$words": 6000}}]}"#],
        refuses: &[r#"{"input": [{"$times": 51, "item": {"$words": 6000}}]}"#],
        find: request_too_long,
    },
];

const MAX_INPUTS: usize = 2048;
const MAX_TOKEN: u64 = 100_257;
const MAX_REQUEST_TOKENS: u64 = 300_000;

fn missing(request: &Request<'_>) -> Option<Complaint> {
    (!request.has("input")).then(|| Complaint::new("'input' is a required property"))
}

fn malformed(request: &Request<'_>) -> Option<Complaint> {
    let is_good = match request.get("input")? {
        Value::String(_) => true,
        Value::Array(items) => is_of_one_kind(items),
        _ => false,
    };
    let message = "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.";
    (!is_good).then(|| Complaint::new(message))
}

fn is_of_one_kind(items: &[Value]) -> bool {
    let is_tokens = |item: &Value| {
        item.as_array().is_some_and(|tokens| !tokens.is_empty() && tokens.iter().all(Value::is_u64))
    };
    items.iter().all(Value::is_string) || items.iter().all(Value::is_u64) || items.iter().all(is_tokens)
}

fn nothing_or_too_much(request: &Request<'_>) -> Option<Complaint> {
    let items = match request.get("input")? {
        Value::String(text) => {
            return text.is_empty().then(|| invalid_input("input cannot be an empty string."));
        }
        Value::Array(items) => items,
        _ => return None,
    };
    if items.is_empty() {
        return Some(invalid_input("input cannot be an empty array."));
    }
    if let Some(at) = items.iter().position(|item| item == "") {
        return Some(invalid_item(at, "input cannot be an empty string."));
    }
    (items.len() > MAX_INPUTS).then(|| invalid_input("array length must be 2048 or less."))
}

/// Of the whole input; names no parameter.
fn invalid_input(fault: &str) -> Complaint {
    Complaint::new(format!("Invalid 'input': {fault}"))
}

/// Of one of several inputs, which is named.
fn invalid_item(at: usize, fault: &str) -> Complaint {
    let param = format!("input[{at}]");
    Complaint::new(format!("Invalid '{param}': {fault}")).at(param).code("invalid_value")
}

fn unknown_token(request: &Request<'_>) -> Option<Complaint> {
    let items = request.items("input").iter();
    let mut tokens = items.flat_map(|item| item.as_array().map_or(std::slice::from_ref(item), Vec::as_slice));
    let token = tokens.find(|token| token.as_u64().is_some_and(|token| token > MAX_TOKEN))?;
    let message = format!(
        "Invalid token in prompt: {token}. Minimum value is 0, maximum value is {MAX_TOKEN} (inclusive)."
    );
    Some(Complaint::new(message))
}

/// How many tokens an input has, or fewer if it cannot have more than a window.
fn tokens_in(input: &Value, tokenizer: Tokenizer) -> u64 {
    match input {
        Value::String(text) => tokenizer.count(text),
        Value::Array(tokens) => tokens.len() as u64,
        _ => 0,
    }
}

/// The inputs of a request: one, or each of several.
fn inputs<'a>(request: &Request<'a>) -> &'a [Value] {
    match request.get("input") {
        Some(Value::Array(items)) if has_several(request) => items,
        Some(one) => std::slice::from_ref(one),
        None => &[],
    }
}

/// Whether inputs come as an array, which may hold only one of them.
fn has_several(request: &Request<'_>) -> bool {
    let items = request.get("input").and_then(Value::as_array);
    items.is_some_and(|items| !items.iter().all(Value::is_number))
}

fn input_too_long(request: &Request<'_>) -> Option<Complaint> {
    let max = request.model.map(|model| model.window_tokens).filter(|max| *max > 0)?;
    let tokenizer = Tokenizer::of_model(request.model_name);
    // A token is a byte at least, so short texts need no counting.
    let may_be_long = |input: &Value| input.as_str().is_none_or(|text| text.len() as u64 > max);
    let counted =
        inputs(request).iter().map(|input| if may_be_long(input) { tokens_in(input, tokenizer) } else { 0 });
    let (at, _) = counted.enumerate().find(|(_, tokens)| *tokens > max)?;
    // As measured in October 2026: a lone text is told of the model, an array of its item.
    Some(if has_several(request) {
        invalid_item(at, &format!("maximum input length is {max} tokens."))
    } else {
        invalid_input(&format!("maximum context length is {max} tokens."))
    })
}

fn request_too_long(request: &Request<'_>) -> Option<Complaint> {
    let inputs = inputs(request);
    let bytes: usize =
        inputs.iter().map(|input| input.as_str().map_or(usize::MAX / MAX_INPUTS, str::len)).sum();
    (bytes as u64 > MAX_REQUEST_TOKENS).then_some(())?;
    let tokenizer = Tokenizer::of_model(request.model_name);
    let asked: u64 = inputs.iter().map(|input| tokens_in(input, tokenizer)).sum();
    let message = format!("Requested {asked} tokens, max {MAX_REQUEST_TOKENS} tokens per request");
    (asked > MAX_REQUEST_TOKENS)
        .then(|| Complaint::new(message).class("max_tokens_per_request").code("max_tokens_per_request"))
}

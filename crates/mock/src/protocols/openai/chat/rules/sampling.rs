//! What sampling cannot be told: tokens that are none, and what a predicted output rules out.

use serde_json::Value;

use crate::protocols::openai::strict::complaint::Complaint;
use crate::protocols::openai::strict::request::Request;
use crate::protocols::openai::strict::rule::Rule;
use crate::tokens::Tokenizer;

pub(super) static RULES: [Rule; 2] = [
    Rule {
        id: "openai-chat/logit-bias-tokens",
        source: "https://platform.openai.com/docs/api-reference/chat/create",
        takes: &[r#"{"logit_bias": {"0": 1, "100257": 1}}"#],
        refuses: &[
            r#"{"logit_bias": {"hello": 1}}"#,
            r#"{"logit_bias": {"-1": 1}}"#,
            r#"{"model": "gpt-4", "logit_bias": {"100265": 1}}"#,
        ],
        find: bias_of_no_token,
    },
    Rule {
        id: "openai-chat/prediction-alone",
        source: "https://platform.openai.com/docs/guides/predicted-outputs#limitations",
        takes: &[r#"{"prediction": {"type": "content", "content": "Hi"}, "n": 1, "presence_penalty": -1}"#],
        refuses: &[
            r#"{"prediction": {"type": "content", "content": "Hi"}, "n": 2}"#,
            r#"{"prediction": {"type": "content", "content": "Hi"}, "logprobs": true}"#,
            r#"{"prediction": {"type": "content", "content": "Hi"}, "frequency_penalty": 0.5}"#,
            r#"{"prediction": {"type": "content", "content": "Hi"},
                "tools": [{"type": "function", "function": {"name": "now"}}]}"#,
        ],
        find: prediction_beside_others,
    },
];

fn bias_of_no_token(request: &Request<'_>) -> Option<Complaint> {
    let last = Tokenizer::of_model(request.model_name).end_of_text();
    let mut tokens = request.get("logit_bias")?.as_object()?.keys();
    let fault = tokens.find_map(|token| match token.parse::<u32>() {
        Err(_) => Some(format!("{token}. You should only be submitting non-negative integers.")),
        Ok(number) if number > last => Some(format!("{token}. Maximum value is {last}.")),
        Ok(_) => None,
    })?;
    Some(Complaint::new(format!("Invalid key in 'logit_bias': {fault}")).at("logit_bias"))
}

/// OpenAI documents that it refuses these, not in which words.
fn prediction_beside_others(request: &Request<'_>) -> Option<Complaint> {
    request.get("prediction")?;
    let exceeds = |param: &str, most: f64| {
        request.get(param).and_then(Value::as_f64).is_some_and(|number| number > most)
    };
    let ruled_out = [
        ("tools", request.has("tools")),
        ("n", exceeds("n", 1.0)),
        ("presence_penalty", exceeds("presence_penalty", 0.0)),
        ("frequency_penalty", exceeds("frequency_penalty", 0.0)),
        ("logprobs", request.is_true("logprobs")),
    ];
    let (param, _) = ruled_out.into_iter().find(|(_, is_ruled_out)| *is_ruled_out)?;
    let message =
        format!("Unsupported parameter: '{param}' is not supported when 'prediction' is specified.");
    Some(Complaint::new(message).at(param).code("unsupported_parameter"))
}

//! How long a conversation and its answer may be.

use serde_json::Value;

use crate::protocols::openai::catalog::{Model, Reasoning};
use crate::protocols::openai::strict::complaint::Complaint;
use crate::protocols::openai::strict::request::{Request, parts_of};
use crate::protocols::openai::strict::rule::Rule;
use crate::tokens::Tokenizer;

use super::parameters::REFERENCE;

pub(super) static RULES: [Rule; 2] = [
    Rule {
        id: "openai-chat/model-output-limit",
        source: REFERENCE,
        takes: &[
            r#"{"max_tokens": 16384}"#,
            r#"{"model": "gpt-4o-2031-12-31", "max_completion_tokens": 16384}"#,
        ],
        refuses: &[r#"{"max_tokens": 16385}"#, r#"{"model": "o3", "max_completion_tokens": 100001}"#],
        find: answer_too_long,
    },
    Rule {
        id: "openai-chat/model-window",
        source: REFERENCE,
        takes: &[r#"{"model": "gpt-4", "max_tokens": 8000}"#],
        refuses: &[
            r#"{"model": "gpt-4", "max_tokens": 8192}"#,
            r#"{"model": "gpt-4", "messages": [{"role": "user", "content": {"$words": 9000}}]}"#,
            r#"{"model": "o3-mini", "messages": [{"role": "user", "content": [
                {"type": "text", "text": {"$words": 210000}}]}]}"#,
        ],
        find: conversation_too_long,
    },
];

/// What OpenAI counts around each message, and before the answer.
const TOKENS_A_MESSAGE: u64 = 3;

fn answer_limit<'a>(request: &Request<'a>) -> Option<(&'static str, &'a Value, u64)> {
    let limit = ["max_tokens", "max_completion_tokens"].into_iter().find(|param| request.has(param))?;
    let value = request.get(limit)?;
    Some((limit, value, value.as_u64()?))
}

fn answer_too_long(request: &Request<'_>) -> Option<Complaint> {
    let max = request.model.map(|model| model.max_output_tokens).filter(|max| *max > 0)?;
    let (param, value, _) = answer_limit(request).filter(|(_, _, asked)| *asked > max)?;
    let message = format!(
        "max_tokens is too large: {value}. This model supports at most {max} completion tokens, whereas you provided {value}."
    );
    Some(Complaint::new(message).at(param))
}

fn conversation_too_long(request: &Request<'_>) -> Option<Complaint> {
    let model = request.model.filter(|model| model.window_tokens > 0)?;
    let answer = answer_limit(request).map_or(0, |(_, _, asked)| asked);
    let answer = if shares_window(model) { answer } else { 0 };
    let texts: Vec<&str> = request.messages().iter().flat_map(texts_of).collect();
    let frame = TOKENS_A_MESSAGE * (request.messages().len() as u64 + 1);
    // A token is a byte at least, so short texts need no counting.
    let bytes: usize = texts.iter().map(|text| text.len()).sum();
    if bytes as u64 + frame + answer <= model.window_tokens {
        return None;
    }
    let tokenizer = Tokenizer::of_model(request.model_name);
    let asked = texts.iter().map(|text| tokenizer.count(text)).sum::<u64>() + frame;
    (asked + answer > model.window_tokens).then(|| too_long(model, asked, answer))
}

/// Models before those that reason have one window for question and answer.
fn shares_window(model: &Model) -> bool {
    model.family.reasoning == Reasoning::Never
}

fn too_long(model: &Model, asked: u64, answer: u64) -> Complaint {
    let window = model.window_tokens;
    let message = if !shares_window(model) {
        format!(
            "Input tokens exceed the configured limit of {window} tokens. Your messages resulted in {asked} tokens. Please reduce the length of the messages."
        )
    } else if asked > window {
        format!(
            "This model's maximum context length is {window} tokens. However, your messages resulted in {asked} tokens. Please reduce the length of the messages."
        )
    } else {
        let sum = asked + answer;
        format!(
            "This model's maximum context length is {window} tokens. However, you requested {sum} tokens ({asked} in the messages, {answer} in the completion). Please reduce the length of the messages or completion."
        )
    };
    Complaint::new(message).at("messages").code("context_length_exceeded")
}

fn texts_of(message: &Value) -> impl Iterator<Item = &str> {
    let whole = message.get("content").and_then(Value::as_str);
    whole.into_iter().chain(parts_of(message).filter_map(|(_, part)| part.get("text")?.as_str()))
}

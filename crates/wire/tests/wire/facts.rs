//! What an answer holds, found twice: by the codec, and by plain JSON without it.

use std::collections::BTreeMap;

use playhouse_llm::{Part, Reply};
use serde_json::Value;

/// The facts of an answer that a caller cares for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Facts {
    pub(crate) model: String,
    pub(crate) choices: BTreeMap<u64, Said>,
    /// Prompt, completion and total tokens.
    pub(crate) usage: Option<[u64; 3]>,
    pub(crate) cached_tokens: Option<u64>,
    pub(crate) reasoning_tokens: Option<u64>,
}

/// The facts of one alternative.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Said {
    pub(crate) text: String,
    pub(crate) reasoning: String,
    pub(crate) refusal: String,
    /// Id, name and arguments.
    pub(crate) calls: Vec<[String; 3]>,
    pub(crate) finish: Option<String>,
}

/// The facts of a decoded answer.
pub(crate) fn of_reply(reply: &Reply) -> Facts {
    let mut facts = Facts { model: reply.model.clone(), ..Facts::default() };
    for choice in &reply.choices {
        let said = facts.choices.entry(choice.index.into()).or_default();
        said.text = choice.message.text();
        said.finish = choice.finish.as_ref().map(ToString::to_string);
        let calls = choice.message.tool_calls();
        said.calls = calls.map(|call| [&call.id, &call.name, &call.arguments].map(Clone::clone)).collect();
        for part in &choice.message.parts {
            match part {
                Part::Reasoning { text, .. } => said.reasoning.push_str(text),
                Part::Refusal { text } => said.refusal.push_str(text),
                _ => {}
            }
        }
    }
    if let Some(usage) = &reply.usage {
        facts.usage = Some([usage.prompt_tokens, usage.completion_tokens, usage.total_tokens]);
        (facts.cached_tokens, facts.reasoning_tokens) = (usage.cached_tokens, usage.reasoning_tokens);
    }
    facts
}

/// The facts of a whole answer's body.
pub(crate) fn of_body(body: &Value) -> Facts {
    let mut facts = Facts { model: text(&body["model"]), ..Facts::default() };
    for choice in body["choices"].as_array().unwrap() {
        add_choice(&mut facts, choice, &choice["message"]);
    }
    add_usage(&mut facts, body);
    facts
}

/// The facts of a stream's chunks.
pub(crate) fn of_chunks(chunks: &[Value]) -> Facts {
    let mut facts = Facts::default();
    for chunk in chunks {
        if facts.model.is_empty() {
            facts.model = text(&chunk["model"]);
        }
        for choice in chunk["choices"].as_array().into_iter().flatten() {
            add_choice(&mut facts, choice, &choice["delta"]);
        }
        add_usage(&mut facts, chunk);
    }
    facts
}

/// The JSON of a stream's data lines, by cutting text.
pub(crate) fn chunks_of_text(stream: &str) -> Vec<Value> {
    let data = stream.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim);
    data.filter(|data| *data != "[DONE]" && !data.is_empty())
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

fn add_choice(facts: &mut Facts, choice: &Value, said: &Value) {
    let known = facts.choices.entry(choice["index"].as_u64().unwrap()).or_default();
    known.text += &content_text(&said["content"], "text");
    let reasoning = ["reasoning_content", "reasoning"].map(|key| text(&said[key]));
    known.reasoning += reasoning.iter().find(|text| !text.is_empty()).map_or("", String::as_str);
    known.reasoning += &content_text(&said["content"], "thinking");
    known.refusal += &text(&said["refusal"]);
    for call in said["tool_calls"].as_array().into_iter().flatten() {
        add_call(&mut known.calls, call);
    }
    if let Some(finish) = choice["finish_reason"].as_str() {
        known.finish = Some(finish.to_owned());
    }
}

/// In a stream a call is continued by fragments without an id; in a whole answer each has one.
fn add_call(calls: &mut Vec<[String; 3]>, call: &Value) {
    let arguments = text(&call["function"]["arguments"]);
    match calls.last_mut() {
        Some([_, _, continued]) if text(&call["id"]).is_empty() => continued.push_str(&arguments),
        _ => calls.push([text(&call["id"]), text(&call["function"]["name"]), arguments]),
    }
}

fn add_usage(facts: &mut Facts, body: &Value) {
    let usage = match &body["usage"] {
        Value::Object(_) => &body["usage"],
        _ => &body["x_groq"]["usage"],
    };
    if usage.is_object() {
        let counts = ["prompt_tokens", "completion_tokens", "total_tokens"];
        facts.usage = Some(counts.map(|key| usage[key].as_u64().unwrap()));
        facts.cached_tokens = usage["prompt_tokens_details"]["cached_tokens"].as_u64();
        facts.reasoning_tokens = usage["completion_tokens_details"]["reasoning_tokens"].as_u64();
    }
}

fn content_text(content: &Value, kind: &str) -> String {
    match content {
        Value::String(said) if kind == "text" => said.clone(),
        Value::Array(items) => items.iter().filter(|item| item["type"] == kind).map(item_text).collect(),
        _ => String::new(),
    }
}

fn item_text(item: &Value) -> String {
    match &item["thinking"] {
        Value::Array(items) => items.iter().map(|item| text(&item["text"])).collect(),
        Value::String(thought) => thought.clone(),
        _ => text(&item["text"]),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

//! What Anthropic refuses requests for: the commonest reasons, in its words.
//!
//! The wording is that of recorded refusals where there are some, else of
//! <https://docs.anthropic.com/en/api/messages> and public reports.

use serde_json::{Map, Value};

use crate::protocols::Violation;
use crate::protocols::anthropic::complaint;

type Request = Map<String, Value>;

/// A reason to refuse a request.
struct Rule {
    id: &'static str,
    /// What is wrong, if something is.
    flaw: fn(&Request) -> Option<String>,
    /// Members of a request that is refused for it.
    #[cfg(test)]
    refused: &'static str,
}

macro_rules! rule {
    ($id:literal, $flaw:expr, $refused:literal) => {
        Rule {
            id: concat!("anthropic-messages/", $id),
            flaw: $flaw,
            #[cfg(test)]
            refused: $refused,
        }
    };
}

/// The rules, in the order in which Anthropic complains.
const RULES: [Rule; 13] = [
    rule!("required", missing, r#"{"max_tokens":null}"#),
    rule!("known-fields", unknown, r#"{"n":2}"#),
    rule!("max-tokens", max_tokens, r#"{"max_tokens":0}"#),
    rule!("temperature", |request| out_of(request, "temperature", 1.0), r#"{"temperature":1.5}"#),
    rule!("top-p", |request| out_of(request, "top_p", 1.0), r#"{"top_p":-1}"#),
    rule!("thinking-budget", thinking, r#"{"thinking":{"type":"enabled","budget_tokens":1000}}"#),
    rule!("thinking-within", thinking_within, r#"{"thinking":{"type":"enabled","budget_tokens":4096}}"#),
    rule!("messages", messages, r#"{"messages":[]}"#),
    rule!("roles", roles, r#"{"messages":[{"role":"tool","content":"Hi"}]}"#),
    rule!("content", content, r#"{"messages":[{"role":"user","content":""}]}"#),
    rule!("text", text, r#"{"messages":[{"role":"user","content":[{"type":"text","text":""}]}]}"#),
    rule!(
        "tool-results",
        results,
        r#"{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{}}]},{"role":"user","content":"So?"}]}"#
    ),
    rule!(
        "tool-uses",
        uses,
        r#"{"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"x"}]}]}"#
    ),
];

/// The fields there are.
const FIELDS: [&str; 22] = [
    "anthropic_beta",
    "cache_control",
    "container",
    "context_management",
    "inference_geo",
    "max_tokens",
    "mcp_servers",
    "messages",
    "metadata",
    "model",
    "output_config",
    "output_format",
    "service_tier",
    "stop_sequences",
    "stream",
    "system",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_p",
];

/// Everything that Anthropic would refuse a request for.
pub(super) fn check(request: &Request) -> Vec<Violation> {
    let told = RULES.iter().filter_map(|rule| Some(complaint(rule.id, 400, (rule.flaw)(request)?)));
    told.collect()
}

fn missing(request: &Request) -> Option<String> {
    let is_missing = |field: &&&str| request.get(**field).is_none_or(Value::is_null);
    let field = ["model", "max_tokens", "messages"].iter().find(is_missing)?;
    Some(format!("{field}: Field required"))
}

fn unknown(request: &Request) -> Option<String> {
    let field = request.keys().find(|field| !FIELDS.contains(&field.as_str()))?;
    Some(format!("{field}: Extra inputs are not permitted"))
}

fn max_tokens(request: &Request) -> Option<String> {
    match request.get("max_tokens")? {
        Value::Null => None,
        Value::Number(count) if count.as_u64().is_some_and(|count| count > 0) => None,
        Value::Number(count) if count.is_i64() || count.is_u64() => {
            Some("max_tokens: Input should be greater than or equal to 1".to_owned())
        }
        _ => Some("max_tokens: Input should be a valid integer".to_owned()),
    }
}

fn out_of(request: &Request, field: &str, most: f64) -> Option<String> {
    let value = request.get(field)?.as_f64()?;
    (!(0.0..=most).contains(&value)).then(|| format!("{field}: range: 0..{most}"))
}

fn budget(request: &Request) -> Option<u64> {
    let thinking = request.get("thinking").filter(|thinking| thinking["type"] == "enabled")?;
    thinking["budget_tokens"].as_u64()
}

fn thinking(request: &Request) -> Option<String> {
    let too_small = budget(request)? < 1024;
    too_small
        .then(|| "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024".to_owned())
}

fn thinking_within(request: &Request) -> Option<String> {
    let is_over = budget(request)? >= request.get("max_tokens")?.as_u64()?;
    is_over.then(|| {
        "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking#max-tokens-and-context-window-size".to_owned()
    })
}

fn list(request: &Request) -> &[Value] {
    request.get("messages").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn blocks(message: &Value) -> &[Value] {
    message["content"].as_array().map_or(&[], Vec::as_slice)
}

fn messages(request: &Request) -> Option<String> {
    match request.get("messages")? {
        Value::Null => None,
        Value::Array(items) if items.is_empty() => {
            Some("messages: at least one message is required".to_owned())
        }
        Value::Array(items) => {
            let at = items.iter().position(|item| !item.is_object())?;
            Some(format!("messages.{at}: Input does not match the expected shape."))
        }
        _ => Some("messages: Input should be a valid list".to_owned()),
    }
}

fn roles(request: &Request) -> Option<String> {
    let known = |role: &Value| matches!(role.as_str(), Some("user" | "assistant" | "system"));
    let at = list(request).iter().position(|message| message.is_object() && !known(&message["role"]))?;
    Some(match list(request)[at].get("role") {
        Some(_) => format!("messages.{at}.role: Input should be 'user' or 'assistant'"),
        None => format!("messages.{at}.role: Field required"),
    })
}

/// Only the last message may be empty, and only the assistant's: it is gone on with.
fn content(request: &Request) -> Option<String> {
    let all = list(request);
    let is_empty = |message: &Value| match &message["content"] {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    let may_be_empty = |at: usize| at + 1 == all.len() && all[at]["role"] == "assistant";
    let at = (0..all.len()).find(|at| is_empty(&all[*at]) && !may_be_empty(*at))?;
    let what = "all messages must have non-empty content except for the optional final assistant message";
    Some(format!("messages.{at}: {what}"))
}

fn text(request: &Request) -> Option<String> {
    let is_empty = |block: &Value| block["type"] == "text" && block["text"] == "";
    let found = list(request).iter().flat_map(blocks).any(is_empty);
    found.then(|| "messages: text content blocks must be non-empty".to_owned())
}

fn ids<'a>(message: &'a Value, kind: &str, field: &str) -> Vec<&'a str> {
    blocks(message)
        .iter()
        .filter(|block| block["type"] == kind)
        .filter_map(|block| block[field].as_str())
        .collect()
}

fn results(request: &Request) -> Option<String> {
    let all = list(request);
    let lacking = |at: &usize| {
        let answered =
            all.get(at + 1).map(|next| ids(next, "tool_result", "tool_use_id")).unwrap_or_default();
        let mut called = ids(&all[*at], "tool_use", "id");
        called.retain(|id| !answered.contains(id));
        called
    };
    let at = (0..all.len()).find(|at| !lacking(at).is_empty())?;
    Some(format!(
        "messages.{at}: `tool_use` ids were found without `tool_result` blocks immediately after: {}. Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
        lacking(&at).join(", ")
    ))
}

fn uses(request: &Request) -> Option<String> {
    let all = list(request);
    all.iter().enumerate().find_map(|(at, message)| {
        let before = at.checked_sub(1).map(|before| ids(&all[before], "tool_use", "id")).unwrap_or_default();
        let is_stray = |block: &Value| {
            block["type"] == "tool_result"
                && block["tool_use_id"].as_str().is_some_and(|id| !before.contains(&id))
        };
        let place = blocks(message).iter().position(is_stray)?;
        Some(format!(
            "messages.{at}.content.{place}: unexpected `tool_use_id` found in `tool_result` blocks: {}. Each `tool_result` block must have a corresponding `tool_use` block in the previous message.",
            blocks(message)[place]["tool_use_id"].as_str().unwrap_or_default()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(members: &str) -> Request {
        let usual =
            r#"{"model":"claude-haiku-4-5","max_tokens":2048,"messages":[{"role":"user","content":"Hi"}]}"#;
        let mut request: Request = serde_json::from_str(usual).unwrap();
        request.extend(serde_json::from_str::<Request>(members).unwrap());
        request
    }

    #[test]
    fn every_rule_refuses_its_example_and_it_alone() {
        for rule in &RULES {
            let found: Vec<&str> =
                check(&request(rule.refused)).iter().map(|violation| violation.rule).collect();
            assert_eq!(found, [rule.id], "{}", rule.refused);
        }
    }

    #[test]
    fn what_anthropic_takes_is_taken() {
        for members in [
            "{}",
            r#"{"thinking":{"type":"enabled","budget_tokens":1024},"temperature":1}"#,
            r#"{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":""}]}"#,
            r#"{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"x"},{"type":"text","text":"So?"}]}]}"#,
        ] {
            assert_eq!(check(&request(members)), [], "{members}");
        }
    }
}

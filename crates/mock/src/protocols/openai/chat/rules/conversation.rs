//! What messages ask of each other: calls are answered, answers were called for, something is said.

use serde_json::Value;

use crate::protocols::openai::strict::complaint::Complaint;
use crate::protocols::openai::strict::request::{Request, is};
use crate::protocols::openai::strict::rule::Rule;

const GUIDE: &str = "https://platform.openai.com/docs/guides/function-calling";

pub(super) static RULES: [Rule; 5] = [
    Rule {
        id: "openai-chat/answers-say-whose-they-are",
        source: "https://github.com/langchain-ai/langchain/issues/22600",
        takes: &[
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "function", "name": "now", "content": "12:00"}]}"#,
        ],
        refuses: &[
            r#"{"messages": [
                {"role": "assistant", "tool_calls": [
                    {"id": "a", "type": "function", "function": {"name": "now", "arguments": "{}"}}]},
                {"role": "tool", "content": "12:00"}]}"#,
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "tool", "tool_call_id": null, "content": "12:00"}]}"#,
            r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "function", "content": "12:00"}]}"#,
        ],
        find: nameless_answer,
    },
    Rule {
        id: "openai-chat/calls-are-answered",
        source: GUIDE,
        takes: &[r#"{"messages": [
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "tool_calls": [
                    {"id": "a", "type": "function", "function": {"name": "now", "arguments": "{}"}},
                    {"id": "b", "type": "function", "function": {"name": "now", "arguments": "{}"}}]},
                {"role": "tool", "tool_call_id": "b", "content": "12:00"},
                {"role": "tool", "tool_call_id": "a", "content": "12:00"}]}"#],
        refuses: &[
            r#"{"messages": [
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "tool_calls": [
                    {"id": "a", "type": "function", "function": {"name": "now", "arguments": "{}"}}]}]}"#,
            r#"{"messages": [
                {"role": "assistant", "tool_calls": [
                    {"id": "a", "type": "function", "function": {"name": "now", "arguments": "{}"}},
                    {"id": "b", "type": "function", "function": {"name": "now", "arguments": "{}"}}]},
                {"role": "tool", "tool_call_id": "b", "content": "12:00"},
                {"role": "user", "content": "Well?"}]}"#,
        ],
        find: unanswered_call,
    },
    Rule {
        id: "openai-chat/answers-follow-calls",
        source: GUIDE,
        takes: &[r#"{"messages": [
                {"role": "assistant", "tool_calls": [
                    {"id": "a", "type": "custom", "custom": {"name": "shell", "input": "ls"}}]},
                {"role": "tool", "tool_call_id": "a", "content": "a.txt"}]}"#],
        refuses: &[
            r#"{"messages": [
                {"role": "user", "content": "Hi"},
                {"role": "tool", "tool_call_id": "a", "content": "12:00"}]}"#,
            r#"{"messages": [
                {"role": "assistant", "content": "Let me see."},
                {"role": "tool", "tool_call_id": "a", "content": "12:00"}]}"#,
        ],
        find: answer_without_call,
    },
    Rule {
        id: "openai-chat/answers-name-their-call",
        source: GUIDE,
        takes: &[r#"{"messages": [
                {"role": "assistant", "tool_calls": [
                    {"id": "a", "type": "function", "function": {"name": "now", "arguments": "{}"}}]},
                {"role": "tool", "tool_call_id": "a", "content": "12:00"}]}"#],
        refuses: &[r#"{"messages": [
                {"role": "assistant", "tool_calls": [
                    {"id": "a", "type": "function", "function": {"name": "now", "arguments": "{}"}}]},
                {"role": "tool", "tool_call_id": "a", "content": "12:00"},
                {"role": "tool", "tool_call_id": "b", "content": "12:00"}]}"#],
        find: answer_of_another_call,
    },
    Rule {
        id: "openai-chat/answers-come-once",
        source: "https://github.com/agno-agi/agno/issues/5116",
        takes: &[r#"{"messages": [
                {"role": "assistant", "tool_calls": [
                    {"id": "a", "type": "function", "function": {"name": "now", "arguments": "{}"}}]},
                {"role": "tool", "tool_call_id": "a", "content": "12:00"},
                {"role": "assistant", "tool_calls": [
                    {"id": "a", "type": "function", "function": {"name": "now", "arguments": "{}"}}]},
                {"role": "tool", "tool_call_id": "a", "content": "12:01"}]}"#],
        refuses: &[r#"{"messages": [
                {"role": "assistant", "tool_calls": [
                    {"id": "a", "type": "function", "function": {"name": "now", "arguments": "{}"}}]},
                {"role": "tool", "tool_call_id": "a", "content": "12:00"},
                {"role": "tool", "tool_call_id": "a", "content": "12:01"}]}"#],
        find: answer_given_twice,
    },
];

/// Looked at after everything that concerns the model, as measured.
pub(super) static LAST: Rule = Rule {
    id: "openai-chat/something-is-said",
    source: "https://platform.openai.com/docs/api-reference/chat/create",
    takes: &[
        r#"{"messages": [{"role": "user", "content": ""}]}"#,
        r#"{"messages": [{"role": "assistant", "refusal": "No."}]}"#,
        r#"{"messages": [{"role": "assistant", "content": null, "function_call": {"name": "now", "arguments": "{}"}}]}"#,
    ],
    refuses: &[
        r#"{"messages": [{"role": "user"}]}"#,
        r#"{"messages": [{"role": "system", "content": null}, {"role": "user", "content": "Hi"}]}"#,
        r#"{"messages": [{"role": "assistant", "content": null}]}"#,
        r#"{"messages": [{"role": "assistant", "tool_calls": null}]}"#,
    ],
    find: nothing_said,
};

/// The ids of an assistant's calls; none for other messages.
fn calls_of(message: &Value) -> impl Iterator<Item = &str> {
    let calls = is(message, "role", "assistant").then(|| message.get("tool_calls")).flatten();
    calls.and_then(Value::as_array).into_iter().flatten().filter_map(|call| call.get("id")?.as_str())
}

fn answered(message: &Value) -> Option<&str> {
    message.get("tool_call_id")?.as_str()
}

fn unanswered_call(request: &Request<'_>) -> Option<Complaint> {
    let messages = request.messages();
    messages.iter().enumerate().find_map(|(at, message)| {
        calls_of(message).next()?;
        let rest = &messages[at + 1..];
        let answers = rest.iter().take_while(|message| is(message, "role", "tool")).count();
        let is_open = |id: &&str| !rest[..answers].iter().any(|answer| answered(answer) == Some(id));
        let open: Vec<&str> = calls_of(message).filter(is_open).collect();
        (!open.is_empty()).then(|| unanswered(&open, at + 1 + answers, messages.len()))
    })
}

/// `end` is where the answers end: at another message, or with the conversation.
fn unanswered(open: &[&str], end: usize, messages: usize) -> Complaint {
    let message = format!(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: {}",
        open.join(", ")
    );
    let param = if end < messages { format!("messages.[{end}].role") } else { "messages".to_owned() };
    Complaint::new(message).at(param)
}

/// The message that the tool message at this place answers.
fn called_by(messages: &[Value], at: usize) -> Option<&Value> {
    messages[..at].iter().rev().find(|message| !is(message, "role", "tool"))
}

fn answer_without_call(request: &Request<'_>) -> Option<Complaint> {
    let messages = request.messages();
    let is_stray = |at: usize| called_by(messages, at).is_none_or(|caller| calls_of(caller).next().is_none());
    let at = answers(messages).find(|at| is_stray(*at))?;
    let message = "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.";
    Some(Complaint::new(message).at(format!("messages.[{at}].role")))
}

fn answer_of_another_call(request: &Request<'_>) -> Option<Complaint> {
    let messages = request.messages();
    let (at, id) = answers(messages).find_map(|at| {
        let (id, caller) = (answered(&messages[at])?, called_by(messages, at)?);
        calls_of(caller).all(|call| call != id).then_some((at, id))
    })?;
    let message =
        format!("Invalid parameter: 'tool_call_id' of '{id}' not found in 'tool_calls' of previous message.");
    Some(Complaint::new(message).at(format!("messages.[{at}].tool_call_id")))
}

/// Two answers to one call, in the messages that follow it.
fn answer_given_twice(request: &Request<'_>) -> Option<Complaint> {
    let messages = request.messages();
    let (first, second, id) = answers(messages).find_map(|at| {
        let id = answered(&messages[at])?;
        let before =
            messages[..at].iter().rposition(|message| !is(message, "role", "tool")).map_or(0, |at| at + 1);
        let first = (before..at).find(|earlier| answered(&messages[*earlier]) == Some(id))?;
        Some((first, at, id))
    })?;
    let message = format!(
        "Invalid parameter: Duplicate value for 'tool_call_id' of '{id}', in messages[{first}] and messages[{second}]."
    );
    Some(Complaint::new(message).at(format!("messages.[{second}].tool_call_id")))
}

/// An answer that does not say which call or function it is of.
fn nameless_answer(request: &Request<'_>) -> Option<Complaint> {
    let missed = |message: &Value| {
        let (role, name) = [("tool", "tool_call_id"), ("function", "name")]
            .into_iter()
            .find(|(role, _)| is(message, "role", role))?;
        message.get(name).is_none_or(Value::is_null).then_some((role, name))
    };
    let mut messages = request.messages().iter().enumerate();
    let (at, (role, name)) = messages.find_map(|(at, message)| Some((at, missed(message)?)))?;
    let message = format!("Missing parameter '{name}': messages with role '{role}' must have a '{name}'.");
    Some(Complaint::new(message).at(format!("messages.[{at}].{name}")))
}

/// The places of the tool messages.
fn answers(messages: &[Value]) -> impl Iterator<Item = usize> {
    (0..messages.len()).filter(|at| is(&messages[*at], "role", "tool"))
}

fn nothing_said(request: &Request<'_>) -> Option<Complaint> {
    let has = |message: &Value, name: &str| message.get(name).is_some_and(|value| !value.is_null());
    let says_otherwise = |message: &Value| {
        let others = ["tool_calls", "function_call", "refusal", "audio"];
        is(message, "role", "assistant") && others.iter().any(|name| has(message, name))
    };
    let is_silent = |message: &Value| !has(message, "content") && !says_otherwise(message);
    let at = request.messages().iter().position(is_silent)?;
    let message = "Invalid value for 'content': expected a string, got null.";
    Some(Complaint::new(message).at(format!("messages.[{at}].content")))
}

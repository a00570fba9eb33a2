//! What a condition wants, and what the request has.

use super::excerpt::{listed, quoted};
use super::texts::{text_difference, wanted};
use crate::matching::condition::{Condition, HeaderTest, JsonTest, MessageTest, TextTest, ToolResultTest};
use crate::matching::view::{Text, View};

/// Texts that are listed at most.
const MAX_LISTED: usize = 5;

/// A line about a condition that does not hold: its place in the script, what it wants, and what
/// the request has.
pub(super) fn difference(condition: &Condition, view: &View<'_>) -> String {
    let facts = &view.call.facts;
    match condition {
        Condition::Protocol(name) => protocol(name, facts.protocol),
        Condition::Stream(wanted) => stream(*wanted),
        Condition::Turn(wanted) => turn(*wanted, facts.turn),
        Condition::Model(glob) => model(&glob.pattern, &facts.model),
        Condition::State(wanted) => state(wanted, view.state.as_deref()),
        Condition::Tools(names) => tools(names, &facts.tools),
        Condition::User(test) => format!("user: {}", said(test, &view.user, view.user_name())),
        Condition::System(test) => format!("system: {}", said(test, &view.system, "system message")),
        Condition::Header(test) => header(test, view),
        Condition::Message(test) => message(test, view),
        Condition::ToolResult(test) => tool_result(test, view),
        Condition::Json(test) => json(test, view),
        Condition::Predicate(_) => "predicate: the closure says no".to_owned(),
    }
}

fn protocol(wanted: &str, there: &str) -> String {
    format!("protocol: expected {wanted}, the request came over {there}")
}

fn stream(wanted: bool) -> String {
    let (wanted, there) =
        if wanted { ("a stream", "a whole answer") } else { ("a whole answer", "a stream") };
    format!("stream: expected {wanted} to be asked for, the request wants {there}")
}

fn turn(wanted: u32, there: u32) -> String {
    let messages = if there == 1 { "message" } else { "messages" };
    format!("turn: expected {wanted}, the conversation has {there} user {messages}")
}

fn state(wanted: &str, current: Option<&str>) -> String {
    let current = current.map(|current| format!("the current state is {}", quoted(current)));
    let current = current.unwrap_or_else(|| "no state is set yet".to_owned());
    format!("state: expected {}, {current}", quoted(wanted))
}

/// What a text of the conversation should be like; it may not be there.
fn said(test: &TextTest, text: &Text<'_>, name: &str) -> String {
    match text.written.is_empty() {
        true => {
            format!("expected {}, there is no {} with text", wanted(test), name.trim_start_matches("last "))
        }
        false => text_difference(test, text, &format!("the {name}")),
    }
}

fn model(pattern: &str, asked: &str) -> String {
    match asked {
        "" => format!("model: expected {}, the request names none", quoted(pattern)),
        asked => format!("model: expected {}, the request names {}", quoted(pattern), quoted(asked)),
    }
}

fn tools(wanted: &[String], offered: &[String]) -> String {
    let missing: Vec<_> = wanted.iter().filter(|name| !offered.contains(name)).collect();
    let offered = match offered {
        [] => "none is".to_owned(),
        offered => format!("those offered are {}", listed(offered, MAX_LISTED)),
    };
    format!("tools: expected {} to be offered, {offered}", listed(&missing, MAX_LISTED))
}

fn header(test: &HeaderTest, view: &View<'_>) -> String {
    let name = &test.name;
    match view.header(name).next() {
        None if test.is_secret() => format!("header {name}: the request has none"),
        None => format!("header {name}: expected {}, the request has none", wanted(&test.value)),
        Some(_) if test.is_secret() => {
            format!("header {name}: expected another value; what may be a credential is not shown")
        }
        Some(value) => format!("header {name}: {}", text_difference(&test.value, &value, "the header")),
    }
}

fn message(test: &MessageTest, view: &View<'_>) -> String {
    let role = test.role.map(|role| format!("{} ", format!("{role:?}").to_lowercase())).unwrap_or_default();
    let wanted = test.text.as_ref().map(|text| format!(" {}", wanted(text))).unwrap_or_default();
    let there: Vec<_> = test.of_role(view).collect();
    let there = match &there[..] {
        [] => format!("there is no {role}message"),
        [one] => format!("the only {role}message is {}", quoted(&one.written)),
        several => format!("the {role}messages are {}", listed_texts(several)),
    };
    format!("message: expected some {role}message{wanted}, {there}")
}

fn tool_result(test: &ToolResultTest, view: &View<'_>) -> String {
    let of = test.name.as_ref().map(|name| format!(" of {}", quoted(name))).unwrap_or_default();
    let wanted = test.content.as_ref().map(|text| format!(" {}", wanted(text))).unwrap_or_default();
    let there: Vec<_> = test.of_tool(view).collect();
    let there = match (&there[..], view.results()) {
        ([], []) => "there is none after the last message of the assistant".to_owned(),
        ([], others) => {
            let names: Vec<_> = others.iter().map(|(name, _)| name).collect();
            format!("there are only results of {}", listed(&names, MAX_LISTED))
        }
        ([one], _) => format!("the result is {}", quoted(&one.written)),
        (several, _) => format!("the results are {}", listed_texts(several)),
    };
    format!("tool_result: expected a result{of}{wanted}, {there}")
}

fn json(test: &JsonTest, view: &View<'_>) -> String {
    let path = &test.written;
    let wanted = match test.expected.is_null() {
        true => "something".to_owned(),
        false => quoted_json(&test.expected),
    };
    let there = match (view.call.facts.json(), &test.found(view)[..]) {
        (None, _) => "the request has no body that is JSON".to_owned(),
        (_, []) => "nothing is there".to_owned(),
        (_, [one]) => format!("found {}", quoted_json(one)),
        (_, [one, others @ ..]) => format!("found {} and {} more", quoted_json(one), others.len()),
    };
    format!("json {path}: expected {wanted}, {there}")
}

/// A value as JSON, shortened; text and structure need no more quotes.
fn quoted_json(value: &serde_json::Value) -> String {
    const SHOWN: usize = 160;
    let written = value.to_string();
    match written.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}… ({} bytes)", &written[..end], written.len()),
        None => written,
    }
}

fn listed_texts(texts: &[&Text<'_>]) -> String {
    let texts: Vec<_> = texts.iter().map(|text| &*text.written).collect();
    listed(&texts, MAX_LISTED)
}

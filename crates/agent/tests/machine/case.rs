//! A case as its file has it.

use playhouse_agent::{Bounds, StrategyKind, ToolResult};
use playhouse_llm::{Extra, Message, Part, ToolCall, ToolSpec};
use serde_json::{Value, json};

/// A run: how it is set up, and what happens in it.
pub(crate) struct Case {
    pub(crate) strategy: StrategyKind,
    pub(crate) bounds: Bounds,
    pub(crate) user: String,
    pub(crate) happenings: Vec<Happening>,
}

/// What happens.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    /// The model says this.
    Model(Message),
    /// A tool answers this.
    Result(ToolResult),
}

impl Case {
    pub(crate) fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("--- ").expect("a case has sections");
        let mut case = Self {
            strategy: StrategyKind::React,
            bounds: Bounds::default(),
            user: "What is 2+2?".to_owned(),
            happenings: body.split("\n--- ").map(happening).collect(),
        };
        for line in head.lines().filter(|line| !line.is_empty()) {
            let (key, value) = line.split_once(": ").expect("a head line is `key: value`");
            match key {
                "strategy" => case.strategy = serde_json::from_value(json!(value)).unwrap(),
                "bounds" => case.bounds = serde_json::from_str(value).unwrap(),
                "user" => case.user = value.to_owned(),
                other => panic!("unknown key {other}"),
            }
        }
        case
    }
}

fn happening(section: &str) -> Happening {
    let (kind, text) = section.split_once('\n').unwrap_or((section, ""));
    let text = text.strip_suffix('\n').unwrap_or(text);
    match kind.trim() {
        "model" => Happening::Model(message(text)),
        "ok" => Happening::Result(ToolResult::ok(text)),
        "error" => Happening::Result(ToolResult::failure(text)),
        other => panic!("unknown section {other}"),
    }
}

fn message(text: &str) -> Message {
    let is_call = |line: &&str| line.starts_with("@call ");
    let calls = text.lines().filter(is_call).map(call);
    let said: Vec<&str> = text.lines().filter(|line| !is_call(line)).collect();
    let mut message = Message::assistant(said.join("\n"));
    message.parts.retain(|part| *part != Part::text(""));
    message.parts.extend(calls.map(Part::ToolCall));
    message
}

fn call(line: &str) -> ToolCall {
    let mut words = line.splitn(4, ' ').skip(1);
    let id = words.next().unwrap().replace('-', "");
    let name = words.next().unwrap().to_owned();
    let arguments = words.next().unwrap_or_default().to_owned();
    ToolCall { id, name, arguments, extra: Extra::new() }
}

/// The tools that every case has.
pub(crate) fn tools() -> Vec<ToolSpec> {
    vec![
        tool("calculator", "Calculates.", json!({"expression": {"type": "string"}})),
        tool(
            "get_weather",
            "Tells the weather.",
            json!({"city": {"type": "string"}, "unit": {"type": "string"}}),
        ),
        tool("wait", "Waits.", json!({"seconds": {"type": "number"}})),
        tool("now", "Tells the time.", json!({})),
    ]
}

fn tool(name: &str, description: &str, properties: Value) -> ToolSpec {
    ToolSpec {
        strict: None,
        name: name.to_owned(),
        description: Some(description.to_owned()),
        parameters: Some(json!({"type": "object", "properties": properties})),
        extra: Extra::new(),
    }
}

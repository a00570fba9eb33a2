//! Tools among each other, and the choice among them.

use serde_json::Value;

use crate::protocols::anthropic::strict::MEASURED;
use crate::protocols::anthropic::strict::request::{Request, text};
use crate::protocols::anthropic::strict::rule::Rule;

pub(super) static RULES: [Rule; 5] = [
    Rule {
        id: "anthropic-messages/tool-names",
        source: "https://github.com/anthropics/claude-code/issues",
        takes: &[
            r#"{"tools": [{"name": "a", "input_schema": {"type": "object"}}, {"name": "b", "input_schema": {"type": "object"}}]}"#,
        ],
        refuses: &[
            r#"{"tools": [{"name": "a", "input_schema": {"type": "object"}}, {"name": "a", "input_schema": {"type": "object"}}]}"#,
        ],
        find: doubled_name,
    },
    Rule {
        id: "anthropic-messages/tool-schema-top",
        source: "https://github.com/anthropics/claude-code/issues/10606",
        takes: &[
            r#"{"tools": [{"name": "a", "input_schema": {"type": "object", "properties": {"b": {"anyOf": [{"type": "string"}, {"type": "null"}]}}}}]}"#,
        ],
        refuses: &[
            r#"{"tools": [{"name": "a", "input_schema": {"type": "object", "oneOf": [{"required": ["b"]}]}}]}"#,
        ],
        find: combined_at_the_top,
    },
    Rule {
        id: "anthropic-messages/tool-choice-needs-tools",
        source: MEASURED,
        takes: &[
            r#"{"tools": [{"name": "a", "input_schema": {"type": "object"}}], "tool_choice": {"type": "any"}}"#,
        ],
        refuses: &[
            r#"{"tool_choice": {"type": "any"}}"#,
            r#"{"tool_choice": {"type": "auto"}, "tools": []}"#,
        ],
        find: choice_without_tools,
    },
    Rule {
        id: "anthropic-messages/tool-choice-known",
        source: MEASURED,
        takes: &[
            r#"{"tools": [{"name": "a", "input_schema": {"type": "object"}}], "tool_choice": {"type": "tool", "name": "a"}}"#,
        ],
        refuses: &[
            r#"{"tools": [{"name": "a", "input_schema": {"type": "object"}}], "tool_choice": {"type": "tool", "name": "b"}}"#,
            r#"{"tool_choice": {"type": "tool", "name": "b"}}"#,
        ],
        find: choice_of_none,
    },
    Rule {
        id: "anthropic-messages/tool-choice-forced",
        source: "https://platform.claude.com/docs/en/api/errors",
        takes: &[
            r#"{"model": "claude-opus-5", "tools": [{"name": "a", "input_schema": {"type": "object"}}], "tool_choice": {"type": "any"}}"#,
        ],
        refuses: &[
            r#"{"model": "claude-opus-5-5", "tools": [{"name": "a", "input_schema": {"type": "object"}}], "tool_choice": {"type": "any"}}"#,
        ],
        find: forced_choice,
    },
];

fn doubled_name(request: &Request<'_>) -> Option<String> {
    let mut seen = std::collections::HashSet::new();
    let mut names = request.items("tools").iter().filter_map(|tool| text(tool, "name"));
    names.find(|name| !seen.insert(*name))?;
    Some("tools: Tool names must be unique.".to_owned())
}

fn combined_at_the_top(request: &Request<'_>) -> Option<String> {
    let is_combined = |tool: &Value| {
        let schema = tool.get("input_schema").and_then(Value::as_object);
        schema.is_some_and(|schema| {
            ["oneOf", "allOf", "anyOf"].iter().any(|keyword| schema.contains_key(*keyword))
        })
    };
    let at = request.items("tools").iter().position(is_combined)?;
    Some(format!(
        "tools.{at}.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level"
    ))
}

fn choice_without_tools(request: &Request<'_>) -> Option<String> {
    let kind = request.kind("tool_choice").filter(|kind| ["auto", "any"].contains(kind))?;
    let has_tools = !request.items("tools").is_empty() || request.has("mcp_servers");
    (!has_tools).then(|| format!("tool_choice.{kind} may only be specified while providing tools"))
}

fn choice_of_none(request: &Request<'_>) -> Option<String> {
    let chosen = request.get("tool_choice").filter(|_| request.kind("tool_choice") == Some("tool"))?;
    let name = text(chosen, "name")?;
    let is_known = request.items("tools").iter().any(|tool| text(tool, "name") == Some(name));
    (!is_known).then(|| format!("Tool '{name}' not found in provided tools"))
}

fn forced_choice(request: &Request<'_>) -> Option<String> {
    let is_forced = matches!(request.kind("tool_choice"), Some("any" | "tool"));
    let is_refused = is_forced && request.model.is_some_and(|model| !model.takes_forced_tools);
    is_refused.then(|| r#"tool_choice: type "tool" and "any" are not supported for this model."#.to_owned())
}

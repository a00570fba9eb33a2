//! Tools on offer, by their kind, and the schemas of functions and answers.

use serde_json::Value;

use super::parameters::REFERENCE;
use crate::protocols::openai::chat::rules::schema::{fault_if_strict, fault_of_answer, fault_of_function};
use crate::protocols::openai::strict::complaint::Complaint;
use crate::protocols::openai::strict::request::{Request, is};
use crate::protocols::openai::strict::rule::Rule;
use crate::protocols::openai::strict::shape::NAME;
use crate::protocols::openai::strict::wording;

const SUPPORTED: &str = "https://platform.openai.com/docs/guides/structured-outputs#supported-schemas";
const MAX_NAME: usize = 64;

pub(super) static RULES: [Rule; 4] = [
    Rule {
        id: "openai-responses/function-tool",
        source: REFERENCE,
        takes: &[r#"{"tools": [{"type": "function", "name": "get_time-2", "parameters": {}}]}"#],
        refuses: &[
            r#"{"tools": [{"type": "function", "function": {"name": "now"}}]}"#,
            r#"{"tools": [{"type": "function", "name": "get time"}]}"#,
            r#"{"tools": [{"type": "function", "name": {"$words": 17}}]}"#,
            r#"{"tools": [{"type": "function", "name": "now", "parameters": "object"}]}"#,
        ],
        find: bad_function,
    },
    Rule {
        id: "openai-responses/function-schema",
        source: "https://platform.openai.com/docs/guides/function-calling",
        takes: &[r#"{"tools": [{"type": "function", "name": "f", "parameters":
            {"type": "object", "properties": {"a": {"type": "string"}}}}]}"#],
        refuses: &[
            r#"{"tools": [{"type": "function", "name": "f", "parameters": {"type": "string"}}]}"#,
            r#"{"tools": [{"type": "function", "name": "f", "strict": true, "parameters":
                {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}}]}"#,
        ],
        find: bad_schema,
    },
    Rule {
        id: "openai-responses/answer-schema",
        source: SUPPORTED,
        takes: &[r#"{"text": {"format": {"type": "json_schema", "name": "n", "schema": {"oneOf": []}}}}"#],
        refuses: &[r#"{"text": {"format": {"type": "json_schema", "name": "n", "strict": true, "schema":
            {"type": "object", "properties": {}, "required": []}}}}"#],
        find: bad_answer,
    },
    Rule {
        id: "openai-responses/chosen-tool",
        source: REFERENCE,
        takes: &[
            r#"{"tools": [{"type": "function", "name": "now"}], "tool_choice": {"type": "function", "name": "now"}}"#,
        ],
        refuses: &[
            r#"{"tools": [{"type": "function", "name": "now"}], "tool_choice": {"type": "function", "name": "then"}}"#,
        ],
        find: absent_choice,
    },
];

/// The functions on offer, each with its place.
fn functions<'a>(request: &Request<'a>) -> impl Iterator<Item = (usize, &'a Value)> {
    request.items("tools").iter().enumerate().filter(|(_, tool)| is(tool, "type", "function"))
}

fn bad_function(request: &Request<'_>) -> Option<Complaint> {
    functions(request).find_map(|(at, tool)| {
        let place = |member: &str| format!("tools[{at}].{member}");
        let name = match tool.get("name") {
            None => return Some(wording::missing(place("name"))),
            Some(Value::String(name)) => name,
            Some(other) => return Some(wording::wrong_type(place("name"), "a string", other)),
        };
        let length = name.chars().count();
        if name.is_empty() {
            return Some(wording::empty(place("name"), "string"));
        }
        if length > MAX_NAME {
            return Some(wording::too_long(place("name"), "string", MAX_NAME, length));
        }
        if !name.chars().all(NAME.takes) {
            return Some(wording::no_match(place("name"), NAME.shown));
        }
        let parameters =
            tool.get("parameters").filter(|parameters| !parameters.is_null() && !parameters.is_object())?;
        Some(wording::wrong_type(place("parameters"), "an object", parameters))
    })
}

fn bad_schema(request: &Request<'_>) -> Option<Complaint> {
    functions(request).find_map(|(at, tool)| {
        let schema = tool
            .get("parameters")
            .filter(|schema| schema.as_object().is_some_and(|members| !members.is_empty()))?;
        let is_strict = tool.get("strict") == Some(&Value::Bool(true));
        let strict = || is_strict.then(|| fault_if_strict(schema)).flatten();
        let fault = fault_of_function(schema).or_else(strict)?;
        let message = format!("Invalid schema for function '{}': {fault}", tool.get("name")?.as_str()?);
        Some(
            Complaint::new(message).at(format!("tools[{at}].parameters")).code("invalid_function_parameters"),
        )
    })
}

fn bad_answer(request: &Request<'_>) -> Option<Complaint> {
    let format = request.get("text")?.get("format")?;
    let (name, schema) = (format.get("name")?.as_str()?, format.get("schema")?);
    format.get("strict").filter(|strict| **strict == Value::Bool(true))?;
    let fault = fault_of_answer(schema)?;
    let message = format!("Invalid schema for response_format '{name}': {fault}");
    Some(Complaint::new(message).at("text.format.schema").code("invalid_json_schema"))
}

fn absent_choice(request: &Request<'_>) -> Option<Complaint> {
    let wanted =
        request.get("tool_choice").filter(|choice| is(choice, "type", "function"))?.get("name")?.as_str()?;
    let is_there = functions(request).any(|(_, tool)| is(tool, "name", wanted));
    let message = "Tool choice 'function' not found in 'tools' parameter.";
    (!is_there).then(|| Complaint::new(message).at("tool_choice"))
}

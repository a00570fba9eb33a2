//! The JSON schemas of functions and answers.

mod strictness;

use serde_json::Value;

use crate::protocols::openai::strict::complaint::Complaint;
use crate::protocols::openai::strict::request::Request;
use crate::protocols::openai::strict::rule::Rule;
use crate::protocols::strict::json_schema;

const SUPPORTED: &str = "https://platform.openai.com/docs/guides/structured-outputs#supported-schemas";

pub(super) static RULES: [Rule; 3] = [
    Rule {
        id: "openai-chat/function-schema",
        source: "https://platform.openai.com/docs/guides/function-calling",
        takes: &[
            r#"{"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]}"#,
            r#"{"tools": [{"type": "function", "function": {"name": "f", "parameters":
                {"type": "object", "properties": {"a": {"type": "array", "items": {}}, "b": {}}}}}]}"#,
        ],
        refuses: &[
            r#"{"tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "string"}}}]}"#,
            r#"{"tools": [{"type": "function", "function": {"name": "f", "parameters": {"properties": {}}}}]}"#,
            r#"{"tools": [{"type": "function", "function": {"name": "f", "parameters":
                {"type": "object", "properties": {"a": {"type": "array"}}}}}]}"#,
            r#"{"tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]}"#,
            r#"{"tools": [{"type": "function", "function": {"name": "f", "parameters":
                {"type": "object", "properties": {"a": {"type": "str"}}}}}]}"#,
            r#"{"functions": [{"name": "f", "parameters": {"type": "array", "items": {}}}]}"#,
        ],
        find: bad_function,
    },
    Rule {
        id: "openai-chat/strict-function-schema",
        source: SUPPORTED,
        takes: &[
            r#"{"tools": [{"type": "function", "function": {"name": "f", "strict": true, "parameters":
                {"type": "object", "properties": {"a": {"type": ["string", "null"]}}, "required": ["a"],
                 "additionalProperties": false}}}]}"#,
            r#"{"tools": [{"type": "function", "function": {"name": "f", "parameters":
                {"type": "object", "properties": {"a": {"type": "string"}}}}}]}"#,
        ],
        refuses: &[
            r#"{"tools": [{"type": "function", "function": {"name": "f", "strict": true, "parameters":
                {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}}}]}"#,
            r#"{"tools": [{"type": "function", "function": {"name": "f", "strict": true, "parameters":
                {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false}}}]}"#,
        ],
        find: loose_function,
    },
    Rule {
        id: "openai-chat/strict-answer-schema",
        source: SUPPORTED,
        takes: &[
            r##"{"response_format": {"type": "json_schema", "json_schema": {"name": "n", "strict": true, "schema":
                {"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}},
                 "required": ["next"], "additionalProperties": false}}}}"##,
            r#"{"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"oneOf": []}}}}"#,
        ],
        refuses: &[
            r#"{"response_format": {"type": "json_schema", "json_schema": {"name": "n", "strict": true, "schema":
                {"type": "object", "properties": {}, "required": []}}}}"#,
            r#"{"response_format": {"type": "json_schema", "json_schema": {"name": "n", "strict": true, "schema":
                {"anyOf": [{"type": "string"}]}}}}"#,
            r#"{"response_format": {"type": "json_schema", "json_schema": {"name": "n", "strict": true, "schema":
                {"type": "object", "properties": {"a": {"oneOf": [{"type": "string"}]}}, "required": ["a"],
                 "additionalProperties": false}}}}"#,
        ],
        find: loose_answer,
    },
];

/// A function on offer, in the new form or the old.
struct Offer<'a> {
    name: &'a str,
    schema: &'a Value,
    is_strict: bool,
    param: String,
}

impl Offer<'_> {
    fn complaint(&self, fault: &str) -> Complaint {
        let message = format!("Invalid schema for function '{}': {fault}", self.name);
        Complaint::new(message).at(self.param.as_str()).code("invalid_function_parameters")
    }
}

/// The functions that say something of their parameters.
fn offers<'a>(request: &Request<'a>) -> impl Iterator<Item = Offer<'a>> {
    let tools = request.items("tools").iter().enumerate();
    let new = tools.filter_map(|(at, tool)| offer(tool.get("function")?, || format!("tools[{at}].function")));
    let functions = request.items("functions").iter().enumerate();
    new.chain(functions.filter_map(|(at, function)| offer(function, || format!("functions[{at}]"))))
}

fn offer(function: &Value, place: impl Fn() -> String) -> Option<Offer<'_>> {
    let schema = function.get("parameters")?;
    Some(Offer {
        name: function.get("name")?.as_str()?,
        schema: schema.as_object().filter(|members| !members.is_empty()).map(|_| schema)?,
        is_strict: function.get("strict") == Some(&Value::Bool(true)),
        param: format!("{}.parameters", place()),
    })
}

fn bad_function(request: &Request<'_>) -> Option<Complaint> {
    offers(request).find_map(|offer| {
        let fault = strictness::fault_of_root(offer.schema)
            .or_else(|| json_schema::fault_of(offer.schema))
            .or_else(|| strictness::root_without_properties(offer.schema))
            .or_else(|| strictness::array_without_items(offer.schema));
        fault.map(|fault| offer.complaint(&fault))
    })
}

fn loose_function(request: &Request<'_>) -> Option<Complaint> {
    let mut strict = offers(request).filter(|offer| offer.is_strict);
    strict.find_map(|offer| strictness::fault_of(offer.schema).map(|fault| offer.complaint(&fault)))
}

fn loose_answer(request: &Request<'_>) -> Option<Complaint> {
    let format = request.get("response_format")?.get("json_schema")?;
    let (name, schema) = (format.get("name")?.as_str()?, format.get("schema")?);
    let is_strict = format.get("strict") == Some(&Value::Bool(true));
    let fault = is_strict.then(|| {
        let fault = strictness::fault_of_root(schema).or_else(|| json_schema::fault_of(schema));
        fault.or_else(|| strictness::fault_of(schema))
    })??;
    Some(
        Complaint::new(format!("Invalid schema for response_format '{name}': {fault}")).at("response_format"),
    )
}

//! Schemas: of tools' inputs, and those that an answer or a strict tool is held to.

use serde_json::{Map, Value};

use crate::protocols::anthropic::strict::request::Request;
use crate::protocols::anthropic::strict::rule::Rule;
use crate::protocols::strict::json_schema;

const LIMITS: &str =
    "https://github.com/0xPlaygrounds/rig/tree/main/tests/cassettes/anthropic/strict_schema_limits";
const MATRIX: &str =
    "https://github.com/0xPlaygrounds/rig/tree/main/tests/cassettes/anthropic/strict_schema_matrix";

const MAX_STRICT_TOOLS: usize = 20;
const MAX_UNIONS: usize = 16;
const MAX_OPTIONAL: usize = 24;

pub(super) static RULES: [Rule; 6] = [
    Rule {
        id: "anthropic-messages/tool-schema-valid",
        source: "https://github.com/anthropics/claude-code/issues/1690",
        takes: &[
            r#"{"tools": [{"name": "a", "input_schema": {"type": "object", "properties": {"b": {"type": ["string", "null"]}}}}]}"#,
        ],
        refuses: &[
            r#"{"tools": [{"name": "a", "input_schema": {"type": "object", "properties": {"b": {"type": "str"}}}}]}"#,
        ],
        find: no_schema,
    },
    Rule {
        id: "anthropic-messages/strict-tools",
        source: LIMITS,
        takes: &["{}"],
        refuses: &[
            r#"{"tools": [{"$times": 21, "item": {"name": "a", "strict": true, "input_schema": {"type": "object", "properties": {}, "additionalProperties": false}}}]}"#,
        ],
        find: too_many_strict_tools,
    },
    Rule {
        id: "anthropic-messages/strict-schema-circle",
        source: MATRIX,
        takes: &["{}"],
        refuses: &[
            r##"{"tools": [{"name": "a", "strict": true, "input_schema": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}, "required": ["next"], "additionalProperties": false, "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}, "additionalProperties": false}}}}]}"##,
        ],
        find: circle,
    },
    Rule {
        id: "anthropic-messages/strict-schema",
        source: MATRIX,
        takes: &[
            r#"{"tools": [{"name": "a", "input_schema": {"type": "object", "properties": {"b": {"type": "array", "maxItems": 3}}}}]}"#,
            r#"{"output_config": {"format": {"type": "json_schema", "schema": {"type": "object", "properties": {"b": {"type": "array", "items": {"type": "string"}, "minItems": 1}}, "required": ["b"], "additionalProperties": false}}}}"#,
        ],
        refuses: &[
            r#"{"tools": [{"name": "a", "strict": true, "input_schema": {"type": "object", "properties": {}}}]}"#,
            r#"{"tools": [{"name": "a", "strict": true, "input_schema": {"type": "object", "properties": {"b": true}, "additionalProperties": false}}]}"#,
            r#"{"output_config": {"format": {"type": "json_schema", "schema": {"type": "object", "properties": {"b": {"type": "array", "maxItems": 3}}, "additionalProperties": false}}}}"#,
        ],
        find: unsupported,
    },
    Rule {
        id: "anthropic-messages/strict-schema-unions",
        source: LIMITS,
        takes: &["{}"],
        refuses: &[
            r#"{"tools": [{"name": "a", "strict": true, "input_schema": {"type": "object", "additionalProperties": false, "required": ["b"], "properties": {"b": {"type": "array", "items": {"anyOf": [{"type": ["string", "null"]}, {"$times": 20, "item": {"type": ["string", "null"]}}]}}}}}]}"#,
        ],
        find: too_many_unions,
    },
    Rule {
        id: "anthropic-messages/strict-schema-optional",
        source: LIMITS,
        takes: &["{}"],
        refuses: &[
            r#"{"tools": [{"name": "a", "strict": true, "input_schema": {"type": "object", "additionalProperties": false, "properties": {
            "a": {"type": "string"}, "b": {"type": "string"}, "c": {"type": "string"}, "d": {"type": "string"}, "e": {"type": "string"},
            "f": {"type": "string"}, "g": {"type": "string"}, "h": {"type": "string"}, "i": {"type": "string"}, "j": {"type": "string"},
            "k": {"type": "string"}, "l": {"type": "string"}, "m": {"type": "string"}, "n": {"type": "string"}, "o": {"type": "string"},
            "p": {"type": "string"}, "q": {"type": "string"}, "r": {"type": "string"}, "s": {"type": "string"}, "t": {"type": "string"},
            "u": {"type": "string"}, "v": {"type": "string"}, "w": {"type": "string"}, "x": {"type": "string"}, "y": {"type": "string"}}}}]}"#,
        ],
        find: too_many_optional,
    },
];

fn no_schema(request: &Request<'_>) -> Option<String> {
    let is_none =
        |tool: &Value| tool.get("input_schema").is_some_and(|schema| json_schema::fault_of(schema).is_some());
    let at = request.items("tools").iter().position(is_none)?;
    Some(format!(
        "tools.{at}.custom.input_schema: JSON schema is invalid. It must match JSON Schema draft 2020-12 (https://json-schema.org/draft/2020-12). Learn more about tool use at https://docs.claude.com/en/docs/tool-use."
    ))
}

/// Tools whose input is held to its schema, each with its place.
fn strict_tools<'a>(request: &Request<'a>) -> impl Iterator<Item = (usize, &'a Value)> {
    let is_strict = |tool: &Value| tool.get("strict") == Some(&Value::Bool(true));
    request.items("tools").iter().enumerate().filter(move |(_, tool)| is_strict(tool))
}

/// The schemas that something is held to, each with its place.
fn held<'a>(request: &Request<'a>) -> Vec<(String, &'a Value)> {
    let of_tools = strict_tools(request)
        .filter_map(|(at, tool)| Some((format!("tools.{at}.custom"), tool.get("input_schema")?)));
    let format = request.get("output_config").and_then(|config| config.get("format")?.get("schema"));
    of_tools.chain(format.map(|schema| ("output_config.format.schema".to_owned(), schema))).collect()
}

fn too_many_strict_tools(request: &Request<'_>) -> Option<String> {
    let count = strict_tools(request).count();
    (count > MAX_STRICT_TOOLS).then(|| {
        format!(
            "Too many strict tools ({count}). The maximum number of strict tools supported is {MAX_STRICT_TOOLS}. Try reducing the number of tools marked as strict."
        )
    })
}

/// Every schema within a schema, itself first.
fn within(schema: &Value) -> Vec<&Map<String, Value>> {
    let mut found = Vec::new();
    let mut open = vec![schema];
    while let Some(schema) = open.pop() {
        if let Value::Object(members) = schema {
            let named = ["properties", "$defs", "definitions"].iter();
            let named = named.filter_map(|keyword| members.get(*keyword)?.as_object());
            open.extend(named.flat_map(Map::values));
            let listed = ["anyOf", "allOf", "oneOf"].iter();
            let listed = listed.filter_map(|keyword| members.get(*keyword)?.as_array());
            open.extend(listed.flatten());
            open.extend(members.get("items"));
            found.push(members);
        }
    }
    found
}

/// The definition that a schema refers to.
fn referred(schema: &Map<String, Value>) -> Option<&str> {
    schema.get("$ref")?.as_str()?.rsplit('/').next()
}

fn circle(request: &Request<'_>) -> Option<String> {
    held(request).iter().find_map(|(place, schema)| {
        let definitions = schema.get("$defs").or_else(|| schema.get("definitions"))?.as_object()?;
        let way = definitions.keys().find_map(|name| way_back(name, definitions))?;
        Some(format!(
            "{place}: Invalid schema: Circular reference detected in schema definitions: {}. Self-referencing or mutually-referencing definitions are not supported.",
            way.join(" -> ")
        ))
    })
}

/// The way from a definition over others to itself.
fn way_back<'a>(name: &'a str, definitions: &'a Map<String, Value>) -> Option<Vec<&'a str>> {
    let mut ways = vec![vec![name]];
    let mut seen = Vec::new();
    while let Some(way) = ways.pop() {
        let schemas = definitions.get(*way.last()?).map(within).unwrap_or_default();
        for next in schemas.into_iter().filter_map(referred) {
            let further = || [&way[..], &[next]].concat();
            if next == name {
                return Some(further());
            }
            if !seen.contains(&next) {
                seen.push(next);
                ways.push(further());
            }
        }
    }
    None
}

fn unsupported(request: &Request<'_>) -> Option<String> {
    held(request).iter().find_map(|(place, schema)| {
        let fault = within(schema).into_iter().find_map(fault_of)?;
        Some(format!("{place}: {fault}"))
    })
}

/// Keywords that are not supported, by type.
const UNSUPPORTED: [(&str, &[&str]); 4] = [
    ("array", &["maxItems", "uniqueItems"]),
    ("integer", &["maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum", "multipleOf"]),
    ("number", &["maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum", "multipleOf"]),
    ("string", &["maxLength", "minLength"]),
];

fn fault_of(schema: &Map<String, Value>) -> Option<String> {
    let kind = schema.get("type").and_then(Value::as_str)?;
    if kind == "object" {
        let properties = schema.get("properties").and_then(Value::as_object);
        if properties.is_some_and(|properties| properties.values().any(Value::is_boolean)) {
            return Some("For 'object' type, property 'properties' is not supported".to_owned());
        }
        let is_closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
        let open = "For 'object' type, 'additionalProperties' must be explicitly set to false";
        return (!is_closed).then(|| open.to_owned());
    }
    let least = schema.get("minItems").and_then(Value::as_u64).filter(|least| *least > 1);
    if let Some(least) = least.filter(|_| kind == "array") {
        return Some(format!(
            "For 'array' type, 'minItems' values other than 0 or 1 are not supported (got: {least})"
        ));
    }
    let (_, keywords) = UNSUPPORTED.iter().find(|(name, _)| *name == kind)?;
    let used: Vec<&str> = keywords.iter().copied().filter(|keyword| schema.contains_key(*keyword)).collect();
    match used.as_slice() {
        [] => None,
        [one] => Some(format!("For '{kind}' type, property '{one}' is not supported")),
        several => Some(format!("For '{kind}' type, properties {} are not supported", several.join(", "))),
    }
}

fn too_many_unions(request: &Request<'_>) -> Option<String> {
    let is_union = |schema: &&Map<String, Value>| {
        schema.get("type").is_some_and(Value::is_array) || schema.contains_key("anyOf")
    };
    let count: usize = held(request)
        .iter()
        .map(|(_, schema)| within(schema).iter().filter(|schema| is_union(schema)).count())
        .sum();
    (count > MAX_UNIONS).then(|| {
        format!(
            "Schemas contains too many parameters with union types ({count} parameters with type arrays or anyOf). This causes exponential compilation cost. Reduce the number of nullable or union-typed parameters (limit: {MAX_UNIONS} parameters with unions)."
        )
    })
}

fn too_many_optional(request: &Request<'_>) -> Option<String> {
    let optional = |schema: &&Map<String, Value>| {
        let required =
            schema.get("required").and_then(Value::as_array).map_or(&[] as &[Value], Vec::as_slice);
        let names = schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys);
        names.filter(|name| !required.iter().any(|known| known.as_str() == Some(name.as_str()))).count()
    };
    let count: usize =
        held(request).iter().flat_map(|(_, schema)| within(schema)).map(|schema| optional(&schema)).sum();
    (count > MAX_OPTIONAL).then(|| {
        format!(
            "Schemas contains too many optional parameters ({count}), which would make grammar compilation inefficient. Reduce the number of optional parameters in your tool schemas (limit: {MAX_OPTIONAL})."
        )
    })
}

//! A tool as a server tells of it, and as a model may be told of it.

use std::sync::Arc;

use rmcp::model::Tool as Told;
use serde_json::{Map, Value, json};

/// The longest description a model is shown, in bytes.
const MAX_DESCRIPTION: usize = 8 << 10;
/// The largest schema of one tool, in bytes.
const MAX_SCHEMA: usize = 64 << 10;
/// The longest name a server may give a tool, in bytes.
const MAX_OWN_NAME: usize = 256;

/// A tool that can be offered to models.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Definition {
    /// The server's own name for it.
    pub(super) own_name: String,
    pub(super) description: String,
    pub(super) schema: Value,
    /// Whether the server says that it may be called twice without harm.
    pub(super) is_idempotent: bool,
}

/// A tool that a server offers and that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedTool {
    /// The server's own name for it.
    pub name: String,
    /// Why it cannot be used.
    pub reason: String,
}

impl Definition {
    /// A tool that was told of as the protocol wants it.
    pub(super) fn of(told: Told) -> Result<Self, RefusedTool> {
        let description = told.description.map(String::from).or(told.title);
        let hints = told.annotations.unwrap_or_default();
        let is_idempotent = hints.read_only_hint == Some(true) || hints.idempotent_hint == Some(true);
        let schema = Value::Object(Arc::unwrap_or_clone(told.input_schema));
        Self::new(told.name.into_owned(), description, Some(schema), is_idempotent)
    }

    /// A tool that was told of in some other way; what is understood of it counts.
    pub(super) fn of_json(told: &Value) -> Result<Self, RefusedTool> {
        let text = |key: &str| told.get(key).and_then(Value::as_str).map(str::to_owned);
        let hint = |key: &str| told.pointer(&format!("/annotations/{key}")) == Some(&Value::Bool(true));
        let Some(name) = text("name") else {
            return Err(RefusedTool { name: String::new(), reason: "it has no name".to_owned() });
        };
        let is_idempotent = hint("readOnlyHint") || hint("idempotentHint");
        let description = text("description").or_else(|| text("title"));
        Self::new(name, description, told.get("inputSchema").cloned(), is_idempotent)
    }

    fn new(
        own_name: String,
        description: Option<String>,
        schema: Option<Value>,
        is_idempotent: bool,
    ) -> Result<Self, RefusedTool> {
        if own_name.len() > MAX_OWN_NAME {
            let start = own_name[..own_name.floor_char_boundary(MAX_OWN_NAME)].to_owned();
            let reason = format!("its name is longer than {MAX_OWN_NAME} bytes");
            return Err(RefusedTool { name: start, reason });
        }
        let mut description = description.unwrap_or_default();
        description.truncate(description.floor_char_boundary(MAX_DESCRIPTION));
        match usable(schema) {
            Ok(schema) => Ok(Self { own_name, description, schema, is_idempotent }),
            Err(reason) => Err(RefusedTool { name: own_name, reason }),
        }
    }
}

/// A schema that vendors take and arguments can be held against.
fn usable(schema: Option<Value>) -> Result<Value, String> {
    let mut keys = match schema {
        // Nothing said, or "anything": no argument is asked for.
        None | Some(Value::Null | Value::Bool(true)) => Map::new(),
        Some(Value::Object(keys)) => keys,
        Some(_) => return Err("its input schema is no JSON object".to_owned()),
    };
    match keys.get("type") {
        None => drop(keys.insert("type".to_owned(), json!("object"))),
        Some(kind) if kind == "object" => {}
        Some(Value::Array(kinds)) if kinds.iter().any(|kind| kind == "object") => {
            keys.insert("type".to_owned(), json!("object"));
        }
        Some(kind) => return Err(format!("its input is of the type {kind}, and must be an object")),
    }
    // Vendors refuse an object whose properties are not listed, even where it has none.
    if !keys.get("properties").is_some_and(Value::is_object) {
        keys.insert("properties".to_owned(), json!({}));
    }
    checked(Value::Object(keys))
}

fn checked(schema: Value) -> Result<Value, String> {
    let size = schema.to_string().len();
    if size > MAX_SCHEMA {
        return Err(format!("its input schema has {size} bytes, and may have {MAX_SCHEMA}"));
    }
    match jsonschema::validator_for(&schema) {
        Ok(_) => Ok(schema),
        Err(error) => Err(format!("its input schema cannot be used: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema_of(told: Value) -> Value {
        Definition::of_json(&told).unwrap().schema
    }

    fn reason_of(told: Value) -> String {
        Definition::of_json(&told).unwrap_err().reason
    }

    #[test]
    fn a_schema_that_says_too_little_is_completed() {
        let any = json!({"type": "object", "properties": {}});
        for told in [json!({"name": "a"}), json!({"name": "a", "inputSchema": null})] {
            assert_eq!(schema_of(told), any);
        }
        assert_eq!(schema_of(json!({"name": "a", "inputSchema": {}})), any);
        assert_eq!(schema_of(json!({"name": "a", "inputSchema": {"type": ["object", "null"]}})), any);
        let told = json!({"name": "a", "inputSchema": {"properties": {"x": {"type": "string"}}}});
        assert_eq!(schema_of(told), json!({"properties": {"x": {"type": "string"}}, "type": "object"}));
    }

    #[test]
    fn a_schema_that_is_whole_is_left_as_it_is() {
        let schema = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "type": "object",
            "properties": {"a": {"type": "number", "x-unknown": 1}},
            "required": ["a"],
        });
        assert_eq!(schema_of(json!({"name": "a", "inputSchema": schema.clone()})), schema);
    }

    #[test]
    fn a_schema_that_no_arguments_can_fit_is_refused_with_the_reason() {
        let of = |schema: Value| reason_of(json!({"name": "a", "inputSchema": schema}));
        assert!(of(json!(["x"])).contains("no JSON object"));
        assert!(of(json!({"type": "string"})).contains("must be an object"));
        assert!(of(json!({"type": "object", "properties": {"a": {"type": 7}}})).contains("cannot be used"));
        let long = "x".repeat(MAX_SCHEMA);
        assert!(of(json!({"type": "object", "description": long})).contains("may have 65536"));
    }

    #[test]
    fn a_tool_without_a_name_or_with_an_endless_one_is_refused() {
        assert_eq!(reason_of(json!({"description": "x"})), "it has no name");
        assert!(reason_of(json!({"name": "ä".repeat(500)})).contains("longer than 256"));
    }

    #[test]
    fn a_description_is_bounded_and_the_title_stands_in_for_it() {
        let long = "ä".repeat(MAX_DESCRIPTION);
        let told = Definition::of_json(&json!({"name": "a", "description": long})).unwrap();
        assert_eq!(told.description.len(), MAX_DESCRIPTION);
        let told = Definition::of_json(&json!({"name": "a", "title": "A tool"})).unwrap();
        assert_eq!(told.description, "A tool");
    }

    #[test]
    fn what_the_server_says_of_harm_is_kept() {
        let told = |hints: Value| Definition::of_json(&json!({"name": "a", "annotations": hints})).unwrap();
        assert!(told(json!({"readOnlyHint": true})).is_idempotent);
        assert!(told(json!({"idempotentHint": true})).is_idempotent);
        assert!(!told(json!({"readOnlyHint": false})).is_idempotent);
        assert!(!told(json!({})).is_idempotent);
    }
}

//! Arguments as models write them, held against a tool's schema.

use jsonschema::Validator;
use serde_json::{Map, Value};

/// Mistakes named to the model at once; more would not help it.
const MAX_MISTAKES: usize = 5;

/// The object that a model's arguments are; none at all are an empty one.
///
/// # Errors
/// What is wrong with them, for the model to read.
pub fn parse_arguments(written: &str) -> Result<Value, String> {
    let written = written.trim();
    if written.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    match serde_json::from_str(written) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(Value::Null) => Ok(Value::Object(Map::new())),
        Ok(other) => Err(format!("the arguments must be a JSON object, not {}", kind(&other))),
        Err(error) => Err(format!("the arguments are not valid JSON: {error}")),
    }
}

/// Holds arguments against a schema.
///
/// # Errors
/// What does not fit, for the model to read.
pub(super) fn check(validator: &Validator, arguments: &Value) -> Result<(), String> {
    if validator.is_valid(arguments) {
        return Ok(());
    }
    let mistakes: Vec<String> = validator.iter_errors(arguments).take(MAX_MISTAKES).map(mistake).collect();
    Err(format!("the arguments do not fit the tool's schema: {}", mistakes.join("; ")))
}

fn mistake(error: jsonschema::ValidationError<'_>) -> String {
    match error.instance_path().as_str() {
        "" => error.to_string(),
        path => format!("{error} (at {path})"),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

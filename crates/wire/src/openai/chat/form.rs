//! The form an answer must have.

use playhouse_llm::{Extra, OutputForm, OutputSchema};
use serde_json::{Map, Value, json};

/// Reads `response_format`; free text is no form.
pub(super) fn read(value: &Value) -> Option<OutputForm> {
    match value.get("type")?.as_str()? {
        "json_object" => Some(OutputForm::Json),
        "json_schema" => Some(OutputForm::Schema(read_schema(value.get("json_schema")?.as_object()?))),
        _ => None,
    }
}

/// Writes `response_format`.
pub(super) fn write(form: &OutputForm) -> Value {
    match form {
        OutputForm::Json => json!({ "type": "json_object" }),
        OutputForm::Schema(form) => json!({ "type": "json_schema", "json_schema": write_schema(form) }),
    }
}

fn read_schema(fields: &Extra) -> OutputSchema {
    let text = |key: &str| Some(fields.get(key)?.as_str()?.to_owned());
    OutputSchema {
        name: text("name").unwrap_or_default(),
        description: text("description"),
        schema: fields.get("schema").filter(|schema| schema.is_object()).cloned(),
        strict: fields.get("strict").and_then(Value::as_bool),
    }
}

/// A schema always has a name here.
fn write_schema(form: &OutputSchema) -> Value {
    let name = if form.name.is_empty() { "answer" } else { &form.name };
    let mut fields = Map::from_iter([("name".to_owned(), name.into())]);
    fields.extend(form.description.clone().map(|text| ("description".to_owned(), text.into())));
    fields.extend(form.schema.clone().map(|schema| ("schema".to_owned(), schema)));
    fields.extend(form.strict.map(|strict| ("strict".to_owned(), strict.into())));
    Value::Object(fields)
}

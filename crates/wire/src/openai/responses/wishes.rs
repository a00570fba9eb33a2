//! What a caller wants of an answer's making: how much is reasoned for it, and its form.
//!
//! Both are read and stay where they are: they are written anew only where something else is wanted.

use playhouse_llm::{Extra, OutputForm, OutputSchema, Prompt, ReasoningWish};
use serde_json::{Map, Value, json};

use crate::fields::{Writing, carried_object};

/// Reads how much shall be reasoned.
pub(super) fn read_reasoning(body: &Extra) -> Option<ReasoningWish> {
    let effort = body.get("reasoning")?.get("effort")?.as_str()?;
    Some(ReasoningWish::of_effort(effort))
}

/// Reads the form of the answer; free text is no form.
pub(super) fn read_output(body: &Extra) -> Option<OutputForm> {
    let format = body.get("text")?.get("format")?;
    match format.get("type")?.as_str()? {
        "json_object" => Some(OutputForm::Json),
        "json_schema" => Some(OutputForm::Schema(read_schema(format.as_object()?))),
        _ => None,
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

/// Writes form and reasoning.
pub(super) fn set_wishes(out: &mut Writing<'_>, prompt: &Prompt) {
    if read_output(&prompt.extra) != prompt.output {
        set_member(out, prompt, "text", "format", prompt.output.as_ref().map(write_output));
    }
    if read_reasoning(&prompt.extra) != prompt.reasoning {
        let effort = prompt.reasoning.as_ref().map(|wish| wish.in_a_word().into());
        set_member(out, prompt, "reasoning", "effort", effort);
    }
}

/// Writes one member of an object whose others are carried.
fn set_member(
    out: &mut Writing<'_>,
    prompt: &Prompt,
    place: &'static str,
    key: &'static str,
    value: Option<Value>,
) {
    let rest = carried_object(&prompt.extra, place);
    let mut object = Writing::new(&rest);
    match value {
        Some(value) => object.set(key, value),
        None => object.drop_carried(key),
    }
    out.set(place, object.done());
}

fn write_output(form: &OutputForm) -> Value {
    let OutputForm::Schema(form) = form else { return json!({ "type": "json_object" }) };
    // A schema always has a name here.
    let name = if form.name.is_empty() { "answer" } else { &form.name };
    let any_object = || json!({ "type": "object" });
    let mut fields = Map::from_iter([
        ("type".to_owned(), "json_schema".into()),
        ("name".to_owned(), name.into()),
        ("schema".to_owned(), form.schema.clone().unwrap_or_else(any_object)),
    ]);
    fields.extend(form.description.clone().map(|text| ("description".to_owned(), text.into())));
    fields.extend(form.strict.map(|strict| ("strict".to_owned(), strict.into())));
    Value::Object(fields)
}

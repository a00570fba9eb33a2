//! JSON that satisfies the schema a request asks for; the same seed makes the same JSON.
//!
//! In reading order: this (what is wanted) → `value` (any schema) → `schema` (references, several
//! schemas as one) → `object`, `array`, `number`, `string` → `pattern`, `format`.

mod array;
mod format;
mod number;
mod object;
mod pattern;
mod schema;
mod string;
mod value;

use playhouse_llm::{Error, ErrorKind, Prompt, ToolChoice, ToolSpec};
use serde_json::{Value, json};

use super::Scene;
use crate::pace::draw::Draw;
use crate::protocols;
use value::Generator;

/// JSON to a schema.
pub(super) struct Generated<'facts> {
    /// The JSON.
    pub(super) json: String,
    /// The tool whose arguments it is; otherwise it is the answer.
    pub(super) tool: Option<&'facts str>,
}

/// JSON to the schema that the request wants its answer to satisfy, or else to that of a tool that
/// it says must be called.
pub(super) fn generated<'scene>(scene: Scene<'scene>, draw: &mut Draw) -> Result<Generated<'scene>, Error> {
    let facts: &'scene _ = &scene.call.facts;
    let rule = &scene.hit.name;
    if let Some(schema) = protocols::wish(facts).schema {
        return Ok(Generated { json: value_of(schema, draw, rule)?, tool: None });
    }
    let tool = facts.prompt().and_then(required_tool).ok_or_else(|| {
        let message = format!(
            "the rule `{rule}` generates JSON to a schema, but the request asks for none: \
             ask for structured output, or require that a tool is called"
        );
        Error::new(ErrorKind::Internal, message)
    })?;
    let any_object = json!({ "type": "object" });
    let schema = tool.parameters.as_ref().unwrap_or(&any_object);
    Ok(Generated { json: value_of(schema, draw, rule)?, tool: Some(&tool.name) })
}

fn required_tool(prompt: &Prompt) -> Option<&ToolSpec> {
    match prompt.tool_choice.as_ref()? {
        ToolChoice::Tool(name) => prompt.tools.iter().find(|tool| tool.name == *name),
        ToolChoice::Required => prompt.tools.first(),
        ToolChoice::Auto | ToolChoice::None => None,
    }
}

fn value_of(schema: &Value, draw: &mut Draw, rule: &str) -> Result<String, Error> {
    let value = Generator::new(schema, draw).generate();
    value.map(|value| value.to_string()).map_err(|unmet| {
        let message = format!(
            "the rule `{rule}` can generate nothing to the request's schema: {unmet}; say the JSON itself"
        );
        Error::new(ErrorKind::Internal, message)
    })
}

//! The tools a request offers, and which of them may be called.

use playhouse_llm::{Extra, ToolChoice, ToolSpec};
use serde_json::{Map, Value, json};

use crate::fields::{Writing, take_exact, take_filled_string, take_object, take_string};

/// Takes the tools. Those that Anthropic runs itself are carried, and with them the whole list.
pub(super) fn take_tools(body: &mut Extra) -> Vec<ToolSpec> {
    take_exact(body, "tools", read_tools, |tools| write_tools(tools)).unwrap_or_default()
}

/// Writes the tools.
pub(super) fn set_tools(out: &mut Writing<'_>, tools: &Vec<ToolSpec>) {
    let tools = (!tools.is_empty()).then_some(tools);
    out.set_kept("tools", tools, read_tools, |tools| write_tools(tools));
}

fn read_tools(value: &Value) -> Option<Vec<ToolSpec>> {
    let tools: Vec<_> = value.as_array()?.iter().filter_map(read_tool).collect();
    (!tools.is_empty()).then_some(tools)
}

fn write_tools(tools: &[ToolSpec]) -> Value {
    tools.iter().map(write_tool).collect()
}

fn read_tool(value: &Value) -> Option<ToolSpec> {
    let mut extra = value.as_object()?.clone();
    if extra.get("type").and_then(Value::as_str).is_some_and(|kind| kind != "custom") {
        return None;
    }
    let name = take_filled_string(&mut extra, "name")?;
    let description = take_string(&mut extra, "description");
    let parameters = take_object(&mut extra, "input_schema").map(Value::Object);
    let strict = take_exact(&mut extra, "strict", Value::as_bool, |strict| (*strict).into());
    Some(ToolSpec { name, description, parameters, strict, extra })
}

/// A tool always has a schema here.
fn write_tool(tool: &ToolSpec) -> Value {
    let no_arguments = || json!({ "type": "object", "properties": {} });
    let mut out = Writing::new(&tool.extra);
    out.set("name", tool.name.as_str());
    out.set_some("description", tool.description.as_deref());
    out.set("input_schema", tool.parameters.clone().unwrap_or_else(no_arguments));
    out.set_some("strict", tool.strict);
    Value::Object(out.done())
}

/// Which tools may be called, and whether several at once.
pub(super) type Choice = (Option<ToolChoice>, Option<bool>);

/// Takes the choice among tools.
pub(super) fn take_choice(body: &mut Extra) -> Choice {
    take_exact(body, "tool_choice", read_choice, write_choice).unwrap_or_default()
}

/// Writes the choice among tools. Anthropic says within it whether several may be called at once, so where
/// only that is known, the model decides.
pub(super) fn set_choice(out: &mut Writing<'_>, choice: &Choice) {
    let is_said = choice.0.is_some() || choice.1 == Some(false);
    out.set_kept("tool_choice", is_said.then_some(choice), read_choice, write_choice);
}

fn read_choice(value: &Value) -> Option<Choice> {
    let choice = match value.get("type")?.as_str()? {
        "auto" => ToolChoice::Auto,
        "none" => ToolChoice::None,
        "any" => ToolChoice::Required,
        "tool" => ToolChoice::Tool(value.get("name")?.as_str()?.to_owned()),
        _ => return None,
    };
    let one_only = value.get("disable_parallel_tool_use").and_then(Value::as_bool);
    Some((Some(choice), one_only.map(|one_only| !one_only)))
}

fn write_choice((choice, parallel): &Choice) -> Value {
    let mut fields = Map::new();
    let kind = match choice {
        Some(ToolChoice::None) => "none",
        Some(ToolChoice::Required) => "any",
        Some(ToolChoice::Tool(_)) => "tool",
        Some(ToolChoice::Auto) | None => "auto",
    };
    fields.insert("type".to_owned(), kind.into());
    if let Some(ToolChoice::Tool(name)) = choice {
        fields.insert("name".to_owned(), name.as_str().into());
    }
    if let Some(parallel) = parallel.filter(|_| !matches!(choice, Some(ToolChoice::None))) {
        fields.insert("disable_parallel_tool_use".to_owned(), (!parallel).into());
    }
    Value::Object(fields)
}

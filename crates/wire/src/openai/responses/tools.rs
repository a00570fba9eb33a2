//! The tools a request offers, and which of them may be called.

use playhouse_llm::{Extra, ToolChoice, ToolSpec};
use serde_json::{Value, json};

use crate::fields::{Writing, take_exact, take_filled_string, take_object, take_string};

/// Takes the tools. Those that are no functions are carried, and with them the whole list.
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

/// Reads a function; any other tool is none that every vendor knows.
pub(super) fn read_tool(value: &Value) -> Option<ToolSpec> {
    let mut extra = value.as_object()?.clone();
    if extra.get("type").and_then(Value::as_str) != Some("function") {
        return None;
    }
    extra.shift_remove("type");
    let name = take_filled_string(&mut extra, "name")?;
    let description = take_string(&mut extra, "description");
    let parameters = take_object(&mut extra, "parameters").map(Value::Object);
    let strict = take_exact(&mut extra, "strict", Value::as_bool, |strict| (*strict).into());
    Some(ToolSpec { name, description, parameters, strict, extra })
}

/// A function always has a schema here, and is strict unless told otherwise, which other protocols' are not.
fn write_tool(tool: &ToolSpec) -> Value {
    let no_arguments = || json!({ "type": "object", "properties": {} });
    let mut out = Writing::new(&tool.extra);
    out.set("type", "function");
    out.set("name", tool.name.as_str());
    out.set_some("description", tool.description.as_deref());
    if !tool.extra.contains_key("parameters") {
        out.set("parameters", tool.parameters.clone().unwrap_or_else(no_arguments));
    }
    if !tool.extra.contains_key("strict") {
        out.set("strict", tool.strict.unwrap_or(false));
    }
    Value::Object(out.done())
}

/// Takes the choice among tools.
pub(super) fn take_choice(body: &mut Extra) -> Option<ToolChoice> {
    take_exact(body, "tool_choice", read_choice, write_choice)
}

/// Writes the choice among tools.
pub(super) fn set_choice(out: &mut Writing<'_>, choice: Option<&ToolChoice>) {
    out.set_kept("tool_choice", choice, read_choice, write_choice);
}

fn read_choice(value: &Value) -> Option<ToolChoice> {
    if let Some(name) = value.as_str() {
        return match name {
            "auto" => Some(ToolChoice::Auto),
            "none" => Some(ToolChoice::None),
            "required" => Some(ToolChoice::Required),
            _ => None,
        };
    }
    let is_function = value.get("type")?.as_str()? == "function";
    let name = value.get("name")?.as_str()?;
    is_function.then(|| ToolChoice::Tool(name.to_owned()))
}

fn write_choice(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Auto => "auto".into(),
        ToolChoice::None => "none".into(),
        ToolChoice::Required => "required".into(),
        ToolChoice::Tool(name) => json!({ "type": "function", "name": name }),
    }
}

//! The tools a request offers, and which of them may be called.

use playhouse_llm::{Extra, ToolChoice, ToolSpec};
use serde_json::{Value, json};

use super::fields::{
    Writing, carried_object, leave_rest, take_exact, take_filled_string, take_object, take_string,
};

/// Takes the tools. Those that are not functions are carried, and with them the whole list; so is
/// a list that stands beside deprecated `functions`.
pub(super) fn take_tools(body: &mut Extra) -> Vec<ToolSpec> {
    let tools = match body.get("functions").and_then(read_functions) {
        Some(functions) => body.get("tools").and_then(read_tools).or(Some(functions)),
        None => take_exact(body, "tools", read_tools, |tools| write_tools(tools)),
    };
    tools.unwrap_or_default()
}

/// Writes the tools; those that came as deprecated `functions` are carried there.
pub(super) fn set_tools(out: &mut Writing<'_>, extra: &Extra, tools: &Vec<ToolSpec>) {
    let functions = extra.get("functions").and_then(read_functions);
    if functions.as_ref() == Some(tools) && extra.get("tools").and_then(read_tools).is_none() {
        return;
    }
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
    if extra.get("type").and_then(Value::as_str) != Some("function") {
        return None;
    }
    extra.shift_remove("type");
    let mut function = take_object(&mut extra, "function")?;
    let spec = take_spec(&mut function)?;
    leave_rest(&mut extra, "function", function);
    Some(ToolSpec { extra, ..spec })
}

fn take_spec(function: &mut Extra) -> Option<ToolSpec> {
    let name = take_filled_string(function, "name")?;
    let description = take_string(function, "description");
    let parameters = take_object(function, "parameters").map(Value::Object);
    let strict = take_exact(function, "strict", Value::as_bool, |strict| (*strict).into());
    Some(ToolSpec { name, description, parameters, strict, extra: Extra::new() })
}

fn write_tool(tool: &ToolSpec) -> Value {
    let rest = carried_object(&tool.extra, "function");
    let mut function = Writing::new(&rest);
    function.set("name", tool.name.as_str());
    function.set_some("description", tool.description.as_deref());
    function.set_some("parameters", tool.parameters.clone());
    function.set_some("strict", tool.strict);
    let function = function.done();
    let mut out = Writing::new(&tool.extra);
    out.set("type", "function");
    out.set("function", function);
    Value::Object(out.done())
}

fn read_functions(value: &Value) -> Option<Vec<ToolSpec>> {
    let functions =
        value.as_array()?.iter().filter_map(|function| take_spec(&mut function.as_object()?.clone()));
    let tools: Vec<_> = functions.collect();
    (!tools.is_empty()).then_some(tools)
}

/// Takes the choice among tools.
pub(super) fn take_choice(body: &mut Extra) -> Option<ToolChoice> {
    take_exact(body, "tool_choice", read_choice, write_choice)
}

/// Writes the choice among tools.
pub(super) fn set_choice(out: &mut Writing<'_>, choice: Option<&ToolChoice>) {
    out.set_kept("tool_choice", choice, read_choice, write_choice);
}

/// `any` is Mistral's word for `required`.
fn read_choice(value: &Value) -> Option<ToolChoice> {
    match value.as_str() {
        Some("auto") => Some(ToolChoice::Auto),
        Some("none") => Some(ToolChoice::None),
        Some("required" | "any") => Some(ToolChoice::Required),
        Some(_) => None,
        None => Some(ToolChoice::Tool(value.get("function")?.get("name")?.as_str()?.to_owned())),
    }
}

fn write_choice(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Auto => "auto".into(),
        ToolChoice::None => "none".into(),
        ToolChoice::Required => "required".into(),
        ToolChoice::Tool(name) => json!({ "type": "function", "function": { "name": name } }),
    }
}

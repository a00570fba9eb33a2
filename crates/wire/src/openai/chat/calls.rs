//! Tool calls, whole ones in messages and fragments of them in chunks.

use playhouse_llm::{Extra, PartDelta, ToolCall};
use serde_json::{Map, Value};

use super::fields::{
    Writing, carried_object, leave_rest, take_exact, take_filled_string, take_index, take_object, take_string,
};

/// The name and the arguments of a call, and where they stand.
struct Callee {
    name: Option<String>,
    arguments: Option<String>,
}

/// Takes a message's calls, the deprecated single one included.
pub(super) fn take_calls(message: &mut Extra) -> Vec<ToolCall> {
    let mut calls =
        take_exact(message, "tool_calls", read_calls, |calls| write_calls(calls)).unwrap_or_default();
    calls.extend(message.get("function_call").and_then(read_function_call));
    calls
}

/// Writes a message's calls.
pub(super) fn set_calls(out: &mut Writing<'_>, extra: &Extra, mut calls: Vec<ToolCall>) {
    if let Some(legacy) = extra.get("function_call").and_then(read_function_call) {
        match calls.iter().rposition(|call| *call == legacy) {
            Some(at) => drop(calls.remove(at)),
            None => out.drop_carried("function_call"),
        }
    }
    let calls = (!calls.is_empty()).then_some(&calls);
    out.set_kept("tool_calls", calls, read_calls, |calls| write_calls(calls));
}

fn read_calls(value: &Value) -> Option<Vec<ToolCall>> {
    let calls: Vec<_> = value.as_array()?.iter().filter_map(read_call).collect();
    (!calls.is_empty()).then_some(calls)
}

fn write_calls(calls: &[ToolCall]) -> Value {
    calls.iter().map(write_call).collect()
}

fn read_call(value: &Value) -> Option<ToolCall> {
    let mut extra = value.as_object()?.clone();
    let id = take_filled_string(&mut extra, "id").unwrap_or_default();
    let callee = take_callee(&mut extra);
    take_function_type(&mut extra);
    let (name, arguments) = (callee.name.unwrap_or_default(), callee.arguments.unwrap_or_default());
    Some(ToolCall { id, name, arguments, extra })
}

fn write_call(call: &ToolCall) -> Value {
    let mut out = Writing::new(&call.extra);
    out.set_some("id", Some(call.id.as_str()).filter(|id| !id.is_empty()));
    write_type(&mut out, &call.extra);
    write_callee(&mut out, &call.extra, Some(&call.name), Some(&call.arguments));
    Value::Object(out.done())
}

/// The deprecated call of a function has no id; its name stands in, which its result repeats.
fn read_function_call(value: &Value) -> Option<ToolCall> {
    let mut function = value.as_object()?.clone();
    let name = take_filled_string(&mut function, "name")?;
    let arguments = take_arguments(&mut function, "arguments").unwrap_or_default();
    Some(ToolCall { id: name.clone(), name, arguments, extra: Map::new() })
}

/// Takes a delta's fragments of calls.
pub(super) fn take_fragments(delta: &mut Extra) -> Vec<PartDelta> {
    let fragments = take_exact(delta, "tool_calls", read_fragments, |fragments| write_fragments(fragments));
    let mut fragments = fragments.unwrap_or_default();
    fragments.extend(delta.get("function_call").and_then(read_function_fragment));
    fragments
}

/// Writes a delta's fragments of calls.
pub(super) fn set_fragments(out: &mut Writing<'_>, extra: &Extra, mut fragments: Vec<PartDelta>) {
    if let Some(legacy) = extra.get("function_call").and_then(read_function_fragment) {
        match fragments.iter().rposition(|fragment| *fragment == legacy) {
            Some(at) => drop(fragments.remove(at)),
            None => out.drop_carried("function_call"),
        }
    }
    let fragments = (!fragments.is_empty()).then_some(&fragments);
    out.set_kept("tool_calls", fragments, read_fragments, |fragments| write_fragments(fragments));
}

fn read_fragments(value: &Value) -> Option<Vec<PartDelta>> {
    let items = value.as_array()?.iter().enumerate();
    let fragments: Vec<_> = items.filter_map(|(at, item)| read_fragment(item, at)).collect();
    (!fragments.is_empty()).then_some(fragments)
}

fn write_fragments(fragments: &[PartDelta]) -> Value {
    fragments.iter().map(write_fragment).collect()
}

/// Some vendors leave the index out; the place in the list stands in.
fn read_fragment(value: &Value, at: usize) -> Option<PartDelta> {
    let mut extra = value.as_object()?.clone();
    let index = take_index(&mut extra, "index").or_else(|| u32::try_from(at).ok())?;
    let id = take_string(&mut extra, "id");
    let Callee { name, arguments } = take_callee(&mut extra);
    if id.is_some() || name.is_some() {
        take_function_type(&mut extra);
    }
    Some(PartDelta::ToolCall { index, id, name, arguments, extra })
}

fn write_fragment(fragment: &PartDelta) -> Value {
    let PartDelta::ToolCall { index, id, name, arguments, extra } = fragment else { return Value::Null };
    let mut out = Writing::new(extra);
    out.set("index", *index);
    out.set_some("id", id.as_deref());
    if id.is_some() || name.is_some() {
        write_type(&mut out, extra);
    }
    if name.is_some() || arguments.is_some() {
        write_callee(&mut out, extra, name.as_deref(), arguments.as_deref());
    }
    Value::Object(out.done())
}

fn read_function_fragment(value: &Value) -> Option<PartDelta> {
    let mut function = value.as_object()?.clone();
    let name = take_filled_string(&mut function, "name");
    let arguments = take_arguments(&mut function, "arguments");
    Some(PartDelta::ToolCall { index: 0, id: name.clone(), name, arguments, extra: Map::new() })
}

/// Where a call's name stands, and what its arguments are called there: custom tools differ.
///
/// The later fragments of a call do not repeat its type.
fn places(extra: &Extra) -> (&'static str, &'static str) {
    let is_custom = match extra.get("type") {
        Some(kind) => kind == "custom",
        None => extra.contains_key("custom") && !extra.contains_key("function"),
    };
    if is_custom { ("custom", "input") } else { ("function", "arguments") }
}

fn take_callee(extra: &mut Extra) -> Callee {
    let (place, arguments) = places(extra);
    let Some(mut inner) = take_object(extra, place) else { return Callee { name: None, arguments: None } };
    let callee =
        Callee { name: take_string(&mut inner, "name"), arguments: take_arguments(&mut inner, arguments) };
    if place == "custom" && !extra.contains_key("type") {
        // Without a type, the place alone tells what kind of call it is.
        extra.insert(place.to_owned(), Value::Object(inner));
    } else {
        leave_rest(extra, place, inner);
    }
    callee
}

fn write_callee(out: &mut Writing<'_>, extra: &Extra, name: Option<&str>, arguments: Option<&str>) {
    let (place, arguments_key) = places(extra);
    let rest = carried_object(extra, place);
    let mut inner = Writing::new(&rest);
    inner.set_some("name", name);
    inner.set_some(arguments_key, arguments);
    out.set(place, inner.done());
}

/// Arguments are JSON in a string; vendors that send the JSON itself are understood too.
fn take_arguments(inner: &mut Extra, key: &str) -> Option<String> {
    take_string(inner, key).or_else(|| {
        let value = inner.get(key).filter(|value| value.is_object() || value.is_array())?;
        Some(value.to_string())
    })
}

fn take_function_type(extra: &mut Extra) {
    if extra.get("type").and_then(Value::as_str) == Some("function") {
        extra.shift_remove("type");
    }
}

fn write_type(out: &mut Writing<'_>, extra: &Extra) {
    if !extra.contains_key("type") {
        // The types are called what the places are.
        out.set("type", places(extra).0);
    }
}

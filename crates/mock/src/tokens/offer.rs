//! The tools of a request as a model is told of them: declarations in the manner of TypeScript.
//!
//! Nobody publishes the form. This one has the counts of the recorded requests, and is known from
//! models that were asked for it.

use playhouse_llm::ToolSpec;
use serde_json::{Map, Value};

/// How deep schemas may be nested; what is deeper is `any`.
const MAX_DEPTH: usize = 16;

/// The declaration of these tools.
pub(super) fn declaration(tools: &[ToolSpec]) -> String {
    let declared: String = tools.iter().map(declared_tool).collect();
    format!("namespace functions {{\n\n{declared}}} // namespace functions")
}

fn declared_tool(tool: &ToolSpec) -> String {
    let comment = tool.description.as_ref().map(|text| format!("// {text}\n")).unwrap_or_default();
    let parameters = tool.parameters.as_ref().and_then(properties);
    let arguments = parameters.map(|_| format!("_: {}", type_of(tool.parameters.as_ref(), 0)));
    format!("{comment}type {} = ({}) => any;\n\n", tool.name, arguments.unwrap_or_default())
}

fn type_of(schema: Option<&Value>, depth: usize) -> String {
    let Some(schema) = schema.filter(|_| depth < MAX_DEPTH) else { return "any".to_owned() };
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return joined(values.iter().map(Value::to_string));
    }
    if let Some(alternatives) = schema.get("anyOf").and_then(Value::as_array) {
        return joined(alternatives.iter().map(|alternative| type_of(Some(alternative), depth + 1)));
    }
    match schema.get("type") {
        Some(Value::String(name)) => named_type(name, schema, depth),
        Some(Value::Array(names)) => {
            joined(names.iter().filter_map(Value::as_str).map(|name| named_type(name, schema, depth)))
        }
        _ => "any".to_owned(),
    }
}

fn joined(types: impl Iterator<Item = String>) -> String {
    types.collect::<Vec<_>>().join(" | ")
}

fn named_type(name: &str, schema: &Value, depth: usize) -> String {
    match name {
        "integer" => "number".to_owned(),
        "array" => format!("{}[]", type_of(schema.get("items"), depth + 1)),
        "object" => object_type(schema, depth),
        name => name.to_owned(),
    }
}

/// An object whose properties are described has a line for each, another stands in one.
fn object_type(schema: &Value, depth: usize) -> String {
    let Some(properties) = properties(schema) else { return "object".to_owned() };
    let members: Vec<String> = properties
        .iter()
        .map(|(name, property)| {
            let mark = if is_required(schema, name) { "" } else { "?" };
            format!("{name}{mark}: {}", type_of(Some(property), depth + 1))
        })
        .collect();
    let comments: Vec<Option<&str>> = properties.values().map(description).collect();
    if comments.iter().all(Option::is_none) {
        return format!("{{ {} }}", members.join(", "));
    }
    let lines = comments.iter().zip(members).map(|(comment, member)| {
        let comment = comment.map(|text| format!("// {text}\n")).unwrap_or_default();
        format!("{comment}{member},\n")
    });
    format!("{{\n{}}}", lines.collect::<String>())
}

fn properties(schema: &Value) -> Option<&Map<String, Value>> {
    schema.get("properties")?.as_object().filter(|properties| !properties.is_empty())
}

fn description(schema: &Value) -> Option<&str> {
    schema.get("description")?.as_str()
}

fn is_required(schema: &Value, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|names| names.iter().any(|required| required == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_declared_as_types() {
        let tool = |name: &str, parameters: Value| ToolSpec {
            strict: None,
            name: name.to_owned(),
            description: Some(format!("Does {name}.")),
            parameters: Some(parameters),
            extra: Map::new(),
        };
        let described = serde_json::json!({"type": "object", "required": ["city"], "properties": {
            "city": {"type": "string", "description": "Where."},
            "unit": {"enum": ["C", "F"]},
            "days": {"type": ["array", "null"], "items": {"type": "integer"}},
        }});
        let bare = serde_json::json!({"type": "object", "properties": {"at": {"type": "object", "properties": {"x": {}}}}});
        let tools = [tool("weather", described), tool("move", bare), tool("ping", serde_json::json!({}))];
        insta::assert_snapshot!(declaration(&tools), @r#"
        namespace functions {

        // Does weather.
        type weather = (_: {
        // Where.
        city: string,
        unit?: "C" | "F",
        days?: number[] | null,
        }) => any;

        // Does move.
        type move = (_: { at?: { x?: any } }) => any;

        // Does ping.
        type ping = () => any;

        } // namespace functions
        "#);
    }
}

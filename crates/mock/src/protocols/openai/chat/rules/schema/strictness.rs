//! What of JSON Schema OpenAI can hold a model to, and what it says of the rest.
//!
//! Only keywords that its guide names as not supported, or that it was seen to refuse, are refused.

use std::cell::Cell;

use serde_json::{Map, Value};

/// How deep objects may stand in each other.
const MAX_LEVELS: usize = 10;
/// How many properties all objects may have together.
const MAX_PROPERTIES: usize = 5000;

const NOT_PERMITTED: [&str; 15] = [
    "oneOf",
    "allOf",
    "if",
    "then",
    "else",
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "patternProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "unevaluatedProperties",
    "unevaluatedItems",
    "uniqueItems",
];

/// Of texts; other formats are refused, as measured with `uri` and `phone`.
const FORMATS: [&str; 9] =
    ["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"];

/// What is wrong with the schema as a whole.
pub(super) fn fault_of_root(schema: &Value) -> Option<String> {
    let got = match schema.get("type") {
        Some(Value::String(name)) if name == "object" => return None,
        Some(Value::String(name)) => name,
        None => "None",
        Some(_) => return None,
    };
    Some(format!("schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{got}\"'."))
}

/// What of the schema cannot be held to.
pub(super) fn fault_of(schema: &Value) -> Option<String> {
    let properties = Cell::new(0);
    let count = |members: &Map<String, Value>| {
        let own = members.get("properties").and_then(Value::as_object).map_or(0, Map::len);
        properties.set(properties.get() + own);
    };
    let fault = visit(schema, &Spot::Root, 0, &|members, spot, levels| {
        count(members);
        strict_fault(members, spot, levels)
    });
    let properties = properties.get();
    fault.or_else(|| {
        (properties > MAX_PROPERTIES)
            .then(|| format!("{properties} parameters exceeds limit of {MAX_PROPERTIES}."))
    })
}

/// An object as a whole that says nothing of its properties, which OpenAI refuses even where it is
/// not strict: <https://github.com/spring-projects/spring-ai/issues/4776>.
pub(super) fn root_without_properties(schema: &Value) -> Option<String> {
    propertyless(schema.as_object()?, &Spot::Root)
}

/// An array that says nothing of its items, which OpenAI refuses even where it is not strict.
pub(super) fn array_without_items(schema: &Value) -> Option<String> {
    visit(schema, &Spot::Root, 0, &|schema, spot, _| itemless(schema, spot))
}

/// Where in a schema one stands.
enum Spot<'a> {
    Root,
    Below(&'a Spot<'a>, &'a str, &'a str),
}

impl Spot<'_> {
    /// As Python writes a tuple of texts: `('properties', 'a')`.
    fn shown(&self) -> String {
        let steps = self.steps();
        let comma = if steps.len() == 1 { "," } else { "" };
        let quoted: Vec<String> = steps.iter().map(|step| format!("'{step}'")).collect();
        format!("({}{comma})", quoted.join(", "))
    }

    fn steps(&self) -> Vec<&str> {
        match self {
            Self::Root => Vec::new(),
            Self::Below(parent, keyword, name) => {
                let own = [*keyword, *name].into_iter().filter(|step| !step.is_empty());
                parent.steps().into_iter().chain(own).collect()
            }
        }
    }

    fn fault(&self, fault: &str) -> String {
        format!("In context={}, {fault}", self.shown())
    }
}

type Look<'l> = &'l dyn Fn(&Map<String, Value>, &Spot<'_>, usize) -> Option<String>;

/// Looks at a schema and at every schema inside it, the outer ones first.
fn visit(schema: &Value, spot: &Spot<'_>, levels: usize, look: Look<'_>) -> Option<String> {
    let members = schema.as_object()?;
    let levels = levels + usize::from(is_of_type(members, "object"));
    look(members, spot, levels).or_else(|| {
        let named = ["properties", "$defs", "definitions"].into_iter().find_map(|keyword| {
            let mut inner = members.get(keyword)?.as_object()?.iter();
            inner.find_map(|(name, schema)| visit(schema, &Spot::Below(spot, keyword, name), levels, look))
        });
        let item = || visit(members.get("items")?, &Spot::Below(spot, "items", ""), levels, look);
        named.or_else(item).or_else(|| visit_alternatives(members, spot, levels, look))
    })
}

fn visit_alternatives(
    members: &Map<String, Value>,
    spot: &Spot<'_>,
    levels: usize,
    look: Look<'_>,
) -> Option<String> {
    let mut alternatives = members.get("anyOf")?.as_array()?.iter().enumerate();
    alternatives
        .find_map(|(at, schema)| visit(schema, &Spot::Below(spot, "anyOf", &at.to_string()), levels, look))
}

fn strict_fault(members: &Map<String, Value>, spot: &Spot<'_>, levels: usize) -> Option<String> {
    if levels > MAX_LEVELS {
        return Some(format!("{levels} levels of nesting exceeds limit of {MAX_LEVELS}."));
    }
    if members.contains_key("$ref") {
        return siblings_of_reference(members, spot);
    }
    if members.contains_key("not") {
        return Some(spot.fault("Unsupported keywords ('not',)."));
    }
    if let Some(keyword) = NOT_PERMITTED.iter().find(|keyword| members.contains_key(**keyword)) {
        return Some(spot.fault(&format!("'{keyword}' is not permitted.")));
    }
    let speaks_otherwise = ["anyOf", "enum", "const"].iter().any(|keyword| members.contains_key(*keyword));
    if !members.contains_key("type") && !speaks_otherwise {
        return Some(spot.fault("schema must have a 'type' key."));
    }
    strange_format(members, spot)
        .or_else(|| itemless(members, spot))
        .or_else(|| propertyless(members, spot))
        .or_else(|| is_of_type(members, "object").then(|| open_object(members, spot)).flatten())
}

/// A reference stands alone. OpenAI shows the rest as Python shows a set.
fn siblings_of_reference(members: &Map<String, Value>, spot: &Spot<'_>) -> Option<String> {
    let others: Vec<String> =
        members.keys().filter(|keyword| *keyword != "$ref").map(|keyword| format!("'{keyword}'")).collect();
    let (place, others) = (spot.shown(), others.join(", "));
    (!others.is_empty()).then(|| format!("context={place}, $ref cannot have keywords {{{others}}}."))
}

fn strange_format(members: &Map<String, Value>, spot: &Spot<'_>) -> Option<String> {
    let format = members.get("format")?.as_str().filter(|format| !FORMATS.contains(format))?;
    is_of_type(members, "string").then(|| spot.fault(&format!("'{format}' is not a valid format.")))
}

fn propertyless(members: &Map<String, Value>, spot: &Spot<'_>) -> Option<String> {
    (is_of_type(members, "object") && !members.contains_key("properties"))
        .then(|| spot.fault("object schema missing properties."))
}

fn itemless(members: &Map<String, Value>, spot: &Spot<'_>) -> Option<String> {
    let says_items = ["items", "prefixItems"].iter().any(|keyword| members.contains_key(*keyword));
    (is_of_type(members, "array") && !says_items).then(|| spot.fault("array schema missing items."))
}

/// What an object leaves open.
fn open_object(members: &Map<String, Value>, spot: &Spot<'_>) -> Option<String> {
    if members.get("additionalProperties") != Some(&Value::Bool(false)) {
        return Some(spot.fault("'additionalProperties' is required to be supplied and to be false."));
    }
    let required: Vec<&str> = members
        .get("required")
        .and_then(Value::as_array)
        .map_or_else(Vec::new, |names| names.iter().filter_map(Value::as_str).collect());
    let empty = Map::new();
    let properties = members.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let missing = properties.keys().find(|name| !required.contains(&name.as_str()));
    let extra = required.iter().find(|name| !properties.contains_key(**name));
    let told = match (missing, extra) {
        (Some(name), _) => format!("Missing '{name}'."),
        (None, Some(name)) => format!("Extra required key '{name}' supplied."),
        (None, None) => return None,
    };
    let rule = "'required' is required to be supplied and to be an array including every key in properties.";
    Some(spot.fault(&format!("{rule} {told}")))
}

fn is_of_type(members: &Map<String, Value>, name: &str) -> bool {
    match members.get("type") {
        Some(Value::String(only)) => only == name,
        Some(Value::Array(several)) => several.iter().any(|one| one == name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_cannot_be_held_to_is_named_with_its_place() {
        let inner =
            json!({"type": "object", "properties": {"b": {"type": "string"}}, "additionalProperties": false});
        let schema = json!({
            "type": "object", "required": ["a"], "additionalProperties": false,
            "properties": {"a": {"type": "array", "items": inner}},
        });
        let expected = "In context=('properties', 'a', 'items'), 'required' is required to be supplied and to be \
                        an array including every key in properties. Missing 'b'.";
        assert_eq!(fault_of(&schema).as_deref(), Some(expected));
    }

    #[test]
    fn objects_may_stand_ten_deep() {
        let nested = |levels: usize| {
            let innermost = json!({"type": "object", "properties": {}, "additionalProperties": false});
            (1..levels).fold(innermost, |inner, _| {
                json!({"type": "object", "properties": {"a": inner}, "required": ["a"], "additionalProperties": false})
            })
        };
        assert_eq!(fault_of(&nested(10)), None);
        assert_eq!(fault_of(&nested(11)).as_deref(), Some("11 levels of nesting exceeds limit of 10."));
    }

    #[test]
    fn what_stands_beside_a_reference_is_named() {
        let schema = json!({
            "type": "object", "required": ["a"], "additionalProperties": false,
            "properties": {"a": {"$ref": "#/$defs/A", "description": "An a."}},
            "$defs": {"A": {"type": "string"}},
        });
        let expected = "context=('properties', 'a'), $ref cannot have keywords {'description'}.";
        assert_eq!(fault_of(&schema).as_deref(), Some(expected));
    }

    #[test]
    fn five_thousand_properties_are_enough() {
        let wide = |count: usize| {
            let names: Vec<String> = (0..count).map(|number| format!("p{number}")).collect();
            let properties: Map<String, Value> =
                names.iter().map(|name| (name.clone(), json!({"type": "string"}))).collect();
            json!({"type": "object", "properties": properties, "required": names, "additionalProperties": false})
        };
        assert_eq!(fault_of(&wide(5000)), None);
        assert_eq!(fault_of(&wide(6000)).as_deref(), Some("6000 parameters exceeds limit of 5000."));
    }

    #[test]
    fn only_formats_that_can_be_held_to_are_taken() {
        let of = |format: &str| {
            let text = json!({"type": ["string", "null"], "format": format});
            let own = json!({"a": text});
            json!({"type": "object", "properties": own, "required": ["a"], "additionalProperties": false})
        };
        assert_eq!(fault_of(&of("date-time")), None);
        assert_eq!(
            fault_of(&of("uri")).as_deref(),
            Some("In context=('properties', 'a'), 'uri' is not a valid format.")
        );
    }
}

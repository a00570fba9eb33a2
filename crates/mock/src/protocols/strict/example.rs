//! Writing out the examples of rules.

use serde_json::{Map, Value};

/// Puts an object where a request says `"$"`.
pub(super) fn put(value: &mut Value, object: &Value) {
    match value {
        Value::String(text) if text == "$" => *value = object.clone(),
        Value::Array(items) => items.iter_mut().for_each(|item| put(item, object)),
        Value::Object(members) => members.values_mut().for_each(|member| put(member, object)),
        _ => {}
    }
}

/// A request with these members beside its own, or in their place.
pub(super) fn merged(request: Value, members: &Value) -> Value {
    let Value::Object(mut request) = request else { return request };
    for (name, value) in members.as_object().into_iter().flatten() {
        request.insert(name.clone(), value.clone());
    }
    Value::Object(request)
}

/// An object with one more member.
pub(super) fn member(object: &str, name: &str, value: &str) -> Value {
    merged(parse(object), &Value::Object(Map::from_iter([(name.to_owned(), parse(value))])))
}

/// Reads an example; one that is not JSON becomes null, which no test takes for an example.
pub(super) fn parse(example: &str) -> Value {
    written_out(serde_json::from_str(example).unwrap_or_default())
}

/// Writes out what is too long for an example: `{"$words": 9000}` is a text of so many, and among the
/// items of an array `{"$times": 129, "item": 1}` is so many of them.
fn written_out(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().flat_map(repeated).map(written_out).collect(),
        Value::Object(members) => match members.get("$words").and_then(count) {
            Some(words) => Value::from("word ".repeat(words)),
            None => members.into_iter().map(|(name, member)| (name, written_out(member))).collect(),
        },
        other => other,
    }
}

fn repeated(item: Value) -> Vec<Value> {
    let times = item.get("$times").and_then(count);
    times.map_or_else(|| vec![item.clone()], |times| vec![item["item"].clone(); times])
}

fn count(value: &Value) -> Option<usize> {
    usize::try_from(value.as_u64()?).ok()
}

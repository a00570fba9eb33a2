//! Values as Python writes them, which is how OpenAI's checks of JSON schemas show them.

use serde_json::Value;

/// `None`, `True`, `'text'`, `['a', 1]`, `{'a': 1}`.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let members = members.iter().map(|(name, member)| format!("{}: {}", quoted(name), shown(member)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
    }
}

/// In single quotes, unless the text has some and no double ones.
fn quoted(text: &str) -> String {
    if text.contains('\'') && !text.contains('"') {
        return format!("\"{}\"", text.replace('\\', "\\\\"));
    }
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_as_python_does() {
        let value = json!({"a": [1, 2.5, "x"], "b": {"c": null, "d": true}});
        assert_eq!(shown(&value), "{'a': [1, 2.5, 'x'], 'b': {'c': None, 'd': True}}");
    }

    #[test]
    fn quotes_are_chosen_as_python_does() {
        assert_eq!(shown(&json!("it's")), "\"it's\"");
        assert_eq!(shown(&json!("it's \"it\"")), "'it\\'s \"it\"'");
    }
}

//! The JSON Schema of the script format, for editors.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::{Value, json};

use super::Script;

/// The keys that may be left without a value, as where all below them is commented out.
const MAY_BE_EMPTY: [&str; 2] = ["/properties/rules", "/$defs/Rule/properties/when"];

/// The JSON Schema (2020-12) of a script file.
///
/// ```
/// let schema = playhouse_mock::script::json_schema();
/// assert!(schema["properties"]["rules"].is_object());
/// ```
pub fn json_schema() -> Value {
    let settings = SchemaSettings::draft2020_12()
        .with_transform(RecursiveTransform(without_null))
        .with_transform(RecursiveTransform(describe));
    let mut schema = Value::from(settings.into_generator().into_root_schema_for::<Script>());
    for path in MAY_BE_EMPTY {
        if let Some(Value::Object(key)) = schema.pointer_mut(path) {
            let description = key.remove("description");
            let full = Value::Object(std::mem::take(key));
            key.insert("anyOf".to_owned(), json!([full, {"type": "null"}]));
            key.extend(description.map(|text| ("description".to_owned(), text)));
        }
    }
    schema["title"] = "Playhouse script".into();
    schema["properties"]["$schema"] = json!({"type": "string"});
    schema
}

/// A key may be missing, but one that is there has a value.
fn without_null(schema: &mut Schema) {
    if let Some(Value::Array(types)) = schema.get("type")
        && let [one, Value::String(null)] = types.as_slice()
        && null == "null"
    {
        let one = one.clone();
        schema.insert("type".to_owned(), one);
    }
    if let Some(Value::Array(forms)) = schema.get("anyOf")
        && let [one, null] = forms.as_slice()
        && *null == json!({"type": "null"})
    {
        let reference = one["$ref"].clone();
        schema.remove("anyOf");
        schema.insert("$ref".to_owned(), reference);
    }
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
}

/// Makes the documentation of a Rust type that of a key: without examples in Rust, a paragraph a line.
fn describe(schema: &mut Schema) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        let told = text.split("```").next().unwrap_or_default().trim_end();
        let paragraphs: Vec<String> =
            told.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect();
        *text = paragraphs.join("\n\n");
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use jsonschema::Validator;

    use super::*;
    use crate::script::Format;
    use crate::script::decode::decode;
    use crate::script::read::read;

    const CASES: &str = "tests/scripts/cases";

    fn validator() -> Validator {
        jsonschema::draft202012::new(&json_schema()).unwrap()
    }

    /// What an editor sees of a script.
    fn value(path: &Path) -> Value {
        let tree = read(&std::fs::read_to_string(path).unwrap(), Format::of_path(path).unwrap());
        decode(&tree.unwrap(), "the script").unwrap()
    }

    fn complaints(path: &Path) -> Vec<String> {
        let value = value(path);
        validator().iter_errors(&value).map(|error| format!("{} {error}", error.instance_path())).collect()
    }

    #[test]
    fn good_scripts_satisfy_it() {
        let folder = std::fs::read_dir(format!("{CASES}/good")).unwrap();
        let paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
        for path in paths.iter().filter(|path| path.metadata().unwrap().len() > 0) {
            assert_eq!(complaints(path), Vec::<String>::new(), "{}", path.display());
        }
        assert!(paths.len() > 5);
    }

    #[test]
    fn bad_scripts_do_not() {
        for name in ["unknown_keys.yaml", "unknown_keys.json", "unknown_keys.toml", "wrong_types.yaml"] {
            assert_ne!(complaints(&Path::new(CASES).join("bad").join(name)), Vec::<String>::new(), "{name}");
        }
    }

    #[test]
    fn every_map_refuses_unknown_keys() {
        let good = value(&Path::new(CASES).join("good/everything.yaml"));
        let mut maps = Vec::new();
        find_maps(&good, String::new(), &mut maps);
        let validator = validator();
        for path in &maps {
            let mut bad = good.clone();
            bad.pointer_mut(path).unwrap()["nonsense"] = 1.into();
            assert!(!validator.is_valid(&bad), "{path} takes unknown keys");
        }
        assert!(maps.len() > 20);
    }

    /// The maps whose keys are given; those of the user's own keys are left out.
    fn find_maps(value: &Value, path: String, maps: &mut Vec<String>) {
        let is_free =
            ["/vars", "/json", "/header", "/headers", "/arguments"].iter().any(|end| path.ends_with(end));
        match value {
            Value::Object(entries) if !is_free => {
                entries.iter().for_each(|(key, value)| find_maps(value, format!("{path}/{key}"), maps));
                maps.push(path);
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(at, item)| find_maps(item, format!("{path}/{at}"), maps));
            }
            _ => {}
        }
    }

    #[test]
    fn everything_is_described() {
        let schema = json_schema();
        let definitions = schema["$defs"].as_object().unwrap().values();
        for definition in definitions.chain([&schema]) {
            let forms = definition["anyOf"].as_array().map(Vec::as_slice).unwrap_or_default();
            for form in forms.iter().chain([definition]) {
                for (key, property) in form["properties"].as_object().into_iter().flatten() {
                    assert!(
                        key == "$schema" || property["description"].is_string(),
                        "{key} is not described"
                    );
                }
            }
        }
        assert!(!schema.to_string().contains("```"));
    }

    #[test]
    fn it_is_what_editors_were_given() {
        insta::assert_json_snapshot!("schema", json_schema());
    }
}

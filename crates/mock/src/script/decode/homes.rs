//! Where a key belongs that stands at the wrong place.

use std::sync::LazyLock;

use serde_json::Value;

use crate::script::json_schema;

/// The maps whose keys are most often put elsewhere: the type, and what it is called.
const HOMES: [(&str, &str); 6] = [
    ("When", "`when`"),
    ("Reply", "`reply`"),
    ("Rule", "a rule"),
    ("FaultSpec", "`fault`"),
    ("PaceSpec", "`pace`"),
    ("Quota", "`quota`"),
];

static SCHEMA: LazyLock<Value> = LazyLock::new(json_schema);

/// The maps that have this very key, as many as are worth naming.
pub(super) fn homes(key: &str) -> Option<String> {
    let has =
        |definition: &Value| definition.pointer("/properties").is_some_and(|keys| keys.get(key).is_some());
    let is_home = |name: &str| {
        let definition = &SCHEMA["$defs"][name];
        let forms = definition["anyOf"].as_array().map(Vec::as_slice).unwrap_or_default();
        has(definition) || forms.iter().any(has)
    };
    let found: Vec<&str> =
        HOMES.iter().filter(|(name, _)| is_home(name)).map(|(_, called)| *called).collect();
    match found.as_slice() {
        [] if has(&SCHEMA) => Some("the whole script".to_owned()),
        [] => None,
        [one] => Some((*one).to_owned()),
        [one, other, ..] => Some(format!("{one} and of {other}")),
    }
}

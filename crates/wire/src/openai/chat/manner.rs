//! The manner of a chat request, read without decoding its content.

use std::borrow::Cow;

use playhouse_llm::Prompt;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::manner::Manner;

/// The tools that the caller runs itself: calling them is up to the caller.
const CALLERS_TOOLS: [&str; 2] = ["function", "custom"];

#[derive(Deserialize)]
struct Fields<'a> {
    temperature: Option<f64>,
    seed: Option<IgnoredAny>,
    store: Option<bool>,
    web_search_options: Option<IgnoredAny>,
    #[serde(borrow)]
    tools: Option<Vec<Tool<'a>>>,
}

#[derive(Deserialize)]
struct Tool<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'a, str>>,
}

/// The manner of a request as it came; `None` where its fields are not what they should be.
pub(crate) fn of_body(body: &[u8]) -> Option<Manner> {
    let fields: Fields<'_> = serde_json::from_slice(body).ok()?;
    let is_callers = |tool: &Tool<'_>| tool.kind.as_deref().is_some_and(|kind| CALLERS_TOOLS.contains(&kind));
    let has_others = fields.tools.as_ref().is_some_and(|tools| !tools.iter().all(is_callers));
    Some(Manner {
        temperature: fields.temperature,
        has_seed: fields.seed.is_some(),
        has_side_effects: fields.store == Some(true) || fields.web_search_options.is_some() || has_others,
    })
}

/// The manner of a request made of types. Tools that are not the caller's are carried.
pub(crate) fn of_prompt(prompt: &Prompt) -> Manner {
    let carried = |field: &str| prompt.extra.get(field).filter(|value| !value.is_null());
    Manner {
        temperature: prompt.temperature,
        has_seed: carried("seed").is_some(),
        has_side_effects: carried("store").is_some_and(|store| *store != Value::Bool(false))
            || carried("web_search_options").is_some()
            || carried("tools").is_some(),
    }
}

#[cfg(test)]
mod tests {
    use playhouse_llm::Decode;

    use super::*;
    use crate::OpenAiChat;

    /// What the bytes say, which must be what the types say too.
    fn manner(fields: &str) -> Manner {
        let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"Hi"}}]{fields}}}"#);
        let read = of_body(body.as_bytes()).unwrap();
        assert_eq!(of_prompt(&OpenAiChat.prompt(body.as_bytes()).unwrap()), read, "{fields}");
        read
    }

    #[test]
    fn temperature_nought_and_a_seed_make_it_deterministic() {
        assert!(!manner("").is_deterministic());
        assert!(!manner(r#","temperature":0.1"#).is_deterministic());
        assert!(!manner(r#","temperature":null,"seed":null"#).is_deterministic());
        assert!(manner(r#","temperature":0"#).is_deterministic());
        assert!(manner(r#","temperature":0.0,"store":false"#).is_deterministic());
        assert!(manner(r#","seed":7"#).is_deterministic());
    }

    #[test]
    fn what_does_more_than_answer_may_not_be_doubled() {
        let function = r#","tools":[{"type":"function","function":{"name":"f"}}]"#;
        assert!(manner(function).may_be_doubled());
        for fields in [
            r#","store":true"#,
            r#","web_search_options":{}"#,
            r#","tools":[{"type":"function","function":{"name":"f"}},{"type":"web_search"}]"#,
        ] {
            assert!(!manner(&format!(r#","temperature":0{fields}"#)).is_deterministic(), "{fields}");
            assert!(!manner(fields).may_be_doubled(), "{fields}");
        }
    }

    #[test]
    fn of_what_cannot_be_read_nothing_is_assumed() {
        assert_eq!(of_body(br#"{"temperature":"cold"}"#), None);
    }
}

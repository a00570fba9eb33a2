//! The manner of a request, read without decoding its content.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::manner::Manner;

/// The tools that the caller runs itself: calling them is up to the caller.
const CALLERS_TOOLS: [&str; 2] = ["function", "custom"];

#[derive(Deserialize)]
struct Fields<'a> {
    temperature: Option<f64>,
    store: Option<bool>,
    background: Option<bool>,
    conversation: Option<IgnoredAny>,
    #[serde(borrow)]
    tools: Option<Vec<Tool<'a>>>,
}

#[derive(Deserialize)]
struct Tool<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'a, str>>,
}

/// The manner of a request as it came; `None` where its fields are not what they should be. An answer is kept
/// unless told otherwise.
pub(super) fn of_body(body: &[u8]) -> Option<Manner> {
    let fields: Fields<'_> = serde_json::from_slice(body).ok()?;
    let is_callers = |tool: &Tool<'_>| tool.kind.as_deref().is_some_and(|kind| CALLERS_TOOLS.contains(&kind));
    let has_others = fields.tools.as_ref().is_some_and(|tools| !tools.iter().all(is_callers));
    Some(Manner {
        temperature: fields.temperature,
        has_seed: false,
        has_side_effects: fields.store != Some(false)
            || fields.background == Some(true)
            || fields.conversation.is_some()
            || has_others,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manner(fields: &str) -> Manner {
        of_body(format!(r#"{{"model":"m","input":"Hi"{fields}}}"#).as_bytes()).unwrap()
    }

    #[test]
    fn what_is_kept_may_not_be_doubled() {
        assert!(!manner("").may_be_doubled());
        assert!(manner(r#","store":false"#).may_be_doubled());
        for fields in
            [r#","background":true"#, r#","conversation":"c""#, r#","tools":[{"type":"web_search"}]"#]
        {
            assert!(!manner(&format!(r#","store":false{fields}"#)).may_be_doubled(), "{fields}");
        }
    }

    #[test]
    fn temperature_nought_makes_it_deterministic() {
        assert!(manner(r#","store":false,"temperature":0,"tools":[{"type":"function"}]"#).is_deterministic());
        assert!(!manner(r#","store":false"#).is_deterministic());
        assert_eq!(of_body(br#"{"temperature":"cold"}"#), None);
    }
}

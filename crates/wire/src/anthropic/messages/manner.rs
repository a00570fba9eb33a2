//! The manner of a Messages request.

use playhouse_llm::Prompt;
use serde_json::Value;

use crate::manner::Manner;

/// Carried fields with which Anthropic does more than answer: it reaches other servers, runs code, or runs
/// tools of its own (which are carried, and with them the list they are in).
const WITH_EFFECTS: [&str; 3] = ["container", "mcp_servers", "tools"];

/// The manner of a decoded request. There is no seed in this protocol.
pub(crate) fn of_prompt(prompt: &Prompt) -> Manner {
    let says = |value: &Value| match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        _ => true,
    };
    Manner {
        temperature: prompt.temperature,
        has_seed: false,
        has_side_effects: WITH_EFFECTS.iter().any(|field| prompt.extra.get(*field).is_some_and(says)),
    }
}

#[cfg(test)]
mod tests {
    use playhouse_llm::Decode;

    use super::*;
    use crate::AnthropicMessages;

    fn manner(fields: &str) -> Manner {
        let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"Hi"}}]{fields}}}"#);
        of_prompt(&AnthropicMessages.prompt(body.as_bytes()).unwrap())
    }

    #[test]
    fn temperature_nought_makes_it_deterministic() {
        assert!(!manner("").is_deterministic());
        assert!(manner(r#","temperature":0,"tools":[{"name":"f","input_schema":{}}]"#).is_deterministic());
    }

    #[test]
    fn what_does_more_than_answer_may_not_be_doubled() {
        for fields in [
            r#","tools":[{"type":"web_search_20250305","name":"web_search"}]"#,
            r#","mcp_servers":[{"type":"url"}]"#,
            r#","container":"c""#,
        ] {
            assert!(!manner(fields).may_be_doubled(), "{fields}");
        }
    }
}

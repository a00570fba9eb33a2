//! What of a request concerns whoever keeps its answer, and the request without it.

use bytes::Bytes;
use playhouse_llm::Malformed;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::kept::RequestHead;
use super::items::fit;
use crate::json;
use crate::openai::complaint;

/// Fields that whoever keeps the answer has dealt with.
const DEALT_WITH: [&str; 2] = ["previous_response_id", "background"];

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    store: Option<&'a RawValue>,
    #[serde(borrow)]
    background: Option<&'a RawValue>,
    #[serde(borrow)]
    previous_response_id: Option<&'a RawValue>,
}

/// Whether a request's answer is neither kept nor goes on from one that is. It can go through as it came.
///
/// One that cannot be read is too: whoever takes it says what is wrong with it.
///
/// ```
/// use playhouse_wire::openai::responses::state::is_stateless;
///
/// assert!(is_stateless(br#"{"model":"m","input":"Hi","store":false}"#));
/// assert!(!is_stateless(br#"{"model":"m","input":"Hi"}"#), "answers are kept unless told otherwise");
/// ```
pub fn is_stateless(body: &[u8]) -> bool {
    let Ok(fields) = serde_json::from_slice::<Fields<'_>>(body) else { return true };
    fields.store.map(RawValue::get) == Some("false")
        && matches!(fields.background.map(RawValue::get), None | Some("false"))
        && fields.previous_response_id.is_none()
}

/// The request's body for an upstream that is to keep nothing, with these items before its own. Of those it
/// loses what a vendor would look for that kept them.
///
/// # Errors
/// When the body is no JSON object.
pub fn told_upstream(body: &[u8], head: &RequestHead, said_before: &[Value]) -> Result<Bytes, Malformed> {
    let mut fields = json::parse_object(body).map_err(|reason| complaint::unparsable(&reason))?;
    fields.retain(|name, _| !DEALT_WITH.contains(&name.as_str()));
    fields.insert("store".to_owned(), false.into());
    if !said_before.is_empty() || fields.get("input").is_some_and(Value::is_array) {
        let input = said_before.iter().cloned().chain(head.input.iter().filter_map(fit)).collect();
        fields.insert("input".to_owned(), input);
    }
    Ok(Value::Object(fields).to_string().into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_asks_for_nothing_of_the_kind_has_no_state() {
        let stateless = |fields: &str| is_stateless(format!(r#"{{"model":"m"{fields}}}"#).as_bytes());
        for fields in ["", r#","store":true"#, r#","store":null"#, r#","store":"no""#] {
            assert!(!stateless(fields), "{fields}");
        }
        for more in ["", r#","background":false"#, r#","background":null,"previous_response_id":null"#] {
            assert!(stateless(&format!(r#","store":false{more}"#)), "{more}");
        }
        for more in [r#","background":true"#, r#","previous_response_id":"resp_1""#] {
            assert!(!stateless(&format!(r#","store":false{more}"#)), "{more}");
        }
        assert!(is_stateless(b"{"), "what is wrong with it is said elsewhere");
    }

    #[test]
    fn an_upstream_is_told_all_that_was_said_and_nothing_of_keeping_it() {
        let body =
            br#"{"model":"m","input":"And?","previous_response_id":"resp_1","background":true,"x":1.50}"#;
        let head = RequestHead::read(body).unwrap();
        let said = [json!({"role": "user", "content": "Hi"})];
        let told: Value = serde_json::from_slice(&told_upstream(body, &head, &said).unwrap()).unwrap();
        let own = json!({"type": "message", "role": "user", "content": "And?"});
        assert_eq!(told, json!({"model": "m", "input": [said[0], own], "store": false, "x": 1.50}));

        let alone = told_upstream(body, &head, &[]).unwrap();
        assert_eq!(alone, r#"{"model":"m","input":"And?","x":1.50,"store":false}"#.replace("1.50", "1.5"));
    }
}

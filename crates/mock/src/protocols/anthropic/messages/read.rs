//! Reading a request, with Anthropic's words for what cannot be read.

use bytes::Bytes;
use playhouse_llm::{Error, Request};
use playhouse_wire::{AnthropicMessages, Codec};
use serde_json::Value;

use super::rules::{self, Wanted};
use crate::protocols::Vendor;
use crate::protocols::anthropic::strict::wording;
use crate::protocols::anthropic::{Anthropic, complaint};

/// Reads a request.
pub(in crate::protocols::anthropic) fn read(body: &Bytes, wanted: Wanted) -> Result<Request, Error> {
    let readable =
        AnthropicMessages.read_request(body.clone()).map_err(|error| refusal(body, wanted, error))?;
    Ok(readable.request)
}

/// What Anthropic says of a body that cannot be read as a request.
fn refusal(body: &[u8], wanted: Wanted, error: Error) -> Error {
    let violation = match serde_json::from_slice::<Value>(body) {
        Err(error) => Some(complaint("anthropic-messages/json-body", 400, unparsable(body, &error))),
        Ok(Value::Object(members)) => {
            let model = members.get("model").and_then(Value::as_str).unwrap_or_default();
            rules::check(&members, model, wanted).into_iter().next()
        }
        // Nobody has shown the words.
        Ok(_) => Some(complaint("anthropic-messages/object-body", 400, wording::MISSHAPEN)),
    };
    violation.map_or(error, |violation| violation.to_error(Anthropic.name()))
}

/// What is wrong is said by Anthropic's parser in words of its own; the place is counted as it does.
fn unparsable(body: &[u8], error: &serde_json::Error) -> String {
    let lines = body.split_inclusive(|byte| *byte == b'\n');
    let before: usize = lines.take(error.line().saturating_sub(1)).map(<[u8]>::len).sum();
    let at = before + error.column().saturating_sub(1);
    let reason = if error.is_eof() { "unexpected end of data" } else { "unexpected character" };
    format!(
        "The request body is not valid JSON: {reason}: line {} column {} (char {at})",
        error.line().max(1),
        error.column().max(1)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &'static str) -> (Option<u16>, String) {
        let error = read(&Bytes::from_static(body.as_bytes()), Wanted::Message).unwrap_err();
        (error.upstream_status(), error.message)
    }

    #[test]
    fn what_is_no_json_is_told_where() {
        for (body, message) in [
            ("", "The request body is not valid JSON: unexpected end of data: line 1 column 1 (char 0)"),
            (
                "{'model'",
                "The request body is not valid JSON: unexpected character: line 1 column 2 (char 1)",
            ),
            (
                "{\n\"a\": x}",
                "The request body is not valid JSON: unexpected character: line 2 column 6 (char 7)",
            ),
            ("[]", "Input does not match the expected shape."),
        ] {
            assert_eq!(refused(body), (Some(400), message.to_owned()), "{body}");
        }
    }

    #[test]
    fn what_lacks_its_essentials_is_told_in_anthropics_words() {
        assert_eq!(refused(r#"{"messages": []}"#).1, "model: Field required");
        assert_eq!(
            refused(r#"{"model": "claude-haiku-4-5", "temperature": 9}"#).1,
            "messages: Field required"
        );
        assert_eq!(
            refused(r#"{"model": 7, "max_tokens": 1, "messages": [{"role": "user", "content": "Hi"}]}"#).1,
            "model: Input should be a valid string"
        );
    }
}

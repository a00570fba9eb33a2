//! How OpenAI behaves on all of its protocols.

pub(crate) mod client_suite;
mod content_type;
mod credential;
mod limits;
mod refusal;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use playhouse_llm::Error;
use playhouse_wire::{Codec, OpenAiChat};
use serde_json::json;

use crate::protocols::openai::strict::complaint::Complaint;
use crate::protocols::openai::wrong_method;
use crate::protocols::{Vendor, Violation};
use crate::quota::{Exceeded, QuotaState};

/// OpenAI.
#[derive(Clone, Copy, Debug)]
pub struct OpenAi;

const NAME: &str = "openai";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const VERSION: HeaderName = HeaderName::from_static("openai-version");
const PROCESSING_MS: HeaderName = HeaderName::from_static("openai-processing-ms");

impl Vendor for OpenAi {
    fn name(&self) -> &'static str {
        NAME
    }

    fn check_headers(&self, headers: &HeaderMap, known_keys: &[String]) -> Option<Violation> {
        credential::check(headers, known_keys).or_else(|| content_type::check(headers))
    }

    fn api_key<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        credential::in_plain(headers)
    }

    fn wrong_method(&self, method: &Method, path: &str) -> Violation {
        wrong_method(method, path)
    }

    fn unknown_path(&self, method: &Method, path: &str) -> Violation {
        Complaint::new(format!("Invalid URL ({method} {path})")).status(404).under("openai/path")
    }

    fn refusal(&self, status: u16) -> Error {
        refusal::of_status(status)
    }

    fn over_quota(&self, exceeded: &Exceeded, model: &str) -> Error {
        limits::refusal(exceeded, model)
    }

    fn error_body(&self, error: &Error, status: u16, request_id: &str) -> Bytes {
        own_body(error).unwrap_or_else(|| OpenAiChat.write_error(error, status, request_id))
    }

    fn add_headers(&self, request_id: &str, headers: &mut HeaderMap) {
        // A request id is taken over only where it can be a header's value.
        headers.extend(HeaderValue::from_str(request_id).map(|id| (REQUEST_ID, id)));
        headers.insert(VERSION, HeaderValue::from_static("2020-10-01"));
        headers.insert(PROCESSING_MS, HeaderValue::from_static("1"));
    }

    fn call_id_prefix(&self) -> &'static str {
        "call_"
    }

    fn quota_headers(&self, quota: &QuotaState) -> Vec<(&'static str, String)> {
        limits::headers(quota)
    }
}

/// The body of a refusal in OpenAI's own words, which are not to be added to: where OpenAI gives no
/// code, there is none.
fn own_body(error: &Error) -> Option<Bytes> {
    let own = error.upstream.as_ref().filter(|own| &*own.provider == NAME && own.body.is_none())?;
    let class = own.class.as_ref()?;
    let told = json!({ "message": error.message, "type": class, "param": error.param, "code": own.code });
    Some(json!({ "error": told }).to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_openai_does_not_give_is_not_made_up() {
        let violation = Violation {
            rule: "openai-chat/something-is-said",
            status: 400,
            class: "invalid_request_error",
            code: None,
            param: Some("messages.[0].content".to_owned()),
            message: "Invalid value for 'content': expected a string, got null.".to_owned(),
        };
        let body = OpenAi.error_body(&violation.to_error(NAME), 400, "req_1");
        let expected = r#"{"error":{"message":"Invalid value for 'content': expected a string, got null.","type":"invalid_request_error","param":"messages.[0].content","code":null}}"#;
        assert_eq!(body, expected);
    }
}
